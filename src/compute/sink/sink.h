#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "compute/checkpoint/checkpoint_file.h"
#include "compute/operator/operator.h"

namespace forebay::compute {

/// What sinks may ask of the job that runs them. Thread-safe.
class SinkControl {
 public:
  virtual ~SinkControl() = default;
  /// The sink holds as much as it should: sources pause until ReleaseSources. Every hold needs its
  /// release.
  virtual void HoldSources() = 0;
  virtual void ReleaseSources() = 0;
  /// Asks for a checkpoint (and so a commit) now.
  virtual void RequestCheckpoint() = 0;
  /// The job was restored from a checkpoint older than the newest: later epochs may have been
  /// committed, so identities that make commits idempotent must not be used again.
  virtual bool IsFallback() const = 0;
};

/// The end of a chain. A sink that must not show rows before the checkpoint that contains them is
/// durable gives them to EndEpoch, whose work makes pre-commit data of them; its Committer makes
/// them visible afterwards. Belongs to one shard thread.
class SinkWriter : public Operator {
 public:
  /// Work on an epoch that its rows' successors need not wait for: writes pre-commit data, and what
  /// of the writer's state depends on it.
  using EpochWork = std::function<Status(CheckpointEntries& commits, StateWriter& state)>;
  /// At a barrier, before BeginSnapshot: takes all rows since the last barrier. What it gives
  /// (null: nothing) is called once, from the coordinator's thread, while the next epoch's rows
  /// come, and before the next barrier; it may be thrown away when the job ends.
  virtual Result<EpochWork> EndEpoch() { return EpochWork(); }
  /// No input has a say in the watermark for now.
  virtual void SetIdle(bool idle) { (void)idle; }
};

/// Commits one sink's epochs, in order, one at a time, from the job's coordinator thread.
class Committer {
 public:
  virtual ~Committer() = default;
  /// Makes the rows of pre-commit entries visible; returns when they are durable. Committing again
  /// what was committed before changes nothing. `cancelled` ends a wait for a busy destination with
  /// kCancelled.
  virtual Status Commit(StateReader& commits, const std::atomic<bool>& cancelled) = 0;
};

/// The table of pre-commit entries in StateReader::ForEach.
inline constexpr std::string_view kCommitTable = "commit";

/// One sink of a plan. Thread-compatible; outlives its writers.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int num_shards,
                                                         SinkControl& control) = 0;
  /// Null when rows are visible as soon as they are written.
  virtual Result<std::unique_ptr<Committer>> MakeCommitter() { return {nullptr}; }
};

}  // namespace forebay::compute
