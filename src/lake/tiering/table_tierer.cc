#include "lake/tiering/table_tierer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>
#include <set>

#include "base/failpoint.h"
#include "format/row/row_key.h"
#include "lake/tiering/lake_offsets.h"
#include "lake/tiering/lake_rows.h"
#include "lake/tiering/parquet_bytes.h"

namespace forebay::lake {

using model::Batch;
using model::ChangeType;
using model::LogOffset;

struct TableTierer::BucketRows {
  model::BucketId id;
  int bucket = 0;
  PartitionKeys partition;     ///< in the lake's types
  std::string directory;       ///< of the partition, below data/
  LogOffset end = 0;           ///< offset after the last record read
  std::vector<Batch> batches;  ///< rows of data files
  int64_t num_rows = 0;
  bool needs_file = false;  ///< even if there are no rows
  // Primary-key tables: the rows are collected with their keys, and of each key only the last
  // counts.
  std::vector<std::string> keys;                         ///< of the collected rows
  std::unordered_map<std::string, int64_t> last_of_key;  ///< collected row, or -1: deleted
  PositionDeletes deletes;
};

Result<std::unique_ptr<IcebergTable>> OpenLakeTable(io::FileSystem& fs, const Clock& clock,
                                                    const model::TableDescriptor& table,
                                                    const std::string& directory) {
  auto iceberg = IcebergTable::Open(fs, directory, clock);
  if (!iceberg.ok() && iceberg.kind() == ErrorKind::kNotFound) {
    iceberg = IcebergTable::Create(fs, directory, table.schema, LakePartitioning(table), clock);
  }
  if (!iceberg.ok()) return iceberg.status();
  RETURN_IF_ERROR((*iceberg)->AddColumns(table.schema));
  return iceberg;
}

Result<std::unique_ptr<TableTierer>> TableTierer::Open(client::Connection& connection,
                                                       io::FileSystem& fs, const Clock& clock,
                                                       const model::TableInfo& table,
                                                       const std::string& directory) {
  std::unique_ptr<TableTierer> tierer(new TableTierer(connection, fs, table));
  ASSIGN_OR_RETURN(tierer->iceberg_, OpenLakeTable(fs, clock, table.descriptor, directory));
  RETURN_IF_ERROR(tierer->iceberg_->RemoveOrphans());
  RETURN_IF_ERROR(tierer->ReadOffsets());
  return tierer;
}

Status TableTierer::ReadOffsets() {
  size_t buckets = static_cast<size_t>(table_.descriptor.bucket_count);
  bool partitioned = table_.descriptor.IsPartitioned();
  parts_.clear();
  if (!partitioned) parts_[std::nullopt].offsets.assign(buckets, 0);
  const Snapshot* snapshot = iceberg_->metadata().current_snapshot();
  if (snapshot == nullptr) return Status::Ok();
  if (partitioned) {
    for (PartitionOffsets& entry : snapshot->LogOffsetsByPartition()) {
      PartId id = entry.partition.id;
      parts_[id] = {std::move(entry.partition), std::move(entry.offsets), true};
    }
  } else {
    parts_[std::nullopt].offsets = snapshot->LogOffsets();
  }
  for (const auto& [id, part] : parts_) {
    if (part.offsets.size() == buckets) continue;
    return Corruption("the newest snapshot of {} has offsets of {} buckets, the table has {}",
                      iceberg_->directory(), part.offsets.size(), buckets);
  }
  // A crash may have come between the commit and telling storage.
  return TellOffsets(parts_);
}

std::vector<LogOffset> TableTierer::offsets() const {
  std::vector<LogOffset> all;
  for (const auto& [id, part] : parts_) {
    all.insert(all.end(), part.offsets.begin(), part.offsets.end());
  }
  return all;
}

Status TableTierer::TellOffsets(const Parts& parts) {
  for (const auto& [id, part] : parts) {
    RETURN_IF_ERROR(TellLakeOffsets(connection_.admin(), table_.path, id, part.offsets));
  }
  return Status::Ok();
}

Result<std::vector<TableTierer::PartId>> TableTierer::FindParts() {
  std::vector<PartId> found;
  if (!table_.descriptor.IsPartitioned()) return std::vector<PartId>{std::nullopt};
  ASSIGN_OR_RETURN(auto partitions, connection_.admin().ListPartitions(table_.path));
  for (model::PartitionInfo& partition : partitions) {
    found.push_back(partition.id);
    if (parts_.contains(partition.id)) continue;
    Part& part = parts_[partition.id];
    part.offsets.assign(static_cast<size_t>(table_.descriptor.bucket_count), 0);
    part.partition = std::move(partition);
  }
  return found;
}

Status TableTierer::TierPart(const PartId& id, Part& part, CommitRequest& request,
                             TieringRound& round) {
  ASSIGN_OR_RETURN(std::vector<LogOffset> ends,
                   connection_.admin().ListOffsets(table_.path, model::kLatestOffset, id));
  for (size_t bucket = 0; bucket < ends.size(); ++bucket) {
    if (ends[bucket] <= part.offsets[bucket]) continue;
    ASSIGN_OR_RETURN(std::optional<BucketRows> rows,
                     ReadBucket(part, static_cast<int>(bucket), ends[bucket]));
    if (!rows) continue;
    RETURN_IF_ERROR(WriteBucket(*rows, request, round));
    part.offsets[bucket] = rows->end;
    part.is_known = true;
  }
  return Status::Ok();
}

Status TableTierer::AnnouncePartitions() {
  if (!table_.descriptor.IsPartitioned() || table_.descriptor.HasPrimaryKey()) return {};
  ASSIGN_OR_RETURN(auto ids, FindParts());
  std::set<std::string> names;
  for (const auto& [id, part] : parts_) {
    if (part.is_known) names.insert(part.partition->Name());
  }
  Parts next = parts_;
  CommitRequest request;
  bool changed = false;
  for (const PartId& id : ids) {
    Part& part = next.at(id);
    if (part.is_known) continue;
    part.is_known = changed = true;
    if (!names.insert(part.partition->Name()).second) continue;  // it was dropped and made anew
    ASSIGN_OR_RETURN(BucketRows rows, NoRowsOf(part, 0));
    rows.needs_file = true;
    RETURN_IF_ERROR(WriteDataFile(rows, request));
  }
  if (!changed) return {};
  request.summary[kLogOffsetsKey] = OffsetsText(next);
  Summarize({}, request);
  RETURN_IF_ERROR(iceberg_->Commit(request).status());
  parts_ = std::move(next);
  return {};
}

/// For the snapshot's summary. Of partitions of one name only the newest that the lake knows stays.
std::string TableTierer::OffsetsText(Parts& parts) const {
  if (!table_.descriptor.IsPartitioned()) {
    return fmt::format("[{}]", fmt::join(parts.at(std::nullopt).offsets, ","));
  }
  std::map<std::string, PartitionOffsets> by_name;
  for (const auto& [id, part] : parts) {
    if (part.is_known) by_name[part.partition->Name()] = {*part.partition, part.offsets};
  }
  std::vector<PartitionOffsets> list;
  for (auto& [name, entry] : by_name) list.push_back(std::move(entry));
  return PartitionOffsetsToJson(list);
}

Result<TieringRound> TableTierer::RunRound() {
  TieringRound round;
  CommitRequest request;
  ASSIGN_OR_RETURN(auto ids, FindParts());
  Parts next = parts_;
  Parts changed;
  for (const PartId& id : ids) {
    Part& part = next.at(id);
    Status tiered = TierPart(id, part, request, round);
    bool gone = !tiered.ok() && id.has_value() && tiered.kind() == ErrorKind::kNotFound;
    if (!gone) RETURN_IF_ERROR(tiered);
    if (part.offsets != parts_.at(id).offsets) changed[id] = part;
  }
  if (changed.empty()) return round;
  // Rows that came with a new column must not go to the lake without it.
  ASSIGN_OR_RETURN(model::TableInfo now, connection_.admin().GetTable(table_.path));
  if (now.schema_id != table_.schema_id) {
    return Conflict("table '{}' got new columns meanwhile", table_.path.ToString());
  }
  request.summary[kLogOffsetsKey] = OffsetsText(next);
  Summarize(round, request);
  Failpoint("lake.tier.before_commit");
  auto snapshot = iceberg_->Commit(request);
  if (!snapshot.ok()) {
    keys_.clear();  // they describe rows that were not committed
    return snapshot.status();
  }
  Failpoint("lake.tier.after_commit");
  parts_ = std::move(next);
  round.snapshot = std::move(snapshot).value();
  RETURN_IF_ERROR(TellOffsets(changed));
  return round;
}

void TableTierer::Summarize(const TieringRound& round, CommitRequest& request) const {
  int64_t data_files = 0;
  int64_t delete_files = 0;
  for (const DataFile& file : request.added) {
    (file.content == FileContent::kData ? data_files : delete_files) += 1;
  }
  int64_t total = 0;
  if (const Snapshot* snapshot = iceberg_->metadata().current_snapshot()) {
    auto it = snapshot->summary.find("total-records");
    if (it != snapshot->summary.end()) total = std::strtoll(it->second.c_str(), nullptr, 10);
  }
  request.operation = delete_files > 0 ? "overwrite" : "append";
  request.summary["added-data-files"] = std::to_string(data_files);
  request.summary["added-delete-files"] = std::to_string(delete_files);
  request.summary["added-records"] = std::to_string(round.rows);
  request.summary["added-position-deletes"] = std::to_string(round.deleted_rows);
  request.summary["total-records"] = std::to_string(total + round.rows);
  request.summary["commit-user"] = "forebay";
}

Result<TableTierer::BucketRows> TableTierer::NoRowsOf(const Part& part, int bucket) const {
  BucketRows rows;
  rows.bucket = bucket;
  rows.id = bucket;
  rows.end = part.offsets[bucket];
  if (!part.partition.has_value()) return rows;
  rows.id = {part.partition->id, bucket};
  ASSIGN_OR_RETURN(rows.partition, LakePartitionKeys(table_.descriptor, part.partition->values));
  for (size_t i = 0; i < part.partition->values.size(); ++i) {
    rows.directory += fmt::format("{}{}={}", i == 0 ? "" : "/", table_.descriptor.partition_keys[i],
                                  part.partition->values[i]);
  }
  return rows;
}

Result<std::optional<TableTierer::BucketRows>> TableTierer::ReadBucket(const Part& part, int bucket,
                                                                       LogOffset end) {
  // Columns that were added since the tierer was opened are the next one's.
  std::vector<int> columns(table_.descriptor.schema.columns.size());
  std::iota(columns.begin(), columns.end(), 0);
  ASSIGN_OR_RETURN(auto scanner, connection_.OpenLogScanner(table_.path, columns));
  ASSIGN_OR_RETURN(BucketRows rows, NoRowsOf(part, bucket));
  RETURN_IF_ERROR(scanner->Subscribe(rows.id, rows.end));
  constexpr int64_t kPollBytes = 8 << 20;
  while (rows.end < end && rows.num_rows < kRoundRowsMax) {
    ASSIGN_OR_RETURN(auto polled, scanner->Poll(0, kPollBytes));
    if (polled.empty()) break;
    for (const client::ScanRecords& records : polled) {
      if (records.dropped) return std::optional<BucketRows>();
      RETURN_IF_ERROR(table_.descriptor.HasPrimaryKey() ? AddChanges(records, rows)
                                                        : AddRecords(records, rows));
      rows.end = records.next_offset;
    }
  }
  if (rows.end == part.offsets[bucket]) return std::optional<BucketRows>();
  return std::optional<BucketRows>(std::move(rows));
}

Status TableTierer::AddRecords(const client::ScanRecords& records, BucketRows& rows) {
  if (records.batch.num_rows == 0) return Status::Ok();
  RowOrigin origin{rows.bucket, records.timestamp_ms, {}};
  for (int row = 0; row < records.batch.num_rows; ++row) {
    origin.offsets.push_back(records.base_offset + row);
  }
  rows.batches.push_back(ToLakeRows(records.batch, origin));
  rows.num_rows += records.batch.num_rows;
  return Status::Ok();
}

Status TableTierer::AddChanges(const client::ScanRecords& records, BucketRows& rows) {
  const Batch& batch = records.batch;
  if (batch.num_rows == 0) return Status::Ok();
  std::vector<model::Column> key_columns;
  for (int key : table_.descriptor.schema.PrimaryKeyIndexes()) {
    key_columns.push_back(batch.columns[key]);
  }
  ASSIGN_OR_RETURN(format::EncodedKeys keys, format::EncodeKeys(key_columns));
  std::vector<uint32_t> upserts;
  RowOrigin origin{rows.bucket, records.timestamp_ms, {}};
  for (int row = 0; row < batch.num_rows; ++row) {
    std::string key(keys[row]);
    switch (batch.change(row)) {
      case ChangeType::kUpdateBefore: break;
      case ChangeType::kDelete: rows.last_of_key[key] = -1; break;
      default:
        rows.last_of_key[key] = rows.num_rows + static_cast<int64_t>(upserts.size());
        upserts.push_back(static_cast<uint32_t>(row));
        origin.offsets.push_back(records.base_offset + row);
        rows.keys.push_back(std::move(key));
    }
  }
  if (upserts.empty()) return Status::Ok();
  Batch gathered = batch.Gather(upserts);
  gathered.changes = nullptr;
  rows.batches.push_back(ToLakeRows(gathered, origin));
  rows.num_rows += static_cast<int64_t>(upserts.size());
  return Status::Ok();
}

Status TableTierer::LoadKeys(const BucketRows& rows) {
  if (keys_.contains(rows.id)) return Status::Ok();
  std::vector<LakeFile> files;
  if (const Snapshot* snapshot = iceberg_->metadata().current_snapshot()) {
    ASSIGN_OR_RETURN(files, PlanLakeFiles(*iceberg_, *snapshot, {rows.partition, rows.bucket}));
  }
  ASSIGN_OR_RETURN(KeyIndex index, KeyIndex::Load(table_.descriptor.schema, files));
  keys_.emplace(rows.id, std::move(index));
  return Status::Ok();
}

Status TableTierer::WriteBucket(BucketRows& rows, CommitRequest& request, TieringRound& round) {
  if (table_.descriptor.HasPrimaryKey()) {
    RETURN_IF_ERROR(LoadKeys(rows));
    KeyIndex& index = keys_.at(rows.id);
    for (const auto& [key, row] : rows.last_of_key) index.Remove(key, rows.deletes);
    // Rows that a later change of the same round replaced are not written at all.
    int64_t first = 0;
    for (Batch& batch : rows.batches) {
      std::vector<uint32_t> last;
      for (int row = 0; row < batch.num_rows; ++row) {
        if (rows.last_of_key.at(rows.keys[first + row]) == first + row) {
          last.push_back(static_cast<uint32_t>(row));
        }
      }
      first += batch.num_rows;
      batch = batch.Gather(last);
    }
  }
  size_t files_before = request.added.size();
  RETURN_IF_ERROR(WriteDataFile(rows, request));
  if (request.added.size() > files_before) round.rows += request.added.back().record_count;
  for (const auto& [path, positions] : rows.deletes) {
    round.deleted_rows += static_cast<int64_t>(positions.size());
  }
  return WriteDeletes(rows, request);
}

Status TableTierer::WriteDataFile(BucketRows& rows, CommitRequest& request) {
  int64_t count = 0;
  for (const Batch& batch : rows.batches) count += batch.num_rows;
  if (count == 0 && !rows.needs_file) return Status::Ok();
  model::Schema schema = LakeSchema(table_.descriptor.schema);
  std::map<std::string, int> ids = iceberg_->metadata().FieldIds();
  std::vector<int> field_ids;
  for (model::ColumnSpec& column : schema.columns) {
    auto found = ids.find(column.name);
    if (found == ids.end()) {
      return Corruption("{} has no column '{}'", iceberg_->directory(), column.name);
    }
    column.id = found->second;
    field_ids.push_back(column.id);
  }
  ASSIGN_OR_RETURN(auto parquet, ParquetBytes::Open(schema, field_ids));
  for (const Batch& batch : rows.batches) {
    if (batch.num_rows > 0) RETURN_IF_ERROR(parquet->Write(batch));
  }
  ASSIGN_OR_RETURN(std::string bytes, parquet->Finish());
  DataFile file;
  file.keys = rows.partition;
  file.bucket = rows.bucket;
  file.record_count = count;
  file.file_size_in_bytes = static_cast<int64_t>(bytes.size());
  RETURN_IF_ERROR(FillStatistics(bytes, schema.columns, file));
  ASSIGN_OR_RETURN(std::string path, iceberg_->NewDataPath(rows.directory, rows.bucket, ""));
  RETURN_IF_ERROR(WriteFile(path, bytes));
  file.file_path = IcebergTable::UriOf(path);
  request.added.push_back(std::move(file));
  if (!table_.descriptor.HasPrimaryKey()) return Status::Ok();
  KeyIndex& index = keys_.at(rows.id);
  uint32_t number = index.AddFile(path);
  int64_t position = 0;
  for (size_t row = 0; row < rows.keys.size(); ++row) {
    if (rows.last_of_key.at(rows.keys[row]) == static_cast<int64_t>(row)) {
      index.Set(rows.keys[row], number, position++);
    }
  }
  return Status::Ok();
}

Status TableTierer::WriteDeletes(BucketRows& rows, CommitRequest& request) {
  if (rows.deletes.empty()) return Status::Ok();
  ASSIGN_OR_RETURN(std::string bytes, EncodePositionDeletes(rows.deletes));
  DataFile file;
  file.content = FileContent::kPositionDeletes;
  file.keys = rows.partition;
  file.bucket = rows.bucket;
  for (const auto& [path, positions] : rows.deletes) {
    file.record_count += static_cast<int64_t>(positions.size());
  }
  file.file_size_in_bytes = static_cast<int64_t>(bytes.size());
  ASSIGN_OR_RETURN(std::string path,
                   iceberg_->NewDataPath(rows.directory, rows.bucket, "-deletes"));
  RETURN_IF_ERROR(WriteFile(path, bytes));
  file.file_path = IcebergTable::UriOf(path);
  request.added.push_back(std::move(file));
  return Status::Ok();
}

Status TableTierer::WriteFile(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(auto file, fs_.Open(path, io::OpenMode::kTruncate));
  RETURN_IF_ERROR(file->Append(bytes));
  Failpoint("lake.tier.before_file_sync");
  RETURN_IF_ERROR(file->Sync());
  return fs_.SyncDirectory(io::ParentPath(path));
}

}  // namespace forebay::lake
