#include "storage/log/log_tablet.h"

#include <algorithm>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "storage/log/segment_cursor.h"

namespace forebay::storage {
namespace {

using format::LogBatchHeader;
using model::LogOffset;

/// Bytes of one write and sync: bounds how long the first of a group waits for the last.
constexpr size_t kGroupBytes = 16 << 20;
constexpr size_t kGroupBatches = 4096;
/// How far the end record may be behind after a power failure, while there are appends.
constexpr int64_t kEndSyncMs = 1000;

int64_t MicrosSince(int64_t start_ns) { return (MonotonicNs() - start_ns) / 1000; }

}  // namespace

Result<std::shared_ptr<LogTablet>> LogTablet::Open(LogServices services, std::string directory,
                                                   LogOptions options) {
  RETURN_IF_ERROR(services.fs.CreateDirectories(directory));
  ASSIGN_OR_RETURN(RecoveredLog log, RecoverLog(services.fs, directory));
  return std::shared_ptr<LogTablet>(
      new LogTablet(services, std::move(directory), options, std::move(log)));
}

LogTablet::LogTablet(LogServices services, std::string directory, LogOptions options,
                     RecoveredLog log)
    : services_(services),
      directory_(std::move(directory)),
      options_(options),
      end_(services.fs, directory_),
      segments_(std::move(log.segments)),
      writers_(std::move(log.state.writers)),
      next_offset_(log.state.next_offset),
      durable_end_(log.state.next_offset),
      durable_position_(log.state.position),
      checkpoint_position_(log.read_from),
      last_timestamp_ms_(log.state.last_timestamp_ms),
      durable_timestamp_ms_(log.state.last_timestamp_ms) {
  services_.metrics.log_tablets += 1;
  CountWritersLocked();
}

LogTablet::~LogTablet() {
  services_.metrics.log_tablets -= 1;
  services_.metrics.writer_state_bytes -= counted_writer_bytes_;
}

Status LogTablet::CheckUsable() const {
  if (!poison_.ok()) return poison_;
  if (closed_) return Unavailable("the log {} is closed", directory_);
  if (failing_) return Unavailable("the log {} is recovering from a failed write", directory_);
  return {};
}

Status LogTablet::Append(std::string batch, AppendCallback done) {
  ASSIGN_OR_RETURN(LogBatchHeader header, format::ParseLogBatchHeader(batch));
  int64_t bytes = std::ssize(batch);
  if (bytes > kBatchBytesMax) {
    return InvalidArgument("a batch has {} bytes, at most {} are allowed", bytes, kBatchBytesMax);
  }
  Status space = services_.space == nullptr ? Status() : services_.space->Check(bytes);
  Lock lock(mutex_);
  RETURN_IF_ERROR(CheckUsable());
  if (header.writer_id >= 0) {
    if (AckIfDuplicateLocked(lock, header.writer_id, header.batch_sequence, done)) return {};
    RETURN_IF_ERROR(writers_.CheckDue(header.writer_id, header.batch_sequence));
  }
  RETURN_IF_ERROR(space);
  if (!services_.budget.TryTake(bytes)) {
    services_.metrics.refused_appends += 1;
    return Unavailable("too many bytes are waiting to be written: {} of {}",
                       services_.budget.bytes(), services_.budget.bytes_max());
  }
  last_timestamp_ms_ = std::max(last_timestamp_ms_, services_.clock.NowMs());
  format::RewriteLogBatch(batch, next_offset_, last_timestamp_ms_);
  header.base_offset = next_offset_;
  header.commit_timestamp_ms = last_timestamp_ms_;
  next_offset_ = header.next_offset();
  if (header.writer_id >= 0) {
    writers_.Add(header.writer_id,
                 {header.batch_sequence, header.base_offset, next_offset_, last_timestamp_ms_},
                 durable_end_);
    CountWritersLocked();
  }
  pending_.push_back({std::move(batch),
                      header,
                      {header.base_offset, next_offset_, false},
                      std::move(done),
                      MonotonicNs()});
  ScheduleLocked();
  return {};
}

bool LogTablet::AckIfDuplicate(int64_t writer_id, int32_t sequence, AppendCallback& done) {
  Lock lock(mutex_);
  if (!CheckUsable().ok()) return false;
  return AckIfDuplicateLocked(lock, writer_id, sequence, done);
}

bool LogTablet::AckIfDuplicateLocked(Lock& lock, int64_t writer_id, int32_t sequence,
                                     AppendCallback& done) {
  auto original = writers_.Find(writer_id, sequence);
  if (!original.has_value()) return false;
  services_.metrics.duplicate_batches += 1;
  AppendResult result{original->base_offset, original->next_offset, true};
  if (original->next_offset <= durable_end_) {
    lock.unlock();
    done(result);
    lock.lock();
    return true;
  }
  pending_.push_back({{}, {}, result, std::move(done), MonotonicNs()});
  ScheduleLocked();
  return true;
}

void LogTablet::ScheduleLocked() {
  if (std::exchange(scheduled_, true)) return;
  services_.flusher.Schedule(shared_from_this());
}

bool LogTablet::FlushOnce() {
  bool roll = false;
  std::vector<Pending> group = TakeGroup(&roll);
  Status status = roll ? Roll() : Status();
  if (status.ok() && !group.empty()) status = WriteGroup(group);
  if (!status.ok()) {
    FailAll(std::move(group), status);
  } else if (!group.empty()) {
    NoteEnd(group);
    Publish(group);
    Acknowledge(group);
    SyncEndIfDue();
  }
  bool checkpoint = false;
  {
    Lock lock(mutex_);
    checkpoint = durable_position_ >= checkpoint_position_ + options_.checkpoint_interval_bytes;
  }
  if (checkpoint) {
    Status saved = SaveCheckpoint();
    if (!saved.ok()) Log(LogLevel::kWarning, "storage", "no checkpoint: {}", saved.message());
  }
  Lock lock(mutex_);
  if (!pending_.empty() || roll_requested_) return true;
  scheduled_ = false;
  idle_.notify_all();
  return false;
}

std::vector<LogTablet::Pending> LogTablet::TakeGroup(bool* roll) {
  Lock lock(mutex_);
  std::vector<Pending> group;
  uint64_t segment_size = durable_position_;
  uint64_t limit = options_.segment_bytes;
  bool is_full =
      !pending_.empty() && segment_size > 0 && segment_size + pending_.front().bytes.size() > limit;
  *roll = (is_full || roll_requested_) && segment_size > 0;
  roll_requested_ = false;
  if (*roll) segment_size = 0;
  size_t bytes = 0;
  while (!pending_.empty() && group.size() < kGroupBatches && bytes < kGroupBytes) {
    size_t next = pending_.front().bytes.size();
    if (segment_size + bytes > 0 && segment_size + bytes + next > limit) break;
    bytes += next;
    group.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  return group;
}

Status LogTablet::WriteGroup(std::vector<Pending>& group) {
  std::vector<std::string_view> parts;
  std::vector<LogBatchHeader> headers;
  for (const Pending& entry : group) {
    if (entry.bytes.empty()) continue;
    parts.push_back(entry.bytes);
    headers.push_back(entry.header);
  }
  if (parts.empty()) return {};
  std::shared_ptr<LogSegment> segment;
  {
    Lock lock(mutex_);
    segment = segments_.back();
  }
  Failpoint("log.before_write");
  Status written = segment->Append(parts, headers);
  // When the file could not be cut back its end is unknown: the same as a failed sync.
  if (!written.ok() && written.kind() != ErrorKind::kCorruption) return written;
  Failpoint("log.before_fsync");
  int64_t start_ns = MonotonicNs();
  Status synced = written.ok() ? segment->Sync() : written;
  Failpoint("log.after_fsync");
  services_.metrics.log_syncs += 1;
  services_.metrics.log_sync_micros += MicrosSince(start_ns);
  if (synced.ok()) return {};
  Log(LogLevel::kError, "storage", "log stops taking writes dir={}: {}", directory_,
      synced.message());
  Lock lock(mutex_);
  poison_ =
      IoError("{} takes no writes until the server restarts: {}", directory_, synced.message());
  return poison_;
}

Status LogTablet::Roll() {
  std::shared_ptr<LogSegment> full;
  LogOffset base;
  {
    Lock lock(mutex_);
    full = segments_.back();
    base = durable_end_;
  }
  RETURN_IF_ERROR(full->SyncIndex());
  Failpoint("log.before_roll");
  ASSIGN_OR_RETURN(auto segment, LogSegment::Create(services_.fs, directory_, base));
  Failpoint("log.after_roll");
  {
    Lock lock(mutex_);
    segments_.push_back(std::move(segment));
    durable_position_ = 0;
    checkpoint_position_ = 0;
  }
  // A start without this checkpoint reads more, that is all.
  Status saved = SaveCheckpoint();
  if (!saved.ok()) Log(LogLevel::kWarning, "storage", "no checkpoint: {}", saved.message());
  return {};
}

Status LogTablet::SaveCheckpoint() {
  std::lock_guard one_at_a_time(checkpoint_mutex_);
  LogCheckpoint checkpoint;
  ByteWriter writers;
  std::shared_ptr<LogSegment> segment;
  {
    Lock lock(mutex_);
    segment = segments_.back();
    checkpoint = {segments_.front()->base_offset(),
                  segment->base_offset(),
                  durable_position_,
                  durable_end_,
                  durable_timestamp_ms_,
                  {}};
    writers_.Encode(durable_end_, writers);
  }
  RETURN_IF_ERROR(segment->SyncIndex());
  RETURN_IF_ERROR(checkpoint.Save(services_.fs, directory_, writers.view()));
  Lock lock(mutex_);
  checkpoint_position_ = checkpoint.position;
  return {};
}

void LogTablet::NoteEnd(const std::vector<Pending>& group) {
  LogOffset end = -1;
  for (const Pending& entry : group) {
    if (!entry.bytes.empty()) end = entry.header.next_offset();
  }
  if (end < 0) return;
  Status noted = end_.Note(end);
  // The batches are durable all the same; only a later loss of them might go unnoticed.
  if (!noted.ok()) Log(LogLevel::kWarning, "storage", "end not noted: {}", noted.message());
}

void LogTablet::SyncEndIfDue() {
  int64_t now_ms = MonotonicMs();
  if (now_ms < end_synced_ms_ + kEndSyncMs) return;
  end_synced_ms_ = now_ms;
  SyncEnd();
}

void LogTablet::SyncEnd() {
  Status synced = end_.Sync();
  if (!synced.ok()) Log(LogLevel::kWarning, "storage", "end not synced: {}", synced.message());
}

void LogTablet::Publish(const std::vector<Pending>& group) {
  {
    Lock lock(mutex_);
    for (const Pending& entry : group) {
      if (entry.bytes.empty()) continue;
      durable_end_ = entry.header.next_offset();
      durable_position_ += entry.bytes.size();
      durable_timestamp_ms_ = entry.header.commit_timestamp_ms;
    }
  }
  WakeListeners();
}

void LogTablet::WakeListeners() {
  std::vector<std::weak_ptr<Wakeable>> listeners;
  {
    Lock lock(mutex_);
    std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
    listeners = listeners_;
  }
  for (const auto& listener : listeners) {
    if (auto signal = listener.lock()) signal->Raise();
  }
}

void LogTablet::Acknowledge(std::vector<Pending>& group) {
  StorageMetrics& metrics = services_.metrics;
  for (Pending& entry : group) {
    if (!entry.bytes.empty()) {
      services_.budget.Give(std::ssize(entry.bytes));
      metrics.appended_batches += 1;
      metrics.appended_records += entry.header.record_count;
      metrics.appended_bytes += std::ssize(entry.bytes);
    }
    metrics.ObserveAppend(MicrosSince(entry.since_ns));
    entry.done(entry.result);
  }
}

void LogTablet::FailAll(std::vector<Pending> group, const Status& cause) {
  {
    Lock lock(mutex_);
    failing_ = true;
    for (Pending& entry : pending_) group.push_back(std::move(entry));
    pending_.clear();
    next_offset_ = durable_end_;
    last_timestamp_ms_ = durable_timestamp_ms_;
    writers_.CutAt(durable_end_);
  }
  // Appends are refused until all callbacks ran: what was built upon the failed batches must be
  // dropped first.
  for (Pending& entry : group) {
    services_.budget.Give(std::ssize(entry.bytes));
    services_.metrics.failed_appends += 1;
    entry.done(cause);
  }
  Lock lock(mutex_);
  failing_ = false;
}

Result<LogSlice> LogTablet::Read(LogOffset offset, int64_t max_bytes) {
  std::shared_ptr<LogSegment> segment;
  LogOffset end_offset;
  uint64_t end_position;
  if (auto cold = ColdFor(offset)) return cold->Read(offset, max_bytes);
  {
    Lock lock(mutex_);
    if (closed_) return Unavailable("the log {} is closed", directory_);
    LogOffset start = segments_.front()->base_offset();
    if (offset < start || offset > durable_end_) {
      return OutOfRange("offset {} is outside of the log, which holds {} to {}", offset, start,
                        durable_end_);
    }
    if (offset == durable_end_) return LogSlice{};
    auto behind = std::upper_bound(
        segments_.begin(), segments_.end(), offset,
        [](LogOffset wanted, const auto& entry) { return wanted < entry->base_offset(); });
    segment = *std::prev(behind);
    bool is_last = behind == segments_.end();
    end_offset = is_last ? durable_end_ : (*behind)->base_offset();
    end_position = is_last ? durable_position_ : segment->size_bytes();
  }
  return segment->Read(offset, max_bytes, end_offset, end_position);
}

Result<LogOffset> LogTablet::OffsetAt(int64_t timestamp_ms) {
  std::vector<std::shared_ptr<LogSegment>> segments;
  LogOffset end;
  uint64_t last_position;
  if (auto cold = ColdFor(log_start())) {
    ASSIGN_OR_RETURN(LogOffset found, cold->OffsetAt(timestamp_ms));
    if (found < local_start()) return found;
  }
  {
    Lock lock(mutex_);
    segments = segments_;
    end = durable_end_;
    last_position = durable_position_;
  }
  for (size_t i = 0; i < segments.size(); ++i) {
    bool is_last = i + 1 == segments.size();
    LogOffset end_offset = is_last ? end : segments[i + 1]->base_offset();
    uint64_t position = is_last ? last_position : segments[i]->size_bytes();
    ASSIGN_OR_RETURN(LogOffset found, segments[i]->OffsetAt(timestamp_ms, end_offset, position));
    if (found < end_offset) return found;
  }
  return end;
}

LogOffset LogTablet::log_start() {
  Lock lock(mutex_);
  return StartLocked();
}

LogOffset LogTablet::local_start() {
  Lock lock(mutex_);
  return segments_.front()->base_offset();
}

LogOffset LogTablet::durable_end() {
  Lock lock(mutex_);
  return durable_end_;
}

LogOffset LogTablet::next_offset() {
  Lock lock(mutex_);
  return next_offset_;
}

int64_t LogTablet::size_bytes() {
  Lock lock(mutex_);
  int64_t bytes = 0;
  for (const auto& segment : segments_) bytes += static_cast<int64_t>(segment->size_bytes());
  return bytes;
}

std::vector<LogGap> LogTablet::Damage() {
  Lock lock(mutex_);
  std::vector<LogGap> damage;
  for (const auto& segment : segments_) {
    for (const LogGap& gap : segment->gaps()) damage.push_back(gap);
  }
  return damage;
}

void LogTablet::Listen(std::weak_ptr<Wakeable> signal) {
  Lock lock(mutex_);
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  listeners_.push_back(std::move(signal));
}

std::optional<int32_t> LogTablet::LastSequence(int64_t writer_id) {
  Lock lock(mutex_);
  return writers_.LastSequence(writer_id);
}

void LogTablet::CountWritersLocked() {
  int64_t bytes = writers_.MemoryBytes();
  services_.metrics.writer_state_bytes += bytes - counted_writer_bytes_;
  counted_writer_bytes_ = bytes;
}

void LogTablet::WaitUntilIdle(Lock& lock) {
  idle_.wait(lock, [this] { return !scheduled_; });
}

Status LogTablet::Close() {
  {
    Lock lock(mutex_);
    if (std::exchange(closed_, true)) return {};
    WaitUntilIdle(lock);
  }
  WakeListeners();
  if (!poison_.ok()) return {};
  return SaveCheckpoint();
}

void LogTablet::Abandon() {
  {
    Lock lock(mutex_);
    closed_ = true;
    WaitUntilIdle(lock);
  }
  WakeListeners();
}

}  // namespace forebay::storage
