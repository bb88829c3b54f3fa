#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/remote_files.h"
#include "storage/log/log_segment.h"
#include "storage/remote/remote_log_manifest.h"

namespace forebay::storage {

/// The sparse index of a segment in remote storage, in the two files that Fluss has beside it. In
/// contrast to those of local segments their integers are big-endian, as Fluss's are:
///
///   .index      int32 offset - base offset, int32 byte position
///   .timeindex  int64 timestamp_ms, int32 offset - base offset
///
/// Thread-compatible.
class RemoteIndex {
 public:
  struct Entry {
    model::LogOffset offset;
    uint64_t position;
    int64_t timestamp_ms;
  };

  explicit RemoteIndex(model::LogOffset base) : base_(base) {}

  /// Notes the batch if it is far enough behind the last one noted.
  void Add(const format::LogBatchHeader& header, uint64_t position);
  /// The last entry at or before the offset; the segment's begin when there is none.
  Entry AtOrBefore(model::LogOffset offset) const;
  /// The last entry with a timestamp below; the segment's begin when there is none.
  Entry BeforeTime(int64_t timestamp_ms) const;

  std::string EncodeOffsets() const;
  std::string EncodeTimes() const;
  /// kCorruption when they do not fit together.
  static Result<RemoteIndex> Decode(model::LogOffset base, std::string_view offsets,
                                    std::string_view times);

 private:
  model::LogOffset base_;
  std::vector<Entry> entries_;
};

/// One segment in remote storage, opened for reading. Thread-safe.
class RemoteSegment {
 public:
  /// `directory` is the segment's. Without a sound index the segment is read for one.
  static Result<std::shared_ptr<RemoteSegment>> Open(io::RemoteFiles& files,
                                                     const std::string& directory,
                                                     const RemoteLogSegment& info);

  /// See LogSegment::Read.
  Result<LogSlice> Read(model::LogOffset offset, int64_t max_bytes);
  /// The base offset of the first batch at or after a time; the segment's end when there is none.
  Result<model::LogOffset> OffsetAt(int64_t timestamp_ms);
  /// A byte position at or before the batch that holds `offset`, where a batch begins.
  uint64_t PositionBefore(model::LogOffset offset) const {
    return index_.AtOrBefore(offset).position;
  }
  const RemoteLogSegment& info() const { return info_; }

 private:
  RemoteSegment(std::string path, RemoteLogSegment info, std::unique_ptr<io::File> file,
                RemoteIndex index)
      : path_(std::move(path)),
        info_(std::move(info)),
        file_(std::move(file)),
        index_(std::move(index)) {}

  const std::string path_;
  const RemoteLogSegment info_;
  const std::unique_ptr<io::File> file_;
  const RemoteIndex index_;
};

/// Reads all batches of a segment file and checks them; gives its index, and its largest timestamp
/// in `max_timestamp_ms`. kCorruption when they are not the offsets [base, end).
Result<RemoteIndex> CheckSegment(io::File& file, uint64_t size_bytes, model::LogOffset base,
                                 model::LogOffset end, int64_t& max_timestamp_ms);

}  // namespace forebay::storage
