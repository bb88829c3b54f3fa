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

bool LogTablet::MayExpire(LogSegment& segment, LogOffset end_offset, uint64_t end_position,
                          int64_t now_ms) const {
  bool in_lake = lake_offset_ >= end_offset;
  if (end_offset > retained_ || (options_.datalake_enabled && !in_lake)) return false;
  int64_t ttl_ms = options_.ttl_ms;
  if (in_lake && options_.local_ttl_ms >= 0 && (ttl_ms < 0 || options_.local_ttl_ms < ttl_ms)) {
    ttl_ms = options_.local_ttl_ms;
  }
  if (ttl_ms < 0) return false;
  auto latest = segment.MaxTimestamp(end_offset, end_position);
  return latest.ok() && *latest <= now_ms - ttl_ms;
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
    size_t count = 0;
    while (count + 1 < segments_.size() &&
           MayExpire(*segments_[count], segments_[count + 1]->base_offset(),
                     segments_[count]->size_bytes(), now_ms)) {
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
