#include "lake/scan/lake_scan.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "format/parquet_file.h"
#include "lake/tiering/lake_rows.h"
#include "lake/tiering/position_deletes.h"

namespace forebay::lake {

Result<std::vector<LakeFile>> PlanLakeFiles(const IcebergTable& table, const Snapshot& snapshot,
                                            const LakeBucket& wanted, int64_t max_sequence_number) {
  ASSIGN_OR_RETURN(std::vector<LiveFile> live, table.LiveFiles(snapshot));
  std::vector<LakeFile> files;
  auto ids = std::make_shared<const std::map<std::string, int>>(table.metadata().FieldIds());
  std::map<std::string, DeletedRows> deletes;
  for (const LiveFile& item : live) {
    if (item.sequence_number > max_sequence_number) continue;
    if (wanted.bucket >= 0 && item.file.bucket.value_or(wanted.bucket) != wanted.bucket) continue;
    if (!wanted.keys.empty() && item.file.keys != wanted.keys) continue;
    switch (item.file.content) {
      case FileContent::kData:
        files.push_back({IcebergTable::PathOf(item.file.file_path),
                         item.file.bucket.value_or(0),
                         item.sequence_number,
                         item.file.record_count,
                         {},
                         ids});
        break;
      case FileContent::kPositionDeletes:
        RETURN_IF_ERROR(ReadPositionDeletes(IcebergTable::PathOf(item.file.file_path), deletes));
        break;
      case FileContent::kEqualityDeletes:
        return NotSupported("equality deletes in {}", item.file.file_path);
    }
  }
  for (LakeFile& file : files) {
    auto it = deletes.find(file.path);
    if (it == deletes.end()) continue;
    file.deleted = std::move(it->second);
    std::sort(file.deleted.begin(), file.deleted.end());
  }
  std::stable_sort(files.begin(), files.end(), [](const LakeFile& a, const LakeFile& b) {
    return std::tie(a.sequence_number, a.path) < std::tie(b.sequence_number, b.path);
  });
  return files;
}

struct LakeReader::Open {
  std::unique_ptr<format::ParquetFileReader> reader;
  int64_t position = 0;     ///< of the next row in the file
  size_t next_deleted = 0;  ///< index into the file's deleted rows
};

LakeReader::LakeReader(const model::Schema& schema, std::vector<int> columns,
                       std::vector<LakeFile> files)
    : files_(std::move(files)) {
  model::Schema lake = LakeSchema(schema);
  for (int column : columns) {
    model::ColumnSpec spec = lake.columns[column];
    spec.id = column + 1;  // the Iceberg field id
    spec.type = spec.type.Nullable();
    types_.push_back(column < static_cast<int>(schema.columns.size()) ? schema.columns[column].type
                                                                      : spec.type);
    file_columns_.push_back(std::move(spec));
  }
}

LakeReader::~LakeReader() = default;

/// A column that the lake has not yet is found in no file.
std::vector<model::ColumnSpec> LakeReader::ColumnsOf(const LakeFile& file) const {
  constexpr int kNoSuchId = std::numeric_limits<int>::max();
  std::vector<model::ColumnSpec> columns = file_columns_;
  for (model::ColumnSpec& column : columns) {
    if (file.field_ids == nullptr) break;
    auto found = file.field_ids->find(column.name);
    column.id = found == file.field_ids->end() ? kNoSuchId : found->second;
  }
  return columns;
}

Status LakeReader::OpenFile() {
  auto reader = format::ParquetFileReader::Open(files_[file_].path);
  if (!reader.ok()) return reader.status().WithContext(files_[file_].path);
  RETURN_IF_ERROR((*reader)->Select(ColumnsOf(files_[file_]), true));
  open_ = std::make_unique<Open>();
  open_->reader = std::move(reader).value();
  return Status::Ok();
}

Result<model::Batch> LakeReader::Next() {
  while (file_ < files_.size()) {
    if (open_ == nullptr) RETURN_IF_ERROR(OpenFile());
    auto read = open_->reader->Next();
    if (!read.ok()) return read.status().WithContext(files_[file_].path);
    if (read->num_rows == 0) {
      open_.reset();
      ++file_;
      continue;
    }
    model::Batch rows(read->num_rows, {});
    for (size_t i = 0; i < types_.size(); ++i) {
      rows.columns.push_back(FromLakeColumn(read->columns[i], types_[i]));
    }
    rows = WithoutDeleted(std::move(rows));
    if (rows.num_rows > 0) return rows;
  }
  return model::Batch();
}

model::Batch LakeReader::WithoutDeleted(model::Batch batch) {
  const DeletedRows& deleted = files_[file_].deleted;
  int64_t begin = open_->position;
  int64_t end = begin + batch.num_rows;
  open_->position = end;
  size_t& next = open_->next_deleted;
  if (next >= deleted.size() || deleted[next] >= end) return batch;
  std::vector<uint32_t> kept;
  for (int64_t position = begin; position < end; ++position) {
    while (next < deleted.size() && deleted[next] < position) ++next;
    bool is_deleted = next < deleted.size() && deleted[next] == position;
    if (!is_deleted) kept.push_back(static_cast<uint32_t>(position - begin));
  }
  return batch.Gather(kept);
}

}  // namespace forebay::lake
