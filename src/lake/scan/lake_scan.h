#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/iceberg_table.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::lake {

/// The deleted rows of one data file: positions, ascending.
using DeletedRows = std::vector<int64_t>;

/// A data file to read, with what position deletes took from it.
struct LakeFile {
  std::string path;
  int bucket = 0;
  int64_t sequence_number = 0;
  int64_t record_count = 0;
  DeletedRows deleted;
  /// The field ids of the table's columns by name; null: columns are numbered from 1.
  std::shared_ptr<const std::map<std::string, int>> field_ids = nullptr;
};

/// Which files: those of one bucket, or of all (-1); of a partition with these keys, or of all
/// (none).
struct LakeBucket {
  PartitionKeys keys;
  int bucket = -1;
};

/// The files of a snapshot, of `wanted`, in the order they were written;
/// `max_sequence_number` leaves out files, and deletes, that are newer. kNotSupported when the
/// snapshot has equality deletes (another writer's).
Result<std::vector<LakeFile>> PlanLakeFiles(
    const IcebergTable& table, const Snapshot& snapshot, const LakeBucket& wanted,
    int64_t max_sequence_number = std::numeric_limits<int64_t>::max());

/// Reads data files one after the other, rows that are deleted left out. Thread-compatible.
class LakeReader {
 public:
  /// `columns`: indexes of the table's columns; an index from schema.columns.size() on means a
  /// system column (__bucket,
  /// __offset, __timestamp).
  LakeReader(const model::Schema& schema, std::vector<int> columns, std::vector<LakeFile> files);
  ~LakeReader();

  /// The next rows, at most Batch::kMaxRows; an empty batch at the end.
  Result<model::Batch> Next();
  /// The position in its file of the first row the last Next() read, for readers without deletes.
  const LakeFile& file() const { return files_[file_]; }

 private:
  struct Open;

  Status OpenFile();
  std::vector<model::ColumnSpec> ColumnsOf(const LakeFile& file) const;
  model::Batch WithoutDeleted(model::Batch batch);

  std::vector<model::DataType> types_;           ///< of the table
  std::vector<model::ColumnSpec> file_columns_;  ///< as files have them
  std::vector<LakeFile> files_;
  size_t file_ = 0;
  std::unique_ptr<Open> open_;
};

}  // namespace forebay::lake
