#pragma once

#include "compute/source/file_chunks.h"
#include "compute/source/file_rows.h"
#include "compute/source/format_options.h"

namespace forebay::compute {

/// Reads rows from whole lines of text. Thread-compatible.
class LineDecoder {
 public:
  virtual ~LineDecoder() = default;
  /// All rows of the lines, or the first reason why not; `first_line` counts from 1.
  virtual Result<model::Batch> Read(std::string_view lines, int64_t first_line) = 0;
};

/// The decoder of a format that has a record a line: json, the changes' formats, raw.
Result<std::unique_ptr<LineDecoder>> MakeLineDecoder(FileFormat file_format,
                                                     const sql::TableRef& table,
                                                     const FileLayout& layout);

/// Reads a file of lines: many at a time as long as all of them can be read, else one by one, so
/// that it is known which cannot. With `skips` those are left out; `bad` may be null.
class LineFile : public FileRows {
 public:
  LineFile(FileChunks chunks, std::string path, std::unique_ptr<LineDecoder> decoder, bool skips,
           BadRecords* bad)
      : chunks_(std::move(chunks)),
        path_(std::move(path)),
        decoder_(std::move(decoder)),
        skips_(skips),
        bad_(bad) {}

  Result<model::Batch> Next() override;

 private:
  Result<model::Batch> ReadLines(std::string_view lines);
  Result<model::Batch> ReadOneByOne(std::string_view lines);

  FileChunks chunks_;
  const std::string path_;
  std::unique_ptr<LineDecoder> decoder_;
  const bool skips_;
  BadRecords* const bad_;
  std::string pending_;  ///< the start of a line
  int64_t line_ = 1;     ///< the next one
  bool ended_ = false;
};

}  // namespace forebay::compute
