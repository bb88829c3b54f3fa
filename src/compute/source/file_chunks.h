#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"

namespace forebay::compute {

/// Gives a file in chunks; the last one may be short, then empty ones. Thread-compatible.
class FileChunks {
 public:
  static constexpr size_t kChunkBytes = 1 << 20;

  static Result<FileChunks> Open(io::FileSystem& fs, const std::string& path) {
    FileChunks chunks;
    ASSIGN_OR_RETURN(chunks.file_, fs.Open(path, io::OpenMode::kRead));
    return chunks;
  }
  Result<std::string_view> Next() {
    buffer_.resize(kChunkBytes);
    ASSIGN_OR_RETURN(size_t size, file_->ReadAt(offset_, kChunkBytes, buffer_.data()));
    offset_ += size;
    return std::string_view(buffer_.data(), size);
  }

 private:
  std::unique_ptr<io::File> file_;
  uint64_t offset_ = 0;
  std::string buffer_;
};

}  // namespace forebay::compute
