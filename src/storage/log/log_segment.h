#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "format/batch/log_batch.h"
#include "io/file_system.h"
#include "storage/log/log_index.h"

namespace forebay::storage {

/// Offsets of a segment whose bytes are damaged: [first, next), lying at bytes [position,
/// next_position).
struct LogGap {
  model::LogOffset first = 0;
  model::LogOffset next = 0;
  uint64_t position = 0;
  uint64_t next_position = 0;
};

/// Whole consecutive batches as they lie in the log.
struct LogSlice {
  std::shared_ptr<const std::string> bytes;
  /// One a batch, with where it begins in `bytes`.
  struct Batch {
    format::LogBatchHeader header;
    size_t position;
  };
  std::vector<Batch> batches;
};

/// One file of a bucket's log, `<base offset, 20 digits>.log`, with its indexes. The last segment
/// of a log is written by one thread; any number of threads read below the durable end they are
/// given. Thread-safe in this sense.
///
/// Damage found by a reader or by recovery is kept as gaps in `<base offset>.damage`, reported
/// once, never served as data and never repaired in place.
class LogSegment {
 public:
  static Result<std::shared_ptr<LogSegment>> Create(io::FileSystem& fs,
                                                    const std::string& directory,
                                                    model::LogOffset base_offset);
  /// Opens an existing segment without reading its batches.
  static Result<std::shared_ptr<LogSegment>> Open(io::FileSystem& fs, const std::string& directory,
                                                  model::LogOffset base_offset);
  static std::string FileStem(model::LogOffset base_offset);

  model::LogOffset base_offset() const { return base_offset_; }
  uint64_t size_bytes() const { return file_->size(); }
  const std::string& path() const { return path_; }
  io::File& file() { return *file_; }

  /// Writes batches at the end; see io::File::Append for failures.
  Status Append(std::span<const std::string_view> batches,
                std::span<const format::LogBatchHeader> headers);
  /// Makes what was appended durable.
  Status Sync() { return file_->Sync(); }
  /// Makes the indexes durable.
  Status SyncIndex();

  /// Batches from the one that holds `offset` on, at least one and at most about `max_bytes`, of a
  /// segment that ends at `end_offset` and byte `end_position`. kCorruption names file, place and
  /// where the next readable offset is.
  Result<LogSlice> Read(model::LogOffset offset, int64_t max_bytes, model::LogOffset end_offset,
                        uint64_t end_position);
  /// The base offset of the first batch at or after a time; `end_offset` when there is none.
  Result<model::LogOffset> OffsetAt(int64_t timestamp_ms, model::LogOffset end_offset,
                                    uint64_t end_position);
  /// The largest timestamp, from the last batches only; 0 for an empty segment.
  Result<int64_t> MaxTimestamp(model::LogOffset end_offset, uint64_t end_position);

  /// For recovery: takes the index up to a byte position from its files, or builds it anew.
  Status RecoverIndex(uint64_t position);
  /// For recovery: cuts the file at a batch border.
  Status CutAt(uint64_t position);
  /// For recovery: enters a batch that lies in the file already.
  void AddToIndex(const format::LogBatchHeader& header, uint64_t position);
  /// Lets go of the index of a segment that is not written any more, when nobody has used it since
  /// the last call.
  void ReleaseIndexIfIdle();
  /// Notes damage and makes it durable.
  void AddGap(const LogGap& gap);
  std::vector<LogGap> gaps();
  /// Removes the files.
  Status Remove();

 private:
  LogSegment(io::FileSystem& fs, std::string path, model::LogOffset base_offset,
             std::unique_ptr<io::File> file);

  struct Start {
    model::LogOffset offset;
    uint64_t position;
  };
  Status LoadIndex(model::LogOffset end_offset, uint64_t end_position);
  Status RebuildIndex(uint64_t end_position);
  void LoadGaps();
  Status SaveGaps();
  Start StartOf(model::LogOffset offset);
  Status GapError(const LogGap& gap) const;
  const LogGap* FindGap(model::LogOffset offset) const;
  /// Moves `at` to the batch that holds `offset`, or to the damage before it.
  Status SkipTo(model::LogOffset offset, uint64_t end_position, Start& at);
  Result<LogSlice> ReadFrom(Start at, int64_t max_bytes, model::LogOffset end_offset,
                            uint64_t end_position);
  Result<std::shared_ptr<const std::string>> ReadPiece(uint64_t position, int64_t max_bytes,
                                                       uint64_t end_position);
  /// kOutOfRange when the batch is longer than `bytes`.
  static Result<format::LogBatchHeader> CheckBatch(std::string_view bytes, model::LogOffset due);
  LogGap OnDamage(Start at, const Status& cause, model::LogOffset end_offset,
                  uint64_t end_position);

  io::FileSystem& fs_;
  const std::string path_;  ///< without the ending
  const model::LogOffset base_offset_;
  const std::unique_ptr<io::File> file_;
  std::mutex mutex_;  ///< guards all below
  LogIndex index_;
  bool index_loaded_ = false;
  bool index_used_ = false;
  std::vector<LogGap> gaps_;
  uint64_t latest_position_ = UINT64_MAX;  ///< the end for which latest_ms_ holds
  int64_t latest_ms_ = 0;
};

}  // namespace forebay::storage
