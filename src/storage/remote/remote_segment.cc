#include "storage/remote/remote_segment.h"

#include <algorithm>

#include "base/log.h"
#include "storage/log/segment_cursor.h"

namespace forebay::storage {
namespace {

using format::LogBatchHeader;
using model::LogOffset;

constexpr size_t kOffsetEntryBytes = 8;
constexpr size_t kTimeEntryBytes = 12;
constexpr uint64_t kIntervalBytes = 4096;

template <typename T>
void AppendBe(std::string& out, T value) {
  for (int shift = sizeof(T) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
  }
}

template <typename T>
T LoadBe(const char* data) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = value << 8 | static_cast<uint8_t>(data[i]);
  return static_cast<T>(value);
}

Result<std::string> ReadAll(io::RemoteFiles& files, const std::string& path) {
  ASSIGN_OR_RETURN(auto file, files.Open(path));
  std::string bytes(file->size(), '\0');
  ASSIGN_OR_RETURN(size_t read, file->ReadAt(0, bytes.size(), bytes.data()));
  bytes.resize(read);
  return bytes;
}

Result<RemoteIndex> LoadIndex(io::RemoteFiles& files, const std::string& stem, LogOffset base) {
  ASSIGN_OR_RETURN(std::string offsets, ReadAll(files, stem + ".index"));
  ASSIGN_OR_RETURN(std::string times, ReadAll(files, stem + ".timeindex"));
  return RemoteIndex::Decode(base, offsets, times);
}

}  // namespace

void RemoteIndex::Add(const LogBatchHeader& header, uint64_t position) {
  if (!entries_.empty() && position < entries_.back().position + kIntervalBytes) return;
  entries_.push_back({header.base_offset, position, header.commit_timestamp_ms});
}

RemoteIndex::Entry RemoteIndex::AtOrBefore(LogOffset offset) const {
  auto behind =
      std::upper_bound(entries_.begin(), entries_.end(), offset,
                       [](LogOffset wanted, const Entry& entry) { return wanted < entry.offset; });
  return behind == entries_.begin() ? Entry{base_, 0, 0} : *std::prev(behind);
}

RemoteIndex::Entry RemoteIndex::BeforeTime(int64_t timestamp_ms) const {
  auto behind = std::lower_bound(
      entries_.begin(), entries_.end(), timestamp_ms,
      [](const Entry& entry, int64_t wanted) { return entry.timestamp_ms < wanted; });
  return behind == entries_.begin() ? Entry{base_, 0, 0} : *std::prev(behind);
}

std::string RemoteIndex::EncodeOffsets() const {
  std::string out;
  for (const Entry& entry : entries_) {
    AppendBe(out, static_cast<int32_t>(entry.offset - base_));
    AppendBe(out, static_cast<int32_t>(entry.position));
  }
  return out;
}

std::string RemoteIndex::EncodeTimes() const {
  std::string out;
  for (const Entry& entry : entries_) {
    AppendBe(out, entry.timestamp_ms);
    AppendBe(out, static_cast<int32_t>(entry.offset - base_));
  }
  return out;
}

Result<RemoteIndex> RemoteIndex::Decode(LogOffset base, std::string_view offsets,
                                        std::string_view times) {
  RemoteIndex index(base);
  size_t count = offsets.size() / kOffsetEntryBytes;
  bool fits = offsets.size() % kOffsetEntryBytes == 0 && times.size() == count * kTimeEntryBytes;
  if (!fits) return Corruption("an index of {} and {} bytes", offsets.size(), times.size());
  for (size_t i = 0; i < count; ++i) {
    const char* offset = offsets.data() + i * kOffsetEntryBytes;
    const char* time = times.data() + i * kTimeEntryBytes;
    int32_t relative = LoadBe<int32_t>(offset), position = LoadBe<int32_t>(offset + 4);
    Entry entry{base + relative, static_cast<uint64_t>(position), LoadBe<int64_t>(time)};
    bool rises = index.entries_.empty() ? relative == 0 && position == 0
                                        : entry.offset > index.entries_.back().offset &&
                                              entry.position > index.entries_.back().position;
    if (!rises || LoadBe<int32_t>(time + 8) != relative) {
      return Corruption("entry {} of an index is out of order", i);
    }
    index.entries_.push_back(entry);
  }
  return index;
}

Result<RemoteIndex> CheckSegment(io::File& file, uint64_t size_bytes, LogOffset base, LogOffset end,
                                 int64_t& max_timestamp_ms) {
  RemoteIndex index(base);
  SegmentCursor cursor(file, 0, size_bytes, base, SegmentCursor::Depth::kAll);
  while (true) {
    uint64_t position = cursor.position();
    ASSIGN_OR_RETURN(auto header, cursor.Next());
    if (!header.has_value()) break;
    index.Add(*header, position);
    max_timestamp_ms = std::max(max_timestamp_ms, header->commit_timestamp_ms);
  }
  if (cursor.offset() == end) return index;
  return Corruption("the segment ends at offset {} instead of {}", cursor.offset(), end);
}

Result<std::shared_ptr<RemoteSegment>> RemoteSegment::Open(io::RemoteFiles& files,
                                                           const std::string& directory,
                                                           const RemoteLogSegment& info) {
  std::string stem = io::JoinPath(directory, LogSegment::FileStem(info.start));
  ASSIGN_OR_RETURN(auto file, files.Open(stem + ".log"));
  if (file->size() < info.size_bytes) {
    return Corruption("{}.log has {} bytes instead of {}", stem, file->size(), info.size_bytes);
  }
  auto index = LoadIndex(files, stem, info.start);
  if (!index.ok()) {
    Log(LogLevel::kWarning, "storage", "index of {}.log is made anew: {}", stem, index.message());
    int64_t ignored = 0;
    index = CheckSegment(*file, info.size_bytes, info.start, info.end, ignored);
    if (!index.ok()) return index.status().WithContext(stem + ".log");
  }
  return std::shared_ptr<RemoteSegment>(
      new RemoteSegment(stem + ".log", info, std::move(file), std::move(*index)));
}

Result<LogSlice> RemoteSegment::Read(LogOffset offset, int64_t max_bytes) {
  RemoteIndex::Entry at = index_.AtOrBefore(offset);
  SegmentCursor cursor(*file_, at.position, info_.size_bytes, at.offset,
                       SegmentCursor::Depth::kAll);
  auto bytes = std::make_shared<std::string>();
  LogSlice slice{bytes, {}};
  while (slice.batches.empty() || static_cast<int64_t>(bytes->size()) < max_bytes) {
    auto header = cursor.Next();
    if (!header.ok() && !slice.batches.empty()) break;  // told when it is asked for
    if (!header.ok()) return header.status().WithContext(path_);
    if (!header->has_value()) break;
    if ((*header)->next_offset() <= offset) continue;
    slice.batches.push_back({**header, bytes->size()});
    bytes->append(cursor.batch());
  }
  return slice;
}

Result<LogOffset> RemoteSegment::OffsetAt(int64_t timestamp_ms) {
  RemoteIndex::Entry at = index_.BeforeTime(timestamp_ms);
  SegmentCursor cursor(*file_, at.position, info_.size_bytes, at.offset,
                       SegmentCursor::Depth::kHeaders);
  while (true) {
    ASSIGN_OR_RETURN(auto header, cursor.Next());
    if (!header.has_value()) return info_.end;
    if (header->commit_timestamp_ms >= timestamp_ms) return header->base_offset;
  }
}

}  // namespace forebay::storage
