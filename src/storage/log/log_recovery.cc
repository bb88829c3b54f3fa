#include "storage/log/log_recovery.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/log.h"
#include "storage/log/end_record.h"
#include "storage/log/segment_cursor.h"

namespace forebay::storage {
namespace {

using format::LogBatchHeader;
using model::LogOffset;

constexpr size_t kRewriteBytes = 1 << 20;
constexpr std::string_view kLogEnding = ".log";

/// One run of RecoverLog.
class Recovery {
 public:
  Recovery(io::FileSystem& fs, const std::string& directory) : fs_(fs), directory_(directory) {}

  Result<RecoveredLog> Run() {
    RETURN_IF_ERROR(LoadCheckpoint());
    ASSIGN_OR_RETURN(auto noted_end, EndRecord::Load(fs_, directory_));
    acknowledged_end_ =
        std::max(noted_end.value_or(0), checkpoint_.has_value() ? checkpoint_->next_offset : 0);
    RETURN_IF_ERROR(OpenSegments());
    RETURN_IF_ERROR(MakeUpForLostStart());
    size_t first = FirstToScan();
    for (size_t i = first; i < log_.segments.size(); ++i) RETURN_IF_ERROR(Scan(i));
    RETURN_IF_ERROR(MakeUpForLostEnd());
    log_.state.segment_base = log_.segments.back()->base_offset();
    log_.state.position = log_.segments.back()->size_bytes();
    log_.state.log_start = log_.segments.front()->base_offset();
    return std::move(log_);
  }

 private:
  Status LoadCheckpoint() {
    auto checkpoint = LogCheckpoint::Load(fs_, directory_);
    if (checkpoint.ok()) {
      checkpoint_ = std::move(*checkpoint);
      return {};
    }
    if (checkpoint.kind() == ErrorKind::kCorruption) {
      Log(LogLevel::kWarning, "storage", "checkpoint ignored, the log is read instead: {}",
          checkpoint.message());
      return {};
    }
    return checkpoint.kind() == ErrorKind::kNotFound ? Status() : checkpoint.status();
  }

  static std::optional<LogOffset> BaseOffsetOf(std::string_view name) {
    if (!name.ends_with(kLogEnding)) return std::nullopt;
    name.remove_suffix(kLogEnding.size());
    LogOffset offset = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), offset);
    bool whole = error == std::errc() && end == name.data() + name.size() && offset >= 0;
    return whole ? std::optional(offset) : std::nullopt;
  }

  Status OpenSegments() {
    ASSIGN_OR_RETURN(auto names, fs_.List(directory_));
    for (const std::string& name : names) {
      auto base = BaseOffsetOf(name);
      if (!base.has_value()) continue;
      ASSIGN_OR_RETURN(auto segment, LogSegment::Open(fs_, directory_, *base));
      log_.segments.push_back(std::move(segment));
    }
    RETURN_IF_ERROR(RemoveExpired());
    if (!log_.segments.empty()) return {};
    LogOffset base = checkpoint_.has_value() ? checkpoint_->log_start : 0;
    ASSIGN_OR_RETURN(auto segment, LogSegment::Create(fs_, directory_, base));
    log_.segments.push_back(std::move(segment));
    return {};
  }

  /// Expiry notes the new start before it removes segments: one that is missing above it was lost.
  Status MakeUpForLostStart() {
    if (!checkpoint_.has_value()) return {};
    LogOffset start = checkpoint_->log_start, found = log_.segments.front()->base_offset();
    if (found <= start) return {};
    ASSIGN_OR_RETURN(auto segment, LogSegment::Create(fs_, directory_, start));
    segment->AddGap({start, found, 0, 0});
    log_.segments.insert(log_.segments.begin(), std::move(segment));
    return {};
  }

  /// A crash may have come between moving the log's start and removing what lies before it.
  Status RemoveExpired() {
    auto& segments = log_.segments;
    while (checkpoint_.has_value() && segments.size() > 1 &&
           segments[1]->base_offset() <= checkpoint_->log_start) {
      RETURN_IF_ERROR(segments.front()->Remove());
      segments.erase(segments.begin());
    }
    return {};
  }

  size_t FirstToScan() {
    auto& segments = log_.segments;
    if (checkpoint_.has_value()) {
      log_.state = *checkpoint_;
      for (size_t i = 0; i < segments.size(); ++i) {
        if (segments[i]->base_offset() < checkpoint_->segment_base) continue;
        // Without the segment that the checkpoint speaks of all before it is to be looked at, too.
        bool is_there = segments[i]->base_offset() == checkpoint_->segment_base;
        return is_there || i == 0 ? i : i - 1;
      }
      return segments.size() - 1;
    }
    // Without a checkpoint the writers' states are in the headers of the older segments.
    for (size_t i = 0; i + 1 < segments.size(); ++i) CollectWriters(*segments[i]);
    return segments.size() - 1;
  }

  void CollectWriters(LogSegment& segment) {
    SegmentCursor cursor(segment.file(), 0, segment.size_bytes(), segment.base_offset(),
                         SegmentCursor::Depth::kHeaders);
    while (true) {
      auto header = cursor.Next();
      if (!header.ok() || !header->has_value()) return;
      Take(**header);
    }
  }

