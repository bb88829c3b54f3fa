// LogTablet's retention: which segments may go, and their end.

#include <algorithm>

#include "storage/log/log_tablet.h"

namespace forebay::storage {

using model::LogOffset;

namespace {

/// What all buckets may remember of writers; above it each forgets half of its one-time ids.
constexpr int64_t kWriterBytesMax = 64 << 20;

}  // namespace

void LogTablet::SetOptions(const LogOptions& options) {
  Lock lock(mutex_);
  options_ = options;
}

void LogTablet::SetLakeOffset(LogOffset offset) {
  Lock lock(mutex_);
  lake_offset_ = std::max(lake_offset_, offset);
}

void LogTablet::SetRetained(LogOffset offset) {
  Lock lock(mutex_);
  retained_ = offset;
}

void LogTablet::SetReaderRetained(LogOffset offset) {
  Lock lock(mutex_);
  reader_retained_ = offset;
}

void LogTablet::SetColdLog(std::shared_ptr<ColdLog> cold) {
  Lock lock(mutex_);
  cold_ = std::move(cold);
}

/// The cold log counts when it reaches what is on this disk.
LogOffset LogTablet::StartLocked() {
  LogOffset local = segments_.front()->base_offset();
  if (cold_ == nullptr || cold_->end() < local) return local;
  return std::min(local, cold_->start());
}

/// Null when the offset is to be looked for on this disk.
std::shared_ptr<ColdLog> LogTablet::ColdFor(LogOffset offset) {
  Lock lock(mutex_);
  if (closed_ || offset >= segments_.front()->base_offset() || offset < StartLocked())
    return nullptr;
  return cold_;
}

std::vector<ClosedSegment> LogTablet::ClosedSegments(LogOffset from, size_t count_max) {
  Lock lock(mutex_);
  std::vector<ClosedSegment> closed;
  for (size_t i = 0; i + 1 < segments_.size() && closed.size() < count_max; ++i) {
    LogSegment& segment = *segments_[i];
    if (segment.base_offset() < from) continue;
    if (!segment.gaps().empty()) break;
    closed.push_back({segment.base_offset(), segments_[i + 1]->base_offset(), segment.size_bytes(),
                      segment.path()});
  }
  return closed;
}

bool LogTablet::IsOlder(LogSegment& segment, LogOffset end_offset, uint64_t end_position,
                        int64_t time_ms) {
  auto latest = segment.MaxTimestamp(end_offset, end_position);
  return latest.ok() && *latest <= time_ms;
}

/// Whether nobody needs the rows below `end_offset` any more, wherever they lie.
bool LogTablet::MayForget(LogOffset end_offset) const {
  if (end_offset > std::min(retained_, reader_retained_)) return false;
  return !options_.datalake_enabled || lake_offset_ >= end_offset;
}

/// -1: for ever.
int64_t LogTablet::TtlMs(LogOffset end_offset) const {
  bool in_lake = lake_offset_ >= end_offset;
  int64_t ttl_ms = options_.ttl_ms;
  if (in_lake && options_.local_ttl_ms >= 0 && (ttl_ms < 0 || options_.local_ttl_ms < ttl_ms)) {
    ttl_ms = options_.local_ttl_ms;
  }
  return ttl_ms;
}

bool LogTablet::MayExpire(LogSegment& segment, LogOffset end_offset, uint64_t end_position,
                          int64_t now_ms) const {
  int64_t ttl_ms = cold_ == nullptr ? TtlMs(end_offset) : options_.ttl_ms;
  return MayForget(end_offset) && ttl_ms >= 0 &&
         IsOlder(segment, end_offset, end_position, now_ms - ttl_ms);
}

/// A closed segment that the cold log has: only the rows' own recovery may still need it here.
bool LogTablet::MayLeaveDisk(size_t index, LogOffset cold_end, int64_t now_ms) const {
  LogOffset end_offset = segments_[index + 1]->base_offset();
  if (end_offset > cold_end || end_offset > retained_) return false;
  size_t behind = segments_.size() - 1 - index;
  if (behind >= static_cast<size_t>(options_.local_segments)) return true;
  return options_.local_ttl_ms >= 0 &&
         IsOlder(*segments_[index], end_offset, segments_[index]->size_bytes(),
                 now_ms - options_.local_ttl_ms);
}

bool LogTablet::MayExpireCold(LogOffset end, int64_t max_timestamp_ms) {
  Lock lock(mutex_);
  return MayForget(end) && options_.ttl_ms >= 0 &&
         max_timestamp_ms <= services_.clock.NowMs() - options_.ttl_ms;
}

Status LogTablet::Expire() {
  std::vector<std::shared_ptr<LogSegment>> expired;
  {
    Lock lock(mutex_);
    if (closed_ || !poison_.ok()) return {};
    int64_t now_ms = services_.clock.NowMs();
    writers_.Expire(now_ms);
    if (services_.metrics.writer_state_bytes > kWriterBytesMax) {
      writers_.ForgetOlderHalf(durable_end_);
    }
    CountWritersLocked();
    LogOffset cold_end = cold_ == nullptr ? -1 : cold_->end();
    size_t count = 0;
    while (count + 1 < segments_.size() &&
           (MayLeaveDisk(count, cold_end, now_ms) ||
            MayExpire(*segments_[count], segments_[count + 1]->base_offset(),
                      segments_[count]->size_bytes(), now_ms))) {
      ++count;
    }
    if (count + 1 == segments_.size() && durable_position_ > 0 &&
        MayExpire(*segments_[count], durable_end_, durable_position_, now_ms)) {
      roll_requested_ = true;
      ScheduleLocked();
    }
    for (size_t i = count; i + 1 < segments_.size(); ++i) segments_[i]->ReleaseIndexIfIdle();
    expired.assign(segments_.begin(), segments_.begin() + count);
    segments_.erase(segments_.begin(), segments_.begin() + count);
  }
  SyncEnd();
  if (expired.empty()) return {};
  // The log's new start is durable before the files go, so that a start after a crash removes the
  // rest.
  RETURN_IF_ERROR(SaveCheckpoint());
  for (const auto& segment : expired) {
    RETURN_IF_ERROR(segment->Remove());
    services_.metrics.expired_segments += 1;
  }
  return {};
}

}  // namespace forebay::storage
