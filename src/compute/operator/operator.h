#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/result.h"
#include "compute/state/state_io.h"
#include "model/batch.h"

namespace forebay::compute {

/// Event time in milliseconds since the epoch. kMaxWatermark is the end of a bounded input: it
/// fires everything.
using Watermark = int64_t;
inline constexpr Watermark kMinWatermark = std::numeric_limits<int64_t>::min();
inline constexpr Watermark kMaxWatermark = std::numeric_limits<int64_t>::max();

/// Where an operator sends its results: the next operator in the chain, or an exchange to other
/// shards.
class Output {
 public:
  virtual ~Output() = default;
  /// Takes a batch of 1 to Batch::kMaxRows rows.
  virtual Status Emit(model::Batch batch) = 0;
};

/// What the runtime gives an operator. Everything outlives the operator.
struct OperatorContext {
  Output* output = nullptr;
  int shard = 0;  ///< which of `num_shards` instances this is; rows are routed by key hash
  int num_shards = 1;
  /// Processing time in milliseconds: the clock in production, a fixed or stepped one in tests.
  int64_t (*now_ms)() = nullptr;
};

/// One instance of a streaming operator: owned and called by one shard thread at a time, so it
/// needs no locks. Batches are pushed in; results are pushed to the output before the call returns
/// (run to completion).
///
/// Life: Open, [Restore], then Process / ProcessWatermark / Tick / BeginSnapshot in any order,
/// Finish once when every input has ended, after ProcessWatermark(kMaxWatermark).
class Operator {
 public:
  virtual ~Operator() = default;

  virtual Status Open(const OperatorContext& context) {
    context_ = context;
    return Status::Ok();
  }
  /// A batch on input `input` (0, or 1 for the right side of a join).
  virtual Status Process(int input, model::Batch batch) = 0;
  /// The smallest watermark over all inputs rose to `watermark`. The runtime forwards it downstream
  /// after this call.
  virtual Status ProcessWatermark(Watermark watermark) {
    (void)watermark;
    return Status::Ok();
  }
  /// What consumers may take for reached when `watermark` is: less for operators that still send
  /// rows of before it.
  virtual Watermark OutputWatermark(Watermark watermark) const { return watermark; }
  /// Called now and then with the processing time, for processing-time windows and timeouts.
  virtual Status Tick(int64_t now_ms) {
    (void)now_ms;
    return Status::Ok();
  }
  virtual Status Finish() { return Status::Ok(); }

  /// Writes what changed in the keyed state since the last snapshot, and the small rest whole.
  /// Called at a checkpoint barrier, between batches. The work may be left to ContinueSnapshot:
  /// rows go on in between, and what is written is the state of this moment. `writer` lives until
  /// the work is done.
  virtual Status BeginSnapshot(StateWriter& writer) {
    (void)writer;
    return Status::Ok();
  }
  /// Works on until MonotonicNs() is past `deadline_ns`; whether all is written.
  virtual bool ContinueSnapshot(int64_t deadline_ns) {
    (void)deadline_ns;
    return true;
  }
  /// Both at once.
  Status Snapshot(StateWriter& writer) {
    RETURN_IF_ERROR(BeginSnapshot(writer));
    ContinueSnapshot(std::numeric_limits<int64_t>::max());
    return Status::Ok();
  }
  /// Fills the state of a fresh operator from the merged snapshots.
  virtual Status Restore(StateReader& reader) {
    (void)reader;
    return Status::Ok();
  }
  /// Bytes of state held, roughly.
  virtual int64_t StateBytes() const { return 0; }

 protected:
  OperatorContext context_;
};

}  // namespace forebay::compute
