#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"

namespace forebay::io {

/// Writes a new file from its begin to its end, in large blocks past the page cache where that can
/// be: the copy into the page cache costs several times the processor time. What is less than a
/// block, all of a small file too, is written by Finish(). Thread-compatible.
class BlockWriter {
 public:
  static constexpr size_t kBlockBytes = size_t{1} << 20;

  BlockWriter(FileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  /// After a failure the writer is of no use, and the file may hold a part of the bytes.
  Status Append(std::string_view bytes);
  /// Writes the rest and syncs the file.
  Status Finish();

  /// Bytes that are not in the file yet.
  size_t buffered_bytes() const { return used_; }
  /// The file is there, and open.
  bool is_open() const { return file_ != nullptr; }

 private:
  struct alignas(kDirectAlignment) Block {
    char bytes[kBlockBytes];
  };
  Status Write();

  FileSystem& fs_;
  const std::string path_;
  std::unique_ptr<File> file_;
  std::unique_ptr<Block> block_;
  size_t used_ = 0;
};

}  // namespace forebay::io
