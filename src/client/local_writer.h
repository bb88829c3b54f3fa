#pragma once

#include "client/connection.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// TableWriter of a table in this process: encodes on the caller's thread. Thread-safe.
class LocalTableWriter : public TableWriter {
 public:
  explicit LocalTableWriter(std::shared_ptr<const storage::HostedTable> table);

  Result<std::vector<int>> BucketsOf(const model::Batch& batch) override;
  void WriteBucket(int bucket, const model::Batch& batch, WriterIdentity identity,
                   WriteCallback done) override;
  Result<std::vector<WriteAck>> Write(const model::Batch& batch) override;

 private:
  Status CheckBatch(const model::Batch& batch) const;
  Status StartWrite(int bucket, const model::Batch& batch, WriterIdentity identity,
                    storage::AppendCallback done);
  std::vector<std::pair<int, model::Batch>> SplitByBucket(const model::Batch& batch,
                                                          const std::vector<int>& buckets) const;

  const std::shared_ptr<const storage::HostedTable> table_;
  const std::vector<model::DataType> types_;
  std::vector<int> bucket_key_indexes_;
  std::vector<int> statistics_columns_;
};

}  // namespace forebay::client
