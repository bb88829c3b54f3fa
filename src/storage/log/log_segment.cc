#include "storage/log/log_segment.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "storage/log/segment_cursor.h"

namespace forebay::storage {
namespace {

using format::LogBatchHeader;
using model::LogOffset;
using nlohmann::json;

}  // namespace

LogSegment::LogSegment(io::FileSystem& fs, std::string path, LogOffset base_offset,
                       std::unique_ptr<io::File> file)
    : fs_(fs),
      path_(std::move(path)),
      base_offset_(base_offset),
      file_(std::move(file)),
      index_(fs, path_) {}

std::string LogSegment::FileStem(LogOffset base_offset) {
  return fmt::format("{:020}", base_offset);
}

Result<std::shared_ptr<LogSegment>> LogSegment::Create(io::FileSystem& fs,
                                                       const std::string& directory,
                                                       LogOffset base_offset) {
  std::string path = io::JoinPath(directory, FileStem(base_offset));
  ASSIGN_OR_RETURN(auto file, fs.Open(path + ".log", io::OpenMode::kTruncate));
  RETURN_IF_ERROR(fs.SyncDirectory(directory));
  std::shared_ptr<LogSegment> segment(
      new LogSegment(fs, std::move(path), base_offset, std::move(file)));
  segment->index_.Clear();
  segment->index_loaded_ = true;
  return segment;
}

Result<std::shared_ptr<LogSegment>> LogSegment::Open(io::FileSystem& fs,
                                                     const std::string& directory,
                                                     LogOffset base_offset) {
  std::string path = io::JoinPath(directory, FileStem(base_offset));
  ASSIGN_OR_RETURN(auto file, fs.Open(path + ".log", io::OpenMode::kReadWrite));
  std::shared_ptr<LogSegment> segment(
      new LogSegment(fs, std::move(path), base_offset, std::move(file)));
  segment->LoadGaps();
  return segment;
}

Status LogSegment::Append(std::span<const std::string_view> batches,
                          std::span<const LogBatchHeader> headers) {
  uint64_t position = file_->size();
  RETURN_IF_ERROR(file_->Append(batches));
  std::lock_guard lock(mutex_);
  for (const LogBatchHeader& header : headers) {
    index_.Add(header.base_offset - base_offset_, position, header.commit_timestamp_ms);
    position += header.size_bytes();
  }
  return {};
}

Status LogSegment::SyncIndex() {
  std::lock_guard lock(mutex_);
  return index_.Sync();
}

Status LogSegment::CutAt(uint64_t position) {
  RETURN_IF_ERROR(file_->Truncate(position));
  std::lock_guard lock(mutex_);
  index_.CutAt(position);
  return {};
}

void LogSegment::AddToIndex(const LogBatchHeader& header, uint64_t position) {
  std::lock_guard lock(mutex_);
  if (position == 0) index_.Clear();
  index_.Add(header.base_offset - base_offset_, position, header.commit_timestamp_ms);
}

void LogSegment::ReleaseIndexIfIdle() {
  std::lock_guard lock(mutex_);
  if (std::exchange(index_used_, false) || !index_loaded_) return;
  if (index_.Release().ok()) index_loaded_ = false;  // else it stays, and is tried again
}

Status LogSegment::LoadIndex(LogOffset end_offset, uint64_t end_position) {
  index_used_ = true;
  if (index_loaded_) return {};
  Status loaded = index_.Load(end_position);
  bool fits = loaded.ok() && (end_position == 0 || !index_.entries().empty()) &&
              (index_.entries().empty() ||
               (index_.entries().front().position == 0 &&
                index_.entries().back().relative_offset < end_offset - base_offset_));
  if (!fits) RETURN_IF_ERROR(RebuildIndex(end_position));
  index_loaded_ = true;
  return {};
}

Status LogSegment::RecoverIndex(uint64_t position) {
  std::lock_guard lock(mutex_);
  Status loaded = index_.Load(position);
  if (!loaded.ok() || (position > 0 && index_.entries().empty())) {
    RETURN_IF_ERROR(RebuildIndex(position));
  }
  index_loaded_ = true;
  return {};
}

Status LogSegment::RebuildIndex(uint64_t end_position) {
  index_.Clear();
  SegmentCursor cursor(*file_, 0, end_position, base_offset_, SegmentCursor::Depth::kHeaders);
  while (true) {
    uint64_t position = cursor.position();
    auto header = cursor.Next();
    // Damage ends the index; readers beyond it walk from the last entry and find the gap.
    if (!header.ok() && header.kind() != ErrorKind::kCorruption) return header.status();
    if (!header.ok() || !header->has_value()) break;
    index_.Add((*header)->base_offset - base_offset_, position, (*header)->commit_timestamp_ms);
  }
  Status written = index_.Write();
  // The index works from memory; a full disk must not stop reads.
  if (!written.ok()) Log(LogLevel::kWarning, "storage", "index not written: {}", written.message());
  return {};
}

void LogSegment::LoadGaps() {
  auto text = io::ReadFile(fs_, path_ + ".damage");
  if (!text.ok()) return;
  json document = json::parse(*text, nullptr, false);
  if (!document.is_array()) return;  // the gaps will be found again by the readers
  for (const json& entry : document) {
    LogGap gap{entry.value("first_offset", int64_t{0}), entry.value("next_offset", int64_t{0}),
               entry.value("position", uint64_t{0}), entry.value("next_position", uint64_t{0})};
    if (gap.first < gap.next) gaps_.push_back(gap);
  }
}

Status LogSegment::SaveGaps() {
  json document = json::array();
  for (const LogGap& gap : gaps_) {
    document.push_back({{"first_offset", gap.first},
                        {"next_offset", gap.next},
                        {"position", gap.position},
                        {"next_position", gap.next_position}});
  }
  return io::WriteFileAtomically(fs_, path_ + ".damage", document.dump(1) + "\n");
}

void LogSegment::AddGap(const LogGap& gap) {
  std::lock_guard lock(mutex_);
  for (const LogGap& known : gaps_) {
    if (known.first == gap.first) return;
  }
  gaps_.push_back(gap);
  Log(LogLevel::kError, "storage",
      "damaged log file={}.log position={} next_position={} first_offset={} next_offset={}: the "
      "offsets are not served",
      path_, gap.position, gap.next_position, gap.first, gap.next);
  Status saved = SaveGaps();
  if (!saved.ok()) Log(LogLevel::kWarning, "storage", "damage not noted: {}", saved.message());
}

std::vector<LogGap> LogSegment::gaps() {
  std::lock_guard lock(mutex_);
  return gaps_;
}

Status LogSegment::GapError(const LogGap& gap) const {
  Error error = Corruption("{}.log is damaged at byte {}: offsets {} to {} cannot be read", path_,
                           gap.position, gap.first, gap.next - 1);
  error.hint = fmt::format("the next readable offset is {}", gap.next);
  return error;
}

const LogGap* LogSegment::FindGap(LogOffset offset) const {
  for (const LogGap& gap : gaps_) {
    if (offset >= gap.first && offset < gap.next) return &gap;
  }
  return nullptr;
}

LogSegment::Start LogSegment::StartOf(LogOffset offset) {
  Start start{base_offset_, 0};
  if (const auto* entry = index_.AtOrBefore(offset - base_offset_)) {
    start = {base_offset_ + entry->relative_offset, static_cast<uint64_t>(entry->position)};
  }
  for (const LogGap& gap : gaps_) {
    if (gap.next <= offset && gap.next > start.offset) start = {gap.next, gap.next_position};
  }
  return start;
}

Result<LogSlice> LogSegment::Read(LogOffset offset, int64_t max_bytes, LogOffset end_offset,
                                  uint64_t end_position) {
  Start at;
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(LoadIndex(end_offset, end_position));
    if (const LogGap* gap = FindGap(offset)) return GapError(*gap);
    at = StartOf(offset);
  }
  Status found = SkipTo(offset, end_position, at);
  if (!found.ok() && found.kind() == ErrorKind::kCorruption) {
    // It may be the index that is wrong, not the log.
    {
      std::lock_guard lock(mutex_);
      RETURN_IF_ERROR(RebuildIndex(end_position));
      at = StartOf(offset);
    }
    found = SkipTo(offset, end_position, at);
    if (!found.ok() && found.kind() == ErrorKind::kCorruption) {
      LogGap gap = OnDamage(at, found, end_offset, end_position);
      if (offset < gap.next) return GapError(gap);
      return Read(offset, max_bytes, end_offset, end_position);
    }
  }
  if (!found.ok()) return found;
  return ReadFrom(at, max_bytes, end_offset, end_position);
}

