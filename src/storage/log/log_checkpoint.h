#pragma once

#include <string>

#include "io/file_system.h"
#include "storage/log/writer_states.h"

namespace forebay::storage {

/// What a bucket's log knew to be durable at some moment, kept in its file `checkpoint`, so that a
/// start reads only what came later. See docs/formats/log-segment.md for the bytes.
struct LogCheckpoint {
  model::LogOffset log_start = 0;
  model::LogOffset segment_base = 0;
  uint64_t position = 0;  ///< in that segment: all before it is durable
  model::LogOffset next_offset = 0;
  int64_t last_timestamp_ms = 0;
  WriterStates writers;

  /// kNotFound, kCorruption.
  static Result<LogCheckpoint> Load(io::FileSystem& fs, const std::string& directory);
  /// `encoded_writers`: WriterStates::Encode up to next_offset, in place of `writers`, which may be
  /// large.
  Status Save(io::FileSystem& fs, const std::string& directory,
              std::string_view encoded_writers) const;
};

}  // namespace forebay::storage
