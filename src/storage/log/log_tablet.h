#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/signal.h"
#include "storage/disk_space.h"
#include "storage/log/cold_log.h"
#include "storage/log/end_record.h"
#include "storage/log/log_flusher.h"
#include "storage/log/log_recovery.h"
#include "storage/storage_metrics.h"

namespace forebay::storage {

/// How one table's logs are kept.
struct LogOptions {
  int64_t segment_bytes = int64_t{1} << 30;
  /// A start reads at most about this much of every bucket's log.
  int64_t checkpoint_interval_bytes = 16 << 20;
  /// Rows older than this expire; -1: never.
  int64_t ttl_ms = int64_t{7} * 24 * 3600 * 1000;
  /// Rows in the lake that are older than this expire; -1: only `ttl_ms` counts.
  int64_t local_ttl_ms = -1;
  /// Rows that are not in the lake yet never expire.
  bool datalake_enabled = false;
  /// Segments that stay on the disk although the cold log has them, the current one included.
  int local_segments = 2;
};

/// What the tablets of a server share; all must outlive them.
struct LogServices {
  io::FileSystem& fs;
  const Clock& clock;
  LogFlusher& flusher;
  InFlightBudget& budget;
  StorageMetrics& metrics;
  const DiskSpace* space = nullptr;  ///< appends are refused when it says so; null: never
};

/// Where an append landed.
struct AppendResult {
  model::LogOffset base_offset = 0;
  model::LogOffset next_offset = 0;
  bool duplicate = false;
};
/// A segment that is not written any more.
struct ClosedSegment {
  model::LogOffset base = 0;
  model::LogOffset end = 0;
  uint64_t size_bytes = 0;
  std::string stem;  ///< its path without the ending
};
using AppendCallback = std::function<void(Result<AppendResult>)>;

/// The log of one bucket: segments of checksummed batches, and the state of its idempotent writers.
///
/// An append gets its offset at once and is acknowledged after it is synced; readers see only
/// synced batches, and are woken when there are some. After a failed write (a full disk) all that
/// was not synced fails, and appends go on. After a failed sync nothing is acknowledged any more
/// until a restart, since nobody knows what the disk holds. Thread-safe.
class LogTablet : public Flushable, public std::enable_shared_from_this<LogTablet> {
 public:
  static Result<std::shared_ptr<LogTablet>> Open(LogServices services, std::string directory,
                                                 LogOptions options);
  ~LogTablet() override;

  /// Appends one batch (its offset and timestamp are set here). An error means that nothing
  /// happened and `done` will not be called; else `done` runs on a flusher thread, in the order of
  /// the appends of this tablet, and must not block.
  Status Append(std::string batch, AppendCallback done);
  /// Calls `done` as soon as the remembered batch of this writer is durable; false when there is
  /// none.
  bool AckIfDuplicate(int64_t writer_id, int32_t sequence, AppendCallback& done);
  /// The last sequence that came from a writer, if it is remembered.
  std::optional<int32_t> LastSequence(int64_t writer_id);

  /// Where the part of the log lies that is not on this disk any more. At most once, before reads.
  void SetColdLog(std::shared_ptr<ColdLog> cold);
  /// Closed segments from `from` on that hold nothing but sound, durable batches.
  std::vector<ClosedSegment> ClosedSegments(model::LogOffset from, size_t count_max);
  /// Whether rows below `end` in the cold log, the last from `max_timestamp_ms`, have expired.
  bool MayExpireCold(model::LogOffset end, int64_t max_timestamp_ms);

  /// Whole batches from the one that holds `offset` on; none when there are none yet. kOutOfRange
  /// outside [log_start, durable_end]; kCorruption at damage.
  Result<LogSlice> Read(model::LogOffset offset, int64_t max_bytes);
  /// The first offset with a timestamp at or after `timestamp_ms`; the end when there is none.
  Result<model::LogOffset> OffsetAt(int64_t timestamp_ms);
  /// The first offset there is, on this disk or in the cold log.
  model::LogOffset log_start();
  /// The first offset on this disk.
  model::LogOffset local_start();
  /// The high watermark: everything below is durable.
  model::LogOffset durable_end();
  /// One past the last appended offset.
  model::LogOffset next_offset();
  int64_t size_bytes();
  std::vector<LogGap> Damage();

