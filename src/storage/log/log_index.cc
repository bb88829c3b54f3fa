#include "storage/log/log_index.h"

#include <algorithm>

#include "base/bytes.h"

namespace forebay::storage {

Status LogIndex::Load(uint64_t segment_bytes) {
  Clear();
  ASSIGN_OR_RETURN(std::string offsets, io::ReadFile(fs_, OffsetPath()));
  ASSIGN_OR_RETURN(std::string times, io::ReadFile(fs_, TimePath()));
  size_t count = offsets.size() / kOffsetEntryBytes;
  if (offsets.size() % kOffsetEntryBytes != 0 || times.size() != count * kTimeEntryBytes) {
    return Corruption("{} has {} bytes and {} has {}", OffsetPath(), offsets.size(), TimePath(),
                      times.size());
  }
  std::vector<Entry> loaded;
  loaded.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const char* offset = offsets.data() + i * kOffsetEntryBytes;
    const char* time = times.data() + i * kTimeEntryBytes;
    Entry entry{LoadLe<int32_t>(offset), LoadLe<int32_t>(offset + 4), LoadLe<int64_t>(time)};
    bool rises = loaded.empty() ? entry.relative_offset >= 0 && entry.position >= 0
                                : entry.relative_offset > loaded.back().relative_offset &&
                                      entry.position > loaded.back().position &&
                                      entry.timestamp_ms >= loaded.back().timestamp_ms;
    if (!rises || LoadLe<int32_t>(time + 8) != entry.relative_offset) {
      return Corruption("entry {} of {} is out of order", i, OffsetPath());
    }
    if (static_cast<uint64_t>(entry.position) < segment_bytes) loaded.push_back(entry);
  }
  entries_ = std::move(loaded);
  written_ = entries_.size();
  rewrite_ = written_ != count;
  return {};
}

void LogIndex::Clear() {
  entries_.clear();
  written_ = 0;
  rewrite_ = true;
}

Status LogIndex::Release() {
  RETURN_IF_ERROR(Write());
  entries_ = {};
  written_ = 0;
  rewrite_ = false;
  offset_file_.reset();
  time_file_.reset();
  return {};
}

void LogIndex::Add(int64_t relative_offset, uint64_t position, int64_t timestamp_ms) {
  bool first = entries_.empty();
  if (!first && position < entries_.back().position + kIntervalBytes) return;
  entries_.push_back(
      {static_cast<int32_t>(relative_offset), static_cast<int32_t>(position), timestamp_ms});
}

void LogIndex::CutAt(uint64_t position) {
  while (!entries_.empty() && static_cast<uint64_t>(entries_.back().position) >= position) {
    entries_.pop_back();
  }
  if (written_ > entries_.size()) rewrite_ = true;
}

Status LogIndex::OpenFiles() {
  if (offset_file_ == nullptr) {
    ASSIGN_OR_RETURN(offset_file_, fs_.Open(OffsetPath(), io::OpenMode::kReadWrite));
    ASSIGN_OR_RETURN(time_file_, fs_.Open(TimePath(), io::OpenMode::kReadWrite));
  }
  if (!rewrite_) return {};
  RETURN_IF_ERROR(offset_file_->Truncate(0));
  RETURN_IF_ERROR(time_file_->Truncate(0));
  written_ = 0;
  rewrite_ = false;
  return {};
}

Status LogIndex::Write() {
  if (written_ == entries_.size() && !rewrite_) return {};
  RETURN_IF_ERROR(OpenFiles());
  ByteWriter offsets, times;
  for (size_t i = written_; i < entries_.size(); ++i) {
    offsets.Write(entries_[i].relative_offset);
    offsets.Write(entries_[i].position);
    times.Write(entries_[i].timestamp_ms);
    times.Write(entries_[i].relative_offset);
  }
  // Should one of the two writes fail, the files no longer fit together: write both anew next time.
  rewrite_ = true;
  RETURN_IF_ERROR(offset_file_->Append(offsets.view()));
  RETURN_IF_ERROR(time_file_->Append(times.view()));
  rewrite_ = false;
  written_ = entries_.size();
  return {};
}

Status LogIndex::Sync() {
  RETURN_IF_ERROR(OpenFiles());
  RETURN_IF_ERROR(Write());
  RETURN_IF_ERROR(offset_file_->Sync());
  return time_file_->Sync();
}

const LogIndex::Entry* LogIndex::AtOrBefore(int64_t relative_offset) const {
  auto behind = std::upper_bound(
      entries_.begin(), entries_.end(), relative_offset,
      [](int64_t wanted, const Entry& entry) { return wanted < entry.relative_offset; });
  return behind == entries_.begin() ? nullptr : &*std::prev(behind);
}

const LogIndex::Entry* LogIndex::BeforeTime(int64_t timestamp_ms) const {
  auto behind = std::lower_bound(
      entries_.begin(), entries_.end(), timestamp_ms,
      [](const Entry& entry, int64_t wanted) { return entry.timestamp_ms < wanted; });
  return behind == entries_.begin() ? nullptr : &*std::prev(behind);
}

}  // namespace forebay::storage
