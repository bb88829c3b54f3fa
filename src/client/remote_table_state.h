#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "client/remote_cluster.h"

namespace forebay::client {

/// The newest known description of a table that is being written or read. Thread-safe.
class RemoteTableState {
 public:
  RemoteTableState(std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table)
      : cluster_(std::move(cluster)), table_(std::move(table)) {}

  RemoteCluster& cluster() const { return *cluster_; }
  std::shared_ptr<const RemoteTable> table() const {
    std::lock_guard lock(mutex_);
    return table_;
  }
  /// Looks again where the buckets are. kNotFound when the table was dropped, also when there is
  /// another one of its name now.
  void Refresh(std::function<void(Status)> done);
  /// The same, and waits.
  Status Refresh();
  /// A schema that the table has had. Waits for the server the first time.
  Result<std::shared_ptr<const model::Schema>> Schema(model::SchemaId id);

 private:
  const std::shared_ptr<RemoteCluster> cluster_;
  mutable std::mutex mutex_;
  std::shared_ptr<const RemoteTable> table_;                                 ///< guarded by mutex_
  std::map<model::SchemaId, std::shared_ptr<const model::Schema>> schemas_;  ///< guarded by mutex_
};

}  // namespace forebay::client
