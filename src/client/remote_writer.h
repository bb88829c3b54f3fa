#pragma once

#include "client/remote_sender.h"

namespace forebay::client {

/// TableWriter of a table of another server: encodes on the caller's thread. Thread-safe. Writes
/// that wait when it goes are sent all the same.
class RemoteTableWriter : public TableWriter {
 public:
  RemoteTableWriter(std::shared_ptr<RemoteCluster> cluster,
                    std::shared_ptr<const RemoteTable> table, std::vector<int> target_columns)
      : cluster_(cluster),
        table_(table),
        state_(cluster, table),
        sender_(std::make_shared<RemoteSender>(std::move(cluster), std::move(table),
                                               std::move(target_columns))) {}

  Result<std::vector<model::BucketId>> BucketsOf(const model::Batch& batch) override;
  /// The acknowledgement of rows with a primary key has no base_offset (-1).
  void WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                   WriterIdentity identity, WriteCallback done) override;
  Result<std::vector<WriteAck>> Write(const model::Batch& batch) override;

 private:
  Result<std::vector<int>> NumbersOf(const model::Batch& batch);
  Result<EncodedWrite> Encode(const model::Batch& batch) const;
  Result<EncodedWrite> EncodeRows(const model::Batch& batch) const;

  /// The partition of each of `values`, which is made when there is none.
  Result<model::PartitionId> PartitionOf(const std::vector<std::string>& values);

  const std::shared_ptr<RemoteCluster> cluster_;
  const std::shared_ptr<const RemoteTable> table_;
  RemoteTableState state_;  ///< for partitions
  const std::shared_ptr<RemoteSender> sender_;
};

}  // namespace forebay::client