  void Take(const LogBatchHeader& header) {
    LogCheckpoint& state = log_.state;
    state.next_offset = header.next_offset();
    state.last_timestamp_ms = std::max(state.last_timestamp_ms, header.commit_timestamp_ms);
    // The checkpoint knows the writers of what is read again because the file became shorter.
    bool known = checkpoint_.has_value() && header.base_offset < checkpoint_->next_offset;
    if (header.writer_id < 0 || known) return;
    state.writers.Add(header.writer_id,
                      {header.batch_sequence, header.base_offset, header.next_offset(),
                       header.commit_timestamp_ms},
                      header.next_offset());
  }

  Status Scan(size_t index) {
    LogSegment& segment = *log_.segments[index];
    bool is_last = index + 1 == log_.segments.size();
    LogOffset end_offset =
        is_last ? std::numeric_limits<LogOffset>::max() : log_.segments[index + 1]->base_offset();
    uint64_t position = 0;
    LogOffset offset = segment.base_offset();
    if (checkpoint_.has_value() && checkpoint_->segment_base == segment.base_offset() &&
        checkpoint_->position <= segment.size_bytes()) {
      position = checkpoint_->position;
      offset = checkpoint_->next_offset;
    }
    RETURN_IF_ERROR(segment.RecoverIndex(position));
    log_.state.next_offset = offset;
    RETURN_IF_ERROR(ScanBatches(segment, position, offset, end_offset));
    if (is_last) {
      log_.read_from = position;
      return WriteAnew(segment, position);
    }
    if (log_.state.next_offset < end_offset) {
      segment.AddGap(
          {log_.state.next_offset, end_offset, segment.size_bytes(), segment.size_bytes()});
      log_.state.next_offset = end_offset;
    }
    return {};
  }

  Status ScanBatches(LogSegment& segment, uint64_t position, LogOffset offset,
                     LogOffset end_offset) {
    SegmentCursor cursor(segment.file(), position, segment.size_bytes(), offset,
                         SegmentCursor::Depth::kAll);
    while (true) {
      uint64_t at = cursor.position();
      auto header = cursor.Next();
      if (header.ok() && !header->has_value()) return {};
      if (header.ok()) {
        segment.AddToIndex(**header, at);
        Take(**header);
        continue;
      }
      if (header.kind() != ErrorKind::kCorruption) return header.status();
      LogOffset due = cursor.offset();
      // Offsets far beyond what the file can hold are noise, not batches.
      LogOffset plausible = due + static_cast<LogOffset>(segment.size_bytes());
      ASSIGN_OR_RETURN(bool found, cursor.SkipDamage(std::min(end_offset - 1, plausible)));
      if (!found) return OnBadEnd(segment, at, due, end_offset, header.message());
      segment.AddGap({due, cursor.offset(), at, cursor.position()});
    }
  }

  /// The last segment ends with a torn write; an older one with damage, which Scan notes. Bytes
  /// that were acknowledged are no torn write: they stay for whoever can make sense of them.
  Status OnBadEnd(LogSegment& segment, uint64_t position, LogOffset due, LogOffset end_offset,
                  const std::string& cause) {
    if (end_offset != std::numeric_limits<LogOffset>::max()) return {};
    if (due < acknowledged_end_) {
      lost_position_ = position;
      return {};
    }
    log_.cut_bytes += segment.size_bytes() - position;
    Log(LogLevel::kWarning, "storage", "torn tail cut file={}.log position={} bytes={}: {}",
        segment.path(), position, segment.size_bytes() - position, cause);
    return segment.CutAt(position);
  }

  /// A failed sync leaves pages that look written and are not. Written again, they are.
  Status WriteAnew(LogSegment& segment, uint64_t position) {
    std::string piece;
    for (uint64_t at = position; at < segment.size_bytes(); at += piece.size()) {
      piece.resize(std::min<uint64_t>(kRewriteBytes, segment.size_bytes() - at));
      ASSIGN_OR_RETURN(size_t read, segment.file().ReadAt(at, piece.size(), piece.data()));
      if (read < piece.size()) return IoError("{}.log became shorter", segment.path());
      RETURN_IF_ERROR(segment.file().WriteAt(at, piece));
    }
    return segment.Sync();
  }

  /// Offsets that were acknowledged are not given again, even when their bytes are gone.
  Status MakeUpForLostEnd() {
    LogOffset end = acknowledged_end_;
    LogSegment& last = *log_.segments.back();
    if (log_.state.next_offset >= end) return {};
    Log(LogLevel::kError, "storage",
        "the log is shorter than what was acknowledged dir={} expected_offset={} found_offset={}",
        directory_, end, log_.state.next_offset);
    last.AddGap({log_.state.next_offset, end, lost_position_.value_or(last.size_bytes()),
                 last.size_bytes()});
    ASSIGN_OR_RETURN(auto segment, LogSegment::Create(fs_, directory_, end));
    log_.segments.push_back(std::move(segment));
    log_.state.next_offset = end;
    log_.read_from = 0;
    return {};
  }

  io::FileSystem& fs_;
  const std::string& directory_;
  std::optional<LogCheckpoint> checkpoint_;
  LogOffset acknowledged_end_ = 0;
  std::optional<uint64_t> lost_position_;  ///< where acknowledged bytes at the end are damaged
  RecoveredLog log_;
};

}  // namespace

Result<RecoveredLog> RecoverLog(io::FileSystem& fs, const std::string& directory) {
  return Recovery(fs, directory).Run();
}

}  // namespace forebay::storage