Status LogSegment::SkipTo(LogOffset offset, uint64_t end_position, Start& at) {
  SegmentCursor cursor(*file_, at.position, end_position, at.offset,
                       SegmentCursor::Depth::kHeaders);
  while (true) {
    at = {cursor.offset(), cursor.position()};
    ASSIGN_OR_RETURN(auto header, cursor.Next());
    if (!header.has_value()) return Corruption("the file ends at byte {}", at.position);
    if (header->next_offset() > offset) return {};
  }
}

Result<LogSlice> LogSegment::ReadFrom(Start at, int64_t max_bytes, LogOffset end_offset,
                                      uint64_t end_position) {
  ASSIGN_OR_RETURN(auto bytes, ReadPiece(at.position, max_bytes, end_position));
  LogSlice slice{bytes, {}};
  LogOffset due = at.offset;
  for (size_t position = 0; position < bytes->size();) {
    std::string_view rest = std::string_view(*bytes).substr(position);
    auto header = CheckBatch(rest, due);
    if (!header.ok() && header.kind() == ErrorKind::kOutOfRange &&
        at.position + bytes->size() < end_position) {
      break;  // the batch goes on behind the piece
    }
    if (!header.ok()) {
      LogGap gap =
          OnDamage({due, at.position + position}, header.status(), end_offset, end_position);
      if (slice.batches.empty()) return GapError(gap);
      break;
    }
    slice.batches.push_back({*header, position});
    position += header->size_bytes();
    due = header->next_offset();
  }
  return slice;
}

