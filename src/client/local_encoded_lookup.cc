// LocalEncodedTable's lookups.

#include "client/local_encoded_table.h"
#include "format/partition_name.h"
#include "format/row/row_key.h"
#include "storage/kv/row_value.h"

namespace forebay::client {

using model::Batch;

namespace {

/// Rows of one prefix lookup.
constexpr int64_t kPrefixBytesMax = 64 << 20;

}  // namespace

void LocalEncodedTable::LookupOrInsert(int bucket, std::vector<std::string> keys,
                                       RowsCallback done) {
  Status started = InsertMissing(bucket, keys, done);
  if (!started.ok()) done(started.error());
}

/// Calls `done` unless it fails.
Status LocalEncodedTable::InsertMissing(int bucket, const std::vector<std::string>& keys,
                                        RowsCallback done) {
  std::vector<std::string_view> views(keys.begin(), keys.end());
  ASSIGN_OR_RETURN(FoundRows found, LookupRows(bucket, views));
  std::vector<std::string_view> missing;
  for (size_t i = 0; i < views.size(); ++i) {
    if (!found.rows[i].has_value()) missing.push_back(views[i]);
  }
  if (missing.empty()) {
    done(std::move(found));
    return {};
  }
  storage::KvWriteOptions write;
  ASSIGN_OR_RETURN(Batch inserted, RowsOfKeys(missing, write.target_columns));
  return table_->buckets[bucket].kv->Write(
      inserted, write,
      [self = shared_from_this(), bucket, keys, done](Result<storage::AppendResult> result) {
        if (!result.ok()) return done(result.status().error());
        done(self->LookupRows(bucket, {keys.begin(), keys.end()}));
      });
}

/// Rows of these keys, and of the partition they are in. A row that another request wrote meanwhile
/// stays: the primary key's columns are all that is to be written.
Result<Batch> LocalEncodedTable::RowsOfKeys(const std::vector<std::string_view>& keys,
                                            std::vector<int>& columns) const {
  ASSIGN_OR_RETURN(Batch decoded, DecodeKeys(keys));
  const model::TableDescriptor& descriptor = table_->info.descriptor;
  Batch rows;
  rows.num_rows = decoded.num_rows;
  for (const model::DataType& type : descriptor.schema.Types()) {
    rows.columns.push_back(model::Column::AllNull(type, decoded.num_rows));
  }
  for (size_t i = 0; i < key_indexes_.size(); ++i) {
    rows.columns[key_indexes_[i]] = decoded.columns[i];
  }
  columns = descriptor.schema.PrimaryKeyIndexes();
  if (!table_->partition) return rows;
  std::vector<int> partition_columns = descriptor.PartitionKeyIndexes();
  for (size_t i = 0; i < partition_columns.size(); ++i) {
    int column = partition_columns[i];
    model::ColumnBuilder cells(rows.columns[column].type(), rows.num_rows);
    for (int row = 0; row < rows.num_rows; ++row) {
      RETURN_IF_ERROR(format::ParsePartitionValue(table_->partition->values[i], cells));
    }
    rows.columns[column] = cells.Finish();
  }
  return rows;
}

Result<Batch> LocalEncodedTable::DecodeKeys(const std::vector<std::string_view>& keys) const {
  model::BatchBuilder builder(key_types_);
  std::vector<model::ColumnBuilder*> columns;
  for (int i = 0; i < std::ssize(key_types_); ++i) columns.push_back(&builder.column(i));
  for (std::string_view key : keys) {
    RETURN_IF_ERROR(format::DecodeBucketKey(key_encoding_, key, columns));
    builder.FinishRow();
  }
  return builder.Finish();
}

/// Clients' keys as storage has them, which is the same unless they are encoded as a lake's.
Result<format::EncodedKeys> LocalEncodedTable::StoredKeys(
    const std::vector<std::string_view>& keys) const {
  if (key_encoding_ != format::KeyEncoding::kFluss) {
    ASSIGN_OR_RETURN(Batch decoded, DecodeKeys(keys));
    return format::EncodeKeys(decoded.columns);
  }
  format::EncodedKeys encoded;
  encoded.Reserve(keys.size(), keys.size() * keys[0].size());
  for (std::string_view key : keys) {
    encoded.bytes().append(key);
    encoded.EndKey();
  }
  return encoded;
}

Result<FoundRows> LocalEncodedTable::LookupRows(int bucket,
                                                const std::vector<std::string_view>& keys) {
  FoundRows found;
  found.rows.resize(keys.size());
  if (keys.empty()) return found;
  ASSIGN_OR_RETURN(auto encoded, StoredKeys(keys));
  ASSIGN_OR_RETURN(auto looked_up, table_->buckets[bucket].kv->Lookup(encoded));
  auto values = std::make_shared<const storage::KvValues>(std::move(looked_up));
  if (table_->options.kv_format == format::RowFormat::kCompacted) {
    for (size_t i = 0; i < keys.size(); ++i) {
      if (values->slots[i].found) found.rows[i] = (*values)[i];
    }
    found.owner = std::move(values);
    return found;
  }
  auto converted = std::make_shared<std::vector<std::string>>(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!values->slots[i].found) continue;
    ASSIGN_OR_RETURN((*converted)[i], ForClients((*values)[i]));
    found.rows[i] = (*converted)[i];
  }
  found.owner = std::move(converted);
  return found;
}

Result<std::vector<std::string>> LocalEncodedTable::LookupPrefix(int bucket,
                                                                 std::string_view prefix) {
  ASSIGN_OR_RETURN(auto rows, table_->buckets[bucket].kv->PrefixLookup(prefix, kPrefixBytesMax));
  for (std::string& row : rows) {
    ASSIGN_OR_RETURN(row, ForClients(row));
  }
  return rows;
}

/// A stored row in the format of the table's rows.
Result<std::string> LocalEncodedTable::ForClients(std::string_view value) const {
  if (table_->options.kv_format == format::RowFormat::kCompacted) return std::string(value);
  ASSIGN_OR_RETURN(auto version, VersionOf(storage::SchemaIdOf(value)));
  model::BatchBuilder builder(version->types);
  RETURN_IF_ERROR(
      format::ReadCompactedRow(storage::RowOf(value), version->types, format::RowTarget(builder)));
  builder.FinishRow();
  std::string converted(value.substr(0, storage::kRowValuePrefixBytes));
  RETURN_IF_ERROR(
      format::AppendRow(table_->options.kv_format, builder.Finish().columns, 0, converted));
  return converted;
}

}  // namespace forebay::client
