#pragma once

#include "client/connection.h"
#include "format/row/lake_key.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// TableWriter of a table in this process: encodes on the caller's thread. Thread-safe.
class LocalTableWriter : public TableWriter {
 public:
  LocalTableWriter(std::shared_ptr<const storage::HostedTable> table,
                   std::vector<int> target_columns);

  Result<std::vector<model::BucketId>> BucketsOf(const model::Batch& batch) override;
  void WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                   WriterIdentity identity, WriteCallback done) override;
  Result<std::vector<WriteAck>> Write(const model::Batch& batch) override;

 private:
  Status Check(const model::Batch& batch) const;
  Result<std::vector<int>> NumbersOf(const model::Batch& batch) const;
  Status StartWrite(const model::BucketId& bucket, const model::Batch& batch,
                    WriterIdentity identity, storage::AppendCallback done);

  const std::shared_ptr<const storage::HostedTable> table_;
  const std::vector<int> target_columns_;
  const std::vector<model::DataType> types_;
  std::vector<int> bucket_key_indexes_;
  std::vector<int> statistics_columns_;
  const std::vector<int> partition_key_indexes_;
  const format::KeyEncoding bucket_encoding_;
};

}  // namespace forebay::client
