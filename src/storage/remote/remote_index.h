#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/batch/log_batch.h"
#include "model/table.h"

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
  /// Whether all entries can be of a segment that ends there.
  bool IsWithin(model::LogOffset end, uint64_t size_bytes) const;

 private:
  model::LogOffset base_;
  std::vector<Entry> entries_;
};

}  // namespace forebay::storage
