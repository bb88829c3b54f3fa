#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

struct HostedTable;

/// The partitions of one table that are being served. Thread-safe; may outlive the server, which
/// then makes no partitions any more.
class PartitionSet {
 public:
  using HostedPtr = std::shared_ptr<HostedTable>;
  /// Makes the partition with these values, or gives it when it exists.
  using Creator = std::function<Result<HostedPtr>(const std::vector<std::string>& values)>;

  explicit PartitionSet(Creator creator) : creator_(std::move(creator)) {}

  void Put(HostedPtr partition);
  /// nullptr when there is none.
  HostedPtr Remove(const std::string& name);
  HostedPtr Find(model::PartitionId id) const;
  HostedPtr Find(const std::string& name) const;
  /// By id, so the oldest first.
  std::vector<HostedPtr> All() const;
  size_t size() const;

  /// The partition with these values, which is made when it does not exist. kUnavailable after
  /// Close.
  Result<HostedPtr> GetOrCreate(const std::vector<std::string>& values);
  /// Waits for a creation under way; none begins afterwards.
  void Close();

 private:
  mutable std::mutex mutex_;  ///< guards the maps; never held while another is taken
  std::map<model::PartitionId, HostedPtr> by_id_;
  std::map<std::string, HostedPtr> by_name_;
  std::mutex creation_mutex_;  ///< taken before the server's own locks
  Creator creator_;            ///< guarded by creation_mutex_
};

}  // namespace forebay::storage
