#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/table.h"

namespace forebay::storage {

/// The two sparse indexes of a segment, in memory and in two files: one entry about every 4 KiB of
/// log. They only hint: what they point at is checked by the reader, and they can be rebuilt from
/// the segment. Thread-compatible.
///
///   .index      int32 offset - base offset, int32 byte position: where the batch with that offset
///   begins .timeindex  int64 timestamp_ms, int32 offset - base offset: that batch's timestamp
class LogIndex {
 public:
  struct Entry {
    int32_t relative_offset;
    int32_t position;
    int64_t timestamp_ms;
  };
  static constexpr size_t kOffsetEntryBytes = 8;
  static constexpr size_t kTimeEntryBytes = 12;
  static constexpr uint64_t kIntervalBytes = 4096;

  /// `path` is the segment's path without its ending.
  LogIndex(io::FileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  /// Reads both files. kCorruption when they do not fit together or a segment of `segment_bytes`:
  /// rebuild then. Entries at or beyond that size are dropped.
  Status Load(uint64_t segment_bytes);
  /// Forgets all entries; the files become empty at the next write.
  void Clear();
  /// Writes what is not in the files yet and lets go of memory and files; Load brings it back.
  Status Release();
  /// Notes the batch if it is far enough behind the last one noted.
  void Add(int64_t relative_offset, uint64_t position, int64_t timestamp_ms);
  /// Drops the entries at or beyond a byte position of the segment.
  void CutAt(uint64_t position);

  /// Appends new entries to the files. Not durable before Sync.
  Status Write();
  Status Sync();

  /// The last entry at or before the offset; null when there is none.
  const Entry* AtOrBefore(int64_t relative_offset) const;
  /// The last entry with a timestamp below `timestamp_ms`; null when there is none.
  const Entry* BeforeTime(int64_t timestamp_ms) const;
  const std::vector<Entry>& entries() const { return entries_; }

  std::string OffsetPath() const { return path_ + ".index"; }
  std::string TimePath() const { return path_ + ".timeindex"; }

 private:
  Status OpenFiles();

  io::FileSystem& fs_;
  std::string path_;
  std::vector<Entry> entries_;
  size_t written_ = 0;
  bool rewrite_ = false;
  std::unique_ptr<io::File> offset_file_;
  std::unique_ptr<io::File> time_file_;
};

}  // namespace forebay::storage
