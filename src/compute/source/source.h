#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "compute/exchange/waker.h"
#include "compute/source/bad_record.h"
#include "model/batch.h"

namespace forebay::compute {

/// A part of a source that one reader reads, and how far it has been read. `position` is in the
/// source's own words; a reader that is given it goes on exactly there.
struct SourceSplit {
  std::string id;
  std::string position;
};

/// Takes what a reader reads. Called by the reader's shard.
class SourceOutput {
 public:
  virtual ~SourceOutput() = default;
  /// A batch of at most Batch::kMaxRows rows of split number `split` (the index in Open's list,
  /// which AddSplit makes longer).
  virtual Status Emit(int split, model::Batch batch) = 0;
  /// Nothing will follow from this split.
  virtual void FinishSplit(int split) = 0;
  /// A split that the reader found by itself; its number is the next one. It holds no watermark
  /// back before it has given something.
  virtual void AddSplit(const std::string& id) = 0;
  /// Who takes records that cannot be read; null: the first one is the reader's error.
  virtual BadRecords* bad_records() { return nullptr; }
};

enum class PollOutcome {
  kProgress,  ///< poll again soon
  kNothing,   ///< nothing now: wait for the waker or NextPollMs
  kEnd,       ///< every split is finished
};

/// Reads some splits of a source. Belongs to one shard thread; a reader that waits for I/O does so
/// in a thread of its own and wakes the shard.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  /// Once. `waker` outlives the reader.
  virtual Status Open(std::vector<SourceSplit> splits, Waker& waker) = 0;
  /// Emits at most a few batches; never waits.
  virtual Result<PollOutcome> Poll(SourceOutput& output) = 0;
  /// The splits with their positions after what was emitted.
  virtual std::vector<SourceSplit> Positions() const = 0;
  /// False while the reader is at a place it could not come back to; the barrier waits.
  virtual bool CanCheckpoint() const { return true; }
  /// After kNothing: poll again at this time even if not woken (MonotonicMs), or -1.
  virtual int64_t NextPollMs() const { return -1; }
};

/// One scan of a plan: knows the splits (Flink's SplitEnumerator) and makes readers.
/// Thread-compatible.
class Source {
 public:
  virtual ~Source() = default;
  /// The splits at the start of a job, with the positions to start from.
  virtual Result<std::vector<SourceSplit>> EnumerateSplits(int num_shards) = 0;
  virtual Result<std::unique_ptr<SourceReader>> MakeReader() = 0;
  /// Whether the source ends by itself.
  virtual bool IsBounded() const { return true; }
};

}  // namespace forebay::compute
