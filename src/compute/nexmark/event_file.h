#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "compute/nexmark/event_block.h"

namespace forebay::compute {

/// Nexmark events made once and kept on disk, in blocks of columns that need no decoding:
///
///   "FBNEXMK1"  u64 events  u64 rate  u64 blocks  u64 index offset   zeros up to 4096
///   block:  its cells (NexmarkBlockLayout), then its heap, padded to 64 bytes
///   index:  u64 offset of every block
///
/// All numbers little-endian. A file is for measurements on the machine that wrote it; it is read
/// mapped into memory. Thread-safe.
class NexmarkEventFile {
 public:
  struct Info {
    int64_t events = 0;
    int64_t rate = 0;
  };

  /// Generates the events into `path`, through a temporary file.
  static Status Write(const std::string& path, const Info& info);
  /// kNotFound, kCorruption.
  static Result<std::shared_ptr<const NexmarkEventFile>> Open(const std::string& path);
  ~NexmarkEventFile();

  const Info& info() const { return info_; }
  int64_t num_blocks() const { return num_blocks_; }
  const char* cells(int64_t block) const { return begin_ + index_[block]; }
  const char* heap(int64_t block) const { return cells(block) + NexmarkBlockLayout::bytes(); }

 private:
  NexmarkEventFile() = default;
  Status Check(const std::string& path);

  const char* begin_ = nullptr;
  size_t size_ = 0;
  Info info_;
  int64_t num_blocks_ = 0;
  const uint64_t* index_ = nullptr;
};

}  // namespace forebay::compute
