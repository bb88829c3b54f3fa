#include "storage/log/segment_cursor.h"

#include <algorithm>

#include "base/bytes.h"

namespace forebay::storage {
namespace {

using format::LogBatchHeader;

/// Bytes read at once when bodies are wanted.
constexpr size_t kReadAheadBytes = 1 << 20;
/// Bytes read at once when only headers are: most bodies are skipped.
constexpr size_t kHeaderReadBytes = 4096;

}  // namespace

Result<std::string_view> SegmentCursor::Fetch(uint64_t position, size_t size) {
  if (position + size > end_) {
    return Corruption("a batch is cut off at byte {}, {} bytes are missing", position,
                      position + size - end_);
  }
  bool buffered =
      position >= buffer_position_ && position + size <= buffer_position_ + buffer_.size();
  if (!buffered) {
    size_t ahead = depth_ == Depth::kAll ? kReadAheadBytes : kHeaderReadBytes;
    size_t wanted = std::min<uint64_t>(std::max(size, ahead), end_ - position);
    buffer_.resize(wanted);
    auto read = file_.ReadAt(position, wanted, buffer_.data());
    buffer_.resize(read.ok() ? *read : 0);
    buffer_position_ = position;
    if (!read.ok()) return read.status();
    if (buffer_.size() < size) return Corruption("the file ends at byte {}", position + *read);
  }
  return std::string_view(buffer_).substr(position - buffer_position_, size);
}

Result<LogBatchHeader> SegmentCursor::HeaderAt(uint64_t position) {
  uint64_t rest = position < end_ ? end_ - position : 0;
  ASSIGN_OR_RETURN(auto bytes,
                   Fetch(position, std::min<uint64_t>(LogBatchHeader::kBytesMax, rest)));
  ASSIGN_OR_RETURN(LogBatchHeader header, format::ParseLogBatchHeader(bytes));
  if (static_cast<int64_t>(header.size_bytes()) > kBatchBytesMax) {
    return Corruption("a batch of {} bytes", header.size_bytes());
  }
  if (header.last_offset_delta < 0) {
    return Corruption("a batch whose last offset delta is {}", header.last_offset_delta);
  }
  return header;
}

Status SegmentCursor::CheckBody(uint64_t position, const LogBatchHeader& header) {
  if (depth_ == Depth::kHeaders) {
    if (position + header.size_bytes() <= end_) return {};
    return Corruption("a batch is cut off at byte {}", position);
  }
  ASSIGN_OR_RETURN(batch_, Fetch(position, header.size_bytes()));
  return format::VerifyLogBatch(batch_);
}

Result<std::optional<LogBatchHeader>> SegmentCursor::Next() {
  if (position_ >= end_) return std::optional<LogBatchHeader>();
  ASSIGN_OR_RETURN(LogBatchHeader header, HeaderAt(position_));
  if (header.base_offset != offset_) {
    return Corruption("a batch has base offset {}, due is {}", header.base_offset, offset_);
  }
  RETURN_IF_ERROR(CheckBody(position_, header));
  position_ += header.size_bytes();
  offset_ = header.next_offset();
  return std::optional(header);
}

Result<bool> SegmentCursor::IsBatchAt(uint64_t position, model::LogOffset offset_max) {
  auto header = HeaderAt(position);
  if (!header.ok()) {
    if (header.kind() == ErrorKind::kCorruption) return false;
    return header.status();
  }
  if (header->base_offset <= offset_ || header->base_offset > offset_max) return false;
  Status sound = CheckBody(position, *header);
  if (!sound.ok() && sound.kind() != ErrorKind::kCorruption) return sound;
  if (!sound.ok()) return false;
  position_ = position;
  offset_ = header->base_offset;
  return true;
}

Result<bool> SegmentCursor::SkipDamage(model::LogOffset offset_max) {
  // A cheap test first: almost no position passes it, and only those that do are read as a batch.
  std::string window;
  uint64_t start = position_ + 1;
  while (start + LogBatchHeader::kBytes <= end_) {
    window.resize(std::min<uint64_t>(kReadAheadBytes, end_ - start));
    ASSIGN_OR_RETURN(size_t read, file_.ReadAt(start, window.size(), window.data()));
    if (read < LogBatchHeader::kBytes) return false;
    size_t positions = read - LogBatchHeader::kBytes + 1;
    for (size_t i = 0; i < positions; ++i) {
      auto base_offset = LoadLe<int64_t>(window.data() + i);
      if (base_offset <= offset_ || base_offset > offset_max) continue;
      ASSIGN_OR_RETURN(bool found, IsBatchAt(start + i, offset_max));
      if (found) return true;
    }
    start += positions;
  }
  return false;
}

}  // namespace forebay::storage
