#include "client/remote_writer.h"

#include "client/bucket_batches.h"
#include "client/remote_admin.h"
#include "format/batch/kv_batch.h"
#include "format/batch/log_batch.h"
#include "format/partition_name.h"
#include "storage/schema_registry.h"

namespace forebay::client {

namespace {

std::vector<model::Column> ColumnsOf(const model::Batch& batch, const std::vector<int>& indexes) {
  std::vector<model::Column> columns;
  for (int index : indexes) columns.push_back(batch.columns[static_cast<size_t>(index)]);
  return columns;
}

}  // namespace

Result<std::vector<int>> RemoteTableWriter::NumbersOf(const model::Batch& batch) {
  RETURN_IF_ERROR(CheckBatch(table_->info, table_->types, table_->FewestColumns(), batch));
  if (!table_->bucket_key_indexes.empty()) {
    return table_->Buckets(ColumnsOf(batch, table_->bucket_key_indexes));
  }
  int bucket =
      static_cast<int>(cluster_->NextTurn() % static_cast<uint32_t>(table_->bucket_count()));
  return std::vector<int>(static_cast<size_t>(batch.num_rows), bucket);
}

Result<std::vector<model::BucketId>> RemoteTableWriter::BucketsOf(const model::Batch& batch) {
  ASSIGN_OR_RETURN(std::vector<int> numbers, NumbersOf(batch));
  std::vector<model::BucketId> buckets(numbers.begin(), numbers.end());
  if (!table_->IsPartitioned()) return buckets;
  ASSIGN_OR_RETURN(auto rows, format::PartitionRows(batch, table_->partition_key_indexes));
  std::vector<model::PartitionId> ids;
  for (const auto& values : rows.values) {
    ASSIGN_OR_RETURN(model::PartitionId id, PartitionOf(values));
    ids.push_back(id);
  }
  for (size_t row = 0; row < buckets.size(); ++row) {
    buckets[row].partition = ids[static_cast<size_t>(rows.partition_of_row[row])];
  }
  return buckets;
}

Result<model::PartitionId> RemoteTableWriter::PartitionOf(const std::vector<std::string>& values) {
  std::string name = model::PartitionInfo{{}, values}.Name();
  auto table = state_.table();
  const model::PartitionInfo* known = table->FindPartition(name);
  if (known != nullptr) return known->id;
  RETURN_IF_ERROR(state_.Refresh());
  table = state_.table();
  known = table->FindPartition(name);
  if (known != nullptr) return known->id;
  model::PartitionSpec spec;
  for (size_t i = 0; i < values.size(); ++i) {
    spec[table_->info.descriptor.partition_keys[i]] = values[i];
  }
  ASSIGN_OR_RETURN(auto made, RemoteAdmin(cluster_).CreatePartition(table_->info.path, spec, true));
  RETURN_IF_ERROR(state_.Refresh());
  return made.id;
}

void RemoteTableWriter::WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                                    WriterIdentity identity, WriteCallback done) {
  Status valid = state_.table()->CheckBucket(bucket);
  if (!valid.ok() && valid.kind() == ErrorKind::kNotFound) {
    // The partition may be younger than what is known of the table.
    valid = state_.Refresh();
    if (valid.ok()) valid = state_.table()->CheckBucket(bucket);
  }
  if (valid.ok()) valid = CheckBatch(table_->info, table_->types, table_->FewestColumns(), batch);
  if (!valid.ok()) return done(valid);
  auto write = Encode(storage::WidenBatch(batch, table_->types));
  if (!write.ok()) return done(write.status());
  if (write->rows == 0)
    return done(WriteAck{{table_->info.id, bucket.partition, bucket.bucket}, -1, -1, false});
  write->identity = identity;
  write->done = std::move(done);
  sender_->Send(bucket, std::move(*write));
}

Result<EncodedWrite> RemoteTableWriter::Encode(const model::Batch& batch) const {
  if (table_->HasPrimaryKey()) return EncodeRows(batch);
  format::LogBatchOptions options;
  options.schema_id = table_->info.schema_id;
  options.compression = table_->compression;
  options.append_only = true;
  options.format = table_->log_format;
  EncodedWrite write;
  ASSIGN_OR_RETURN(write.bytes, format::EncodeLogBatch(batch, options));
  write.rows = batch.num_rows;
  return write;
}

Result<EncodedWrite> RemoteTableWriter::EncodeRows(const model::Batch& batch) const {
  RETURN_IF_ERROR(format::CheckRowTypes(table_->types));
  ASSIGN_OR_RETURN(auto keys, table_->RowKeys(ColumnsOf(batch, table_->physical_key_indexes)));
  format::KvBatchWriter records(table_->info.schema_id);
  std::string row_bytes;
  for (int row = 0; row < batch.num_rows; ++row) {
    model::ChangeType change = batch.change(row);
    if (change == model::ChangeType::kUpdateBefore) continue;
    if (change == model::ChangeType::kDelete) {
      records.Append(keys[row], std::nullopt);
      continue;
    }
    row_bytes.clear();
    RETURN_IF_ERROR(format::AppendRow(table_->row_format, batch.columns, row, row_bytes));
    records.Append(keys[row], row_bytes);
  }
  EncodedWrite write;
  write.rows = records.record_count();
  write.bytes = records.Finish();
  return write;
}

Result<std::vector<WriteAck>> RemoteTableWriter::Write(const model::Batch& batch) {
  ASSIGN_OR_RETURN(auto seat, cluster_->EnterWriteWaitingRoom());
  return WriteByBucket(*this, batch);
}

}  // namespace forebay::client
