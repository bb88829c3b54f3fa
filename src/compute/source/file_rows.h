#pragma once

#include <memory>
#include <string>

#include "compute/source/bad_record.h"
#include "compute/source/file_layout.h"
#include "io/file_system.h"
#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Reads the rows of one file in a table's format. Thread-compatible.
class FileRows {
 public:
  virtual ~FileRows() = default;
  /// The next rows with the scan's columns, any number of them; an empty batch at the end. Errors
  /// name the file and the row.
  virtual Result<model::Batch> Next() = 0;
};

/// By the table's 'format' option. kNotSupported for others, kInvalidArgument for bad options.
/// `layout`, and `bad` unless it is null, must outlive the rows; without `bad` the first bad record
/// is the error.
Result<std::unique_ptr<FileRows>> OpenFileRows(io::FileSystem& fs, const FileFacts& facts,
                                               const sql::TableScanNode& scan,
                                               const FileLayout& layout, BadRecords* bad = nullptr);

/// The path option without "file://".
Result<std::string> FilesystemPath(const sql::TableRef& table);

}  // namespace forebay::compute
