#include "client/local_writer.h"

#include <algorithm>

#include "client/bucket_batches.h"
#include "format/batch/batch_statistics.h"
#include "format/batch/log_batch.h"
#include "format/partition_name.h"
#include "format/row/lake_key.h"
#include "storage/kv/kv_tablet.h"

namespace forebay::client {
namespace {

/// Indexes of the columns that table.statistics.columns names, ascending.
std::vector<int> StatisticsColumns(const model::Schema& schema,
                                   const storage::TableOptions& options) {
  std::vector<int> indexes;
  const std::vector<std::string>& names = options.statistics_columns;
  if (options.log_format != format::LogFormat::kArrow) return indexes;
  bool all = std::find(names.begin(), names.end(), "*") != names.end();
  for (int i = 0; i < std::ssize(schema.columns); ++i) {
    const model::ColumnSpec& column = schema.columns[i];
    bool is_named = all || std::find(names.begin(), names.end(), column.name) != names.end();
    if (is_named && format::HasBounds(column.type)) indexes.push_back(i);
  }
  return indexes;
}

}  // namespace

LocalTableWriter::LocalTableWriter(std::shared_ptr<const storage::HostedTable> table,
                                   std::vector<int> target_columns)
    : table_(std::move(table)),
      target_columns_(std::move(target_columns)),
      types_(table_->info.descriptor.schema.Types()),
      partition_key_indexes_(table_->info.descriptor.PartitionKeyIndexes()),
      bucket_encoding_(format::BucketEncodingOf(table_->info.descriptor)) {
  const model::TableDescriptor& descriptor = table_->info.descriptor;
  statistics_columns_ = StatisticsColumns(descriptor.schema, table_->options);
  for (const std::string& key : descriptor.EffectiveBucketKeys()) {
    bucket_key_indexes_.push_back(descriptor.schema.IndexOf(key));
  }
}

/// The buckets' numbers, whatever the partitions.
Result<std::vector<int>> LocalTableWriter::NumbersOf(const model::Batch& batch) const {
  int count = table_->info.descriptor.bucket_count;
  if (bucket_key_indexes_.empty()) {
    return std::vector<int>(batch.num_rows, static_cast<int>(table_->next_bucket++ % count));
  }
  if (count == 1) return std::vector<int>(batch.num_rows, 0);
  std::vector<model::Column> columns;
  for (int index : bucket_key_indexes_) columns.push_back(batch.columns[index]);
  ASSIGN_OR_RETURN(auto keys, format::EncodeBucketKeys(bucket_encoding_, columns));
  std::vector<int> buckets(batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    buckets[row] = format::BucketOf(bucket_encoding_, keys[row], count);
  }
  return buckets;
}

Result<std::vector<model::BucketId>> LocalTableWriter::BucketsOf(const model::Batch& batch) {
  RETURN_IF_ERROR(Check(batch));
  ASSIGN_OR_RETURN(std::vector<int> numbers, NumbersOf(batch));
  std::vector<model::BucketId> buckets(numbers.begin(), numbers.end());
  if (table_->partitions == nullptr) return buckets;
  ASSIGN_OR_RETURN(auto rows, format::PartitionRows(batch, partition_key_indexes_));
  std::vector<model::PartitionId> ids;
  for (const auto& values : rows.values) {
    auto known = table_->partitions->Find(model::PartitionInfo{{}, values}.Name());
    if (known == nullptr) {
      ASSIGN_OR_RETURN(known, table_->partitions->GetOrCreate(values));
    }
    ids.push_back(known->partition->id);
  }
  for (int row = 0; row < batch.num_rows; ++row) {
    buckets[row].partition = ids[rows.partition_of_row[row]];
  }
  return buckets;
}

Status LocalTableWriter::Check(const model::Batch& batch) const {
  return CheckBatch(table_->info, types_, table_->schemas->FewestColumns(), batch);
}

void LocalTableWriter::WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                                   WriterIdentity identity, WriteCallback done) {
  model::TableBucket place{table_->info.id, bucket.partition, bucket.bucket};
  auto acknowledge = [place, done](Result<storage::AppendResult> result) {
    if (!result.ok()) return done(result.status());
    done(WriteAck{place, result->base_offset, result->next_offset, result->duplicate});
  };
  Status started = StartWrite(bucket, batch, identity, acknowledge);
  if (!started.ok()) done(started);
}

Status LocalTableWriter::StartWrite(const model::BucketId& bucket, const model::Batch& batch,
                                    WriterIdentity identity, storage::AppendCallback done) {
  ASSIGN_OR_RETURN(auto host, table_->Part(bucket.partition));
  RETURN_IF_ERROR(host->CheckBucket(bucket.bucket));
  RETURN_IF_ERROR(Check(batch));
  const auto& tablets = host->buckets[bucket.bucket];
  if (tablets.kv != nullptr) {
    return tablets.kv->Write(batch, {identity.writer_id, identity.sequence, target_columns_},
                             std::move(done));
  }
  format::LogBatchOptions options;
  options.schema_id = table_->info.schema_id;
  options.writer_id = identity.writer_id;
  options.batch_sequence = identity.sequence;
  options.compression = table_->options.compression;
  options.append_only = true;
  options.format = table_->options.log_format;
  options.statistics_columns = statistics_columns_;
  // The first version that has statistics; without them the one that all clients know.
  options.magic = statistics_columns_.empty() ? 0 : 1;
  ASSIGN_OR_RETURN(std::string bytes,
                   format::EncodeLogBatch(storage::WidenBatch(batch, types_), options));
  return tablets.log->Append(std::move(bytes), std::move(done));
}

Result<std::vector<WriteAck>> LocalTableWriter::Write(const model::Batch& batch) {
  return WriteByBucket(*this, batch);
}

}  // namespace forebay::client
