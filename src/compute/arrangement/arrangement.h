#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/connection.h"
#include "compute/arrangement/versioned_rows.h"
#include "compute/runtime/environment.h"
#include "compute/state/state_memory.h"

namespace forebay::compute {

/// What jobs share: the rows of a table by some of its columns. Jobs that name the same use one
/// arrangement.
struct ArrangementSpec {
  model::TableInfo table;
  std::vector<int> key_columns;

  /// Equal for equal specs; a table that was dropped and made again is another.
  std::string Identity() const;
  /// For people: "db.customers by (id)".
  std::string ToString() const;
};

/// One index of a table with a primary key for all jobs that join with it by the same columns (the
/// shared arrangements of Differential Dataflow). A thread reads the table's snapshot and then its
/// changelog once for all; each job reads the index at the frontier that it has reached itself, so
/// a job that is behind, or begins again at a checkpoint, sees the rows of then. What no job needs
/// any more is forgotten; when one comes with an older frontier, the changelog from there on, which
/// its source reads as well, gives back what was.
///
/// Rows lie in state memory with a budget of its own, like a job's. Thread-safe.
class Arrangement {
 public:
  /// `environment` outlives the arrangement.
  static Result<std::shared_ptr<Arrangement>> Make(const ComputeEnvironment& environment,
                                                   ArrangementSpec spec);
  ~Arrangement();

  /// Lets reader `id` in, at `from` or, when it has none yet, at the newest frontier, which it
  /// returns; waits until the index is there. From then on all versions from that frontier on are
  /// kept.
  Result<Frontier> Attach(int64_t id, const std::optional<Frontier>& from);
  /// Reader `id` never goes back behind `frontier`.
  void Confirm(int64_t id, Frontier frontier);
  void Detach(int64_t id);

  /// See VersionedRows::Find; waits until the index is at `frontier`. kUnavailable when it does not
  /// get there.
  Status Find(const EncodedKeys& keys, std::span<const uint32_t> rows, const Frontier& frontier,
              FoundVersions& found);
  const ArrangementSpec& spec() const { return spec_; }
  const RowCodec& rows() const { return rows_->rows(); }
  int num_buckets() const { return spec_.table.descriptor.bucket_count; }
  int64_t bytes() const { return bytes_; }
  int num_readers() const;
  /// Whether it can go on being used.
  bool IsSound() const;

 private:
  Arrangement(const ComputeEnvironment& environment, ArrangementSpec spec)
      : environment_(environment), spec_(std::move(spec)) {}

  Status Load();
  Status ReadSnapshot(int bucket);
  void Follow();
  Status Take(client::ScanRecords records);
  Status TakePiece(int bucket, const LogPiece& piece, model::LogOffset next);
  /// Reads the changelog of a bucket from `from` to `to`.
  Result<std::vector<LogPiece>> ReadPast(int bucket, model::LogOffset from, model::LogOffset to);
  Status Deepen(const Frontier& base, const Frontier& from);
  void Compact();
  std::vector<int> AllColumns() const;

  const ComputeEnvironment& environment_;
  const ArrangementSpec spec_;
  std::mutex attach_mutex_;  ///< one reader after the other comes in; before mutex_
  bool loaded_ = false;      ///< guarded by attach_mutex_
  std::unique_ptr<client::LogScanner> scanner_;

  mutable std::shared_mutex mutex_;
  std::condition_variable_any moved_;
  // Guarded by mutex_:
  std::unique_ptr<StateMemory> memory_;
  std::unique_ptr<VersionedRows> rows_;  ///< after memory_, where its rows are
  Frontier base_;                        ///< the oldest frontier the index can tell of
  Frontier applied_;
  std::map<int64_t, Frontier> readers_;
  Status status_;

  std::atomic<int64_t> bytes_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace forebay::compute
