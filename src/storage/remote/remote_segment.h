#pragma once

#include <memory>
#include <string>

#include "io/remote_files.h"
#include "storage/log/log_segment.h"
#include "storage/remote/remote_index.h"
#include "storage/remote/remote_log_manifest.h"

namespace forebay::storage {

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
