#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/remote_cluster.h"

namespace forebay::client {

/// The rows of a bucket made from its changelog, for servers that cannot scan rows. All rows are in
/// memory, at most kBytesMax of them. Thread-compatible.
class ChangelogSnapshot : public SnapshotScanner {
 public:
  static constexpr int64_t kBytesMax = int64_t{1} << 30;

  /// kNotSupported when the changelog's first rows have expired, or the rows are too many.
  static Result<std::unique_ptr<SnapshotScanner>> Read(
      std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
      const model::BucketId& bucket, const std::optional<std::vector<int>>& projection);

  model::LogOffset log_offset() const override { return log_offset_; }
  Result<model::Batch> Next() override;

 private:
  ChangelogSnapshot(std::shared_ptr<const RemoteTable> table,
                    const std::optional<std::vector<int>>& projection);
  Status Replay(LogScanner& scanner, const model::BucketId& bucket, model::LogOffset end);
  Status Apply(const model::Batch& batch);

  const std::shared_ptr<const RemoteTable> table_;
  std::vector<int> wanted_;
  std::vector<model::DataType> types_;
  model::LogOffset log_offset_ = 0;
  std::vector<model::Batch> batches_;  ///< of whole rows
  int64_t bytes_ = 0;
  /// For every key the place of its row in batches_.
  std::unordered_map<std::string, std::pair<uint32_t, uint32_t>> rows_;
  std::unordered_map<std::string, std::pair<uint32_t, uint32_t>>::const_iterator next_;
};

}  // namespace forebay::client
