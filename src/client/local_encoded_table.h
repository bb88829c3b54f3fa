#pragma once

#include <map>
#include <mutex>

#include "client/tablet_gateway.h"
#include "format/batch/kv_batch.h"
#include "format/batch/log_batch_projection.h"
#include "format/row/compacted_row.h"
#include "format/row/lake_key.h"
#include "storage/kv/kv_tablet.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// EncodedTable of a table without partitions, or of a partition, of a storage core in this
/// process. Thread-safe.
class LocalEncodedTable : public EncodedTable,
                          public std::enable_shared_from_this<LocalEncodedTable> {
 public:
  explicit LocalEncodedTable(std::shared_ptr<const storage::HostedTable> table);

  const storage::HostedTable& hosted() const { return *table_; }
  const model::TableInfo& info() const override { return table_->info; }
  const std::optional<model::PartitionInfo>& partition() const override {
    return table_->partition;
  }
  bool HasPrimaryKey() const override { return !key_types_.empty(); }
  Status CheckBucket(int bucket) const override { return table_->CheckBucket(bucket); }
  Result<std::shared_ptr<const model::Schema>> SchemaOf(model::SchemaId id) const override {
    return table_->schemas->Get(id);
  }
  format::LogFormat log_format() const override { return table_->options.log_format; }
  void AppendBatches(int bucket, std::string_view batches, WriteCallback done) override;
  Result<LogBytes> ReadBatches(int bucket, model::LogOffset offset, int64_t max_bytes,
                               const std::vector<int>* projection,
                               const format::BatchFilter* filter) override;
  Result<std::optional<RemoteLogPart>> RemotePart(int bucket, model::LogOffset offset) override;
  model::LogOffset LogStart(int bucket) override;
  model::LogOffset LogEnd(int bucket) override;
  Result<model::LogOffset> OffsetAt(int bucket, int64_t timestamp_ms) override;
  void Listen(int bucket, std::weak_ptr<Wakeable> listener) override;
  void PutRows(int bucket, std::string_view batch, const PutOptions& options,
               WriteCallback done) override;
  void LookupOrInsert(int bucket, std::vector<std::string> keys, RowsCallback done) override;
  Result<FoundRows> LookupRows(int bucket, const std::vector<std::string_view>& keys) override;
  Result<std::vector<std::string>> LookupPrefix(int bucket, std::string_view prefix) override;
  Result<std::unique_ptr<EncodedRowScanner>> ScanRows(int bucket) override;
  std::optional<int64_t> RowCount(int bucket) const override {
    return table_->buckets[bucket].kv->RowCount();
  }

 private:
  storage::LogTablet& log(int bucket) const { return *table_->buckets[bucket].log; }
  Result<std::vector<std::string>> CheckBatches(std::string_view batches) const;
  Status CheckLogBatch(const format::LogBatchHeader& header, std::string_view batch) const;
  /// A schema the table has or has had, and what cuts columns out of its batches. kNotFound.
  struct Version {
    std::vector<model::DataType> types;
    format::LogBatchProjection projection;
  };
  static std::shared_ptr<const Version> MakeVersion(const model::Schema& schema);
  Result<std::shared_ptr<const Version>> VersionOf(model::SchemaId id) const;
  Result<LogBytes> ReadFiltered(int bucket, model::LogOffset offset, int64_t max_bytes,
                                const std::vector<int>* projection,
                                const format::BatchFilter& filter) const;
  bool MayMatch(const format::LogBatchHeader& header, std::string_view batch,
                const format::BatchFilter& filter) const;
  Result<std::string> ProjectBatch(const format::LogBatchHeader& header, std::string_view batch,
                                   const std::vector<int>& projection) const;
  Status StartPut(int bucket, std::string_view batch, const PutOptions& options,
                  storage::AppendCallback done);
  Result<model::Batch> DecodeWrites(format::KvBatchReader& records,
                                    const std::vector<model::DataType>& types,
                                    std::vector<std::string_view>& keys,
                                    std::vector<std::string_view>& rows) const;
  Result<model::Batch> DecodeOneByOne(const std::vector<model::DataType>& types,
                                      const std::vector<std::string_view>& keys,
                                      const std::vector<std::string_view>& rows) const;
  Status InsertMissing(int bucket, const std::vector<std::string>& keys, RowsCallback done);
  Result<model::Batch> RowsOfKeys(const std::vector<std::string_view>& keys,
                                  std::vector<int>& columns) const;
  Result<model::Batch> DecodeKeys(const std::vector<std::string_view>& keys) const;
  Result<format::EncodedKeys> StoredKeys(const std::vector<std::string_view>& keys) const;
  Result<std::string> ForClients(std::string_view value) const;

  const std::shared_ptr<const storage::HostedTable> table_;
  const std::vector<int> key_indexes_;
  std::vector<model::DataType> key_types_;
  const format::KeyEncoding key_encoding_;  ///< of the keys that clients send; storage has its own
  const std::shared_ptr<const Version> present_;  ///< of the table's own schema
  mutable std::mutex mutex_;
  /// Of other schemas; under `mutex_`.
  mutable std::map<model::SchemaId, std::shared_ptr<const Version>> versions_;
};

}  // namespace forebay::client
