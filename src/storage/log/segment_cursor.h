#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "format/batch/log_batch.h"
#include "io/file_system.h"

namespace forebay::storage {

/// A batch larger than this is refused on writing and counts as damage on reading.
inline constexpr int64_t kBatchBytesMax = 256 << 20;

/// Walks over the batches of a segment file in order, reading ahead in large pieces.
/// Thread-compatible.
class SegmentCursor {
 public:
  enum class Depth {
    kHeaders,  ///< trusts the bodies: only headers are read and compared
    kAll,      ///< checks every checksum
  };

  /// Starts at byte `position`, where the batch with offset `offset` begins; ends at byte `end`.
  /// `file` must outlive the cursor.
  SegmentCursor(io::File& file, uint64_t position, uint64_t end, model::LogOffset offset,
                Depth depth)
      : file_(file), position_(position), end_(end), offset_(offset), depth_(depth) {}

  /// The next batch; nullopt at the end; kCorruption when the bytes at position() are no whole,
  /// sound batch with the offset that is due. After an error the cursor stands where it stood.
  Result<std::optional<format::LogBatchHeader>> Next();

  /// Where the next batch begins, and its offset.
  uint64_t position() const { return position_; }
  model::LogOffset offset() const { return offset_; }
  /// The bytes of the batch that Next gave last, until the next call; only with Depth::kAll.
  std::string_view batch() const { return batch_; }

  /// Looks for the first sound batch behind the damage at position() that has an offset in
  /// (offset(), `offset_max`], and goes there. False when there is none; the cursor then stays.
  Result<bool> SkipDamage(model::LogOffset offset_max);

 private:
  Result<std::string_view> Fetch(uint64_t position, size_t size);
  Result<format::LogBatchHeader> HeaderAt(uint64_t position);
  Status CheckBody(uint64_t position, const format::LogBatchHeader& header);
  Result<bool> IsBatchAt(uint64_t position, model::LogOffset offset_max);

  io::File& file_;
  uint64_t position_;
  uint64_t end_;
  model::LogOffset offset_;
  Depth depth_;
  std::string_view batch_;
  std::string buffer_;
  uint64_t buffer_position_ = 0;
};

}  // namespace forebay::storage
