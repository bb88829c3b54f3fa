#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/text/change_json.h"
#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// What is known of a file beside its bytes.
struct FileFacts {
  std::string path;
  int64_t size = 0;
  int64_t modified_ms = 0;
};

/// Where the columns of a scan of the filesystem connector come from: the file's rows, the format's
/// metadata, or what the file's path and directory entry say of all its rows. Immutable.
class FileLayout {
 public:
  /// `root`: the table's path.
  static Result<FileLayout> Of(const sql::TableScanNode& scan, std::string root);

  /// Columns that the files have and the scan reads. All that files have with `all_columns`.
  const std::vector<model::ColumnSpec>& columns() const { return columns_; }
  const std::vector<format::ChangeMetadata>& metadata() const { return metadata_; }
  /// Rows of `columns` and `metadata` as the scan's rows.
  Result<model::Batch> Assemble(const model::Batch& rows, const FileFacts& facts) const;

 private:
  struct Place {
    enum class Kind { kRow, kPartition, kFile };
    Kind kind;
    int index = 0;    ///< kRow: in the rows
    std::string key;  ///< kPartition: the column; kFile: "file.size"
    model::DataType type;
  };

  void AddMetadata(const sql::MetadataColumn& column, const model::DataType& type);
  Status AppendConstant(const Place& place, const FileFacts& facts,
                        model::ColumnBuilder& builder) const;

  std::string root_;
  std::string default_partition_;
  std::vector<model::ColumnSpec> columns_;
  std::vector<format::ChangeMetadata> metadata_;
  std::vector<Place> places_;
};

/// Partition columns of a path below `root`, "dt=2024-03-01/hr=1", with %XX undone.
std::map<std::string, std::string> PartitionValuesOf(std::string_view root, std::string_view path);
/// Escapes a partition's value as Flink's PartitionPathUtils.
std::string EscapePathName(std::string_view text);
std::string UnescapePathName(std::string_view text);

/// 'partition.default-name': stands for NULL and the empty string.
std::string DefaultPartitionName(const sql::TableRef& table);

}  // namespace forebay::compute
