#include "storage/remote/remote_index.h"

#include <algorithm>
#include <limits>

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
    bool is_sane =
        relative >= 0 && position >= 0 && base <= std::numeric_limits<LogOffset>::max() - relative;
    if (!is_sane) return Corruption("entry {} of an index is ({}, {})", i, relative, position);
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

bool RemoteIndex::IsWithin(LogOffset end, uint64_t size_bytes) const {
  return entries_.empty() ||
         (entries_.back().offset < end && entries_.back().position < size_bytes);
}

}  // namespace forebay::storage