  /// Raises `signal` whenever there is more to read, as long as it lives.
  void Listen(std::weak_ptr<Wakeable> signal);

  /// From now on; segments that are full stay as they are.
  void SetOptions(const LogOptions& options);
  /// Rows below are in the lake.
  void SetLakeOffset(model::LogOffset offset);
  /// Rows from here on are needed by somebody and must not expire; INT64_MAX to begin with.
  void SetRetained(model::LogOffset offset);
  /// Likewise, for readers that go on behind a snapshot of the rows.
  void SetReaderRetained(model::LogOffset offset);
  /// Removes the segments that may go, and closes the current one when it could go, too.
  Status Expire();

  /// Waits for what is under way, then makes a checkpoint. Later appends and reads fail with
  /// kUnavailable.
  Status Close();
  /// Waits for what is under way and drops the files' handles without a checkpoint: for dropped
  /// tables.
  void Abandon();

  bool FlushOnce() override;

 private:
  struct Pending {
    std::string bytes;  ///< empty: waits for a duplicate's original
    format::LogBatchHeader header;
    AppendResult result;
    AppendCallback done;
    int64_t since_ns = 0;  ///< by MonotonicNs
  };
  using Lock = std::unique_lock<std::mutex>;

  LogTablet(LogServices services, std::string directory, LogOptions options, RecoveredLog log);

  Status CheckUsable() const;
  void ScheduleLocked();
  bool AckIfDuplicateLocked(Lock& lock, int64_t writer_id, int32_t sequence, AppendCallback& done);
  std::vector<Pending> TakeGroup(bool* roll);
  Status WriteGroup(std::vector<Pending>& group);
  Status Roll();
  Status SaveCheckpoint();
  void NoteEnd(const std::vector<Pending>& group);
  void SyncEndIfDue();
  void SyncEnd();
  void Publish(const std::vector<Pending>& group);
  void WakeListeners();
  void Acknowledge(std::vector<Pending>& group);
  void FailAll(std::vector<Pending> group, const Status& cause);
  model::LogOffset StartLocked();
  std::shared_ptr<ColdLog> ColdFor(model::LogOffset offset);
  static bool IsOlder(LogSegment& segment, model::LogOffset end_offset, uint64_t end_position,
                      int64_t time_ms);
  bool MayForget(model::LogOffset end_offset) const;
  int64_t TtlMs(model::LogOffset end_offset) const;
  bool MayExpire(LogSegment& segment, model::LogOffset end_offset, uint64_t end_position,
                 int64_t now_ms) const;
  bool MayLeaveDisk(size_t index, model::LogOffset cold_end, int64_t now_ms) const;
  void CountWritersLocked();
  void WaitUntilIdle(Lock& lock);

  const LogServices services_;
  const std::string directory_;
  LogOptions options_;  ///< guarded by `mutex_`
  EndRecord end_;
  int64_t end_synced_ms_ = 0;  ///< touched by FlushOnce only

  std::mutex checkpoint_mutex_;  ///< held while the checkpoint file is written; taken before mutex_
  std::mutex mutex_;             ///< guards all below
  std::condition_variable idle_;
  std::vector<std::shared_ptr<LogSegment>> segments_;
  std::shared_ptr<ColdLog> cold_;
  std::deque<Pending> pending_;
  WriterStates writers_;
  int64_t counted_writer_bytes_ = 0;  ///< of writers_, in the metrics
  model::LogOffset next_offset_ = 0;
  model::LogOffset durable_end_ = 0;
  uint64_t durable_position_ = 0;  ///< in the last segment
  uint64_t checkpoint_position_ = 0;
  int64_t last_timestamp_ms_ = 0;
  int64_t durable_timestamp_ms_ = 0;
  model::LogOffset lake_offset_ = 0;
  model::LogOffset retained_ = INT64_MAX;
  model::LogOffset reader_retained_ = INT64_MAX;
  bool scheduled_ = false;
  bool roll_requested_ = false;
  bool failing_ = false;  ///< callbacks of a failed group are running
  bool closed_ = false;
  Status poison_;  ///< of the failed sync
  std::vector<std::weak_ptr<Wakeable>> listeners_;
};

}  // namespace forebay::storage