Result<std::shared_ptr<const std::string>> LogSegment::ReadPiece(uint64_t position,
                                                                 int64_t max_bytes,
                                                                 uint64_t end_position) {
  char head[LogBatchHeader::kBytesMax];
  ASSIGN_OR_RETURN(size_t head_bytes, file_->ReadAt(position, sizeof(head), head));
  ASSIGN_OR_RETURN(auto header, format::ParseLogBatchHeader({head, head_bytes}));
  auto bytes = std::make_shared<std::string>();
  uint64_t wanted = std::max<uint64_t>(max_bytes, header.size_bytes());
  bytes->resize(std::min(wanted, end_position - position));
  ASSIGN_OR_RETURN(size_t read, file_->ReadAt(position, bytes->size(), bytes->data()));
  bytes->resize(read);
  return std::shared_ptr<const std::string>(std::move(bytes));
}

Result<LogBatchHeader> LogSegment::CheckBatch(std::string_view bytes, LogOffset due) {
  if (bytes.size() < LogBatchHeader::kBytes) return OutOfRange("a batch is cut off");
  int8_t magic = LoadLe<int8_t>(bytes.data() + LogBatchHeader::kMagicOffset);
  bool is_known = magic >= 0 && magic <= LogBatchHeader::kMagicMax;
  if (is_known && bytes.size() < LogBatchHeader::Bytes(magic)) {
    return OutOfRange("a batch is cut off");
  }
  ASSIGN_OR_RETURN(LogBatchHeader header, format::ParseLogBatchHeader(bytes));
  if (header.base_offset != due) {
    return Corruption("a batch has base offset {}, due is {}", header.base_offset, due);
  }
  if (header.size_bytes() > bytes.size()) return OutOfRange("a batch is cut off");
  RETURN_IF_ERROR(format::VerifyLogBatch(bytes.substr(0, header.size_bytes())));
  return header;
}

LogGap LogSegment::OnDamage(Start at, const Status& cause, LogOffset end_offset,
                            uint64_t end_position) {
  SegmentCursor cursor(*file_, at.position, std::min(end_position, file_->size()), at.offset,
                       SegmentCursor::Depth::kAll);
  auto found = cursor.SkipDamage(end_offset - 1);
  LogGap gap{at.offset, end_offset, at.position, end_position};
  if (found.ok() && *found) gap = {at.offset, cursor.offset(), at.position, cursor.position()};
  Log(LogLevel::kError, "storage", "damage in {}.log: {}", path_, cause.message());
  AddGap(gap);
  return gap;
}

Result<LogOffset> LogSegment::OffsetAt(int64_t timestamp_ms, LogOffset end_offset,
                                       uint64_t end_position) {
  Start start{base_offset_, 0};
  {
    std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(LoadIndex(end_offset, end_position));
    if (const auto* entry = index_.BeforeTime(timestamp_ms)) {
      start = {base_offset_ + entry->relative_offset, static_cast<uint64_t>(entry->position)};
    }
  }
  SegmentCursor cursor(*file_, start.position, end_position, start.offset,
                       SegmentCursor::Depth::kHeaders);
  while (true) {
    ASSIGN_OR_RETURN(auto header, cursor.Next());
    if (!header.has_value()) return end_offset;
    if (header->commit_timestamp_ms >= timestamp_ms) return header->base_offset;
  }
}

Result<int64_t> LogSegment::MaxTimestamp(LogOffset end_offset, uint64_t end_position) {
  Start start{base_offset_, 0};
  {
    std::lock_guard lock(mutex_);
    if (end_position == latest_position_) return latest_ms_;
    RETURN_IF_ERROR(LoadIndex(end_offset, end_position));
    if (!index_.entries().empty()) {
      const auto& last = index_.entries().back();
      start = {base_offset_ + last.relative_offset, static_cast<uint64_t>(last.position)};
    }
  }
  SegmentCursor cursor(*file_, start.position, end_position, start.offset,
                       SegmentCursor::Depth::kHeaders);
  int64_t latest = 0;
  while (true) {
    auto header = cursor.Next();
    if (!header.ok() || !header->has_value()) break;
    latest = std::max(latest, (*header)->commit_timestamp_ms);
  }
  std::lock_guard lock(mutex_);
  latest_position_ = end_position;
  latest_ms_ = latest;
  return latest;
}

Status LogSegment::Remove() {
  // The log goes first: without it the other files mean nothing.
  RETURN_IF_ERROR(fs_.Remove(path_ + ".log"));
  for (const char* ending : {".index", ".timeindex", ".damage"}) {
    Status status = fs_.Remove(path_ + ending);
    if (!status.ok() && status.kind() != ErrorKind::kNotFound) return status;
  }
  return {};
}

}  // namespace forebay::storage
