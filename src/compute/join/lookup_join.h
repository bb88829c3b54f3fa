#pragma once

#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compute/expression/evaluator.h"
#include "compute/join/lookup_table.h"
#include "compute/operator/waiting_operator.h"
#include "compute/state/outside_charge.h"
#include "compute/state/row_codec.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Looks the rows of a batch up by primary key or by a part of it, all at once
/// (StreamExecLookupJoin). Rows with a NULL key find nothing. A retraction is looked up again: what
/// it finds may be newer than what the row it takes back had found, as in Flink.
///
/// Under a LOOKUP hint a row that finds nothing waits here and is looked up again, as often as the
/// hint says; those behind it are looked up, and wait until it is answered, unless the hint allows
/// another order. Rows that wait are in checkpoints; after a restore all their attempts begin anew.
class LookupJoinOperator : public WaitingOperator {
 public:
  /// `connection` must outlive the operator.
  static Result<std::unique_ptr<Operator>> Make(const sql::LookupJoinNode& node,
                                                const EvaluationContext& context,
                                                client::Connection* connection);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Watermark OutputWatermark(Watermark watermark) const override;
  Status Tick(int64_t now_ms) override;
  bool HoldsRows() const override { return !waiting_.empty(); }
  bool IsFull() const override { return held_rows_ >= kHeldRowsMax; }
  Status BeginSnapshot(StateWriter& writer) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override { return held_bytes_ + table_->bytes(); }

  /// Few enough that a checkpoint writes them in some milliseconds.
  static constexpr int64_t kHeldRowsMax = 4 * model::Batch::kMaxRows;

 private:
  /// Rows and what they have found so far.
  struct Asked {
    model::Batch rows;
    std::vector<uint32_t> missed;  ///< rows that are to be looked up (again)
    model::Batch keys;             ///< of these
    model::Batch found;
    std::vector<uint32_t> own;  ///< the row of each found one, ascending
    int64_t attempts_left = 0;
    int64_t due_ms = 0;
    Watermark before = kMinWatermark;  ///< had been reached when they came
    std::vector<int64_t> places;       ///< of rows that wait, in the order in which they came
    int64_t bytes = 0;
  };

  LookupJoinOperator() = default;
  Result<Asked> Ask(model::Batch batch) const;
  /// An attempt for the rows that have found nothing.
  Status LookUp(Asked& asked, bool again);
  void AddFound(Asked& asked, LookupTable::Found late) const;
  /// Puts them behind those that wait.
  void Hold(Asked asked);
  Status HoldRestored(const std::vector<std::string_view>& stored, Watermark before);
  /// The rows that can be answered when all before them were.
  std::vector<uint32_t> ReadyRows(const Asked& asked) const;
  /// `rows` of `asked`, ascending.
  static Asked PartOf(const Asked& asked, const std::vector<uint32_t>& rows);
  void Count(Asked& asked);
  void Uncount(const Asked& asked);
  /// Answers the rows that need not wait.
  Status Release();
  Status Answer(const Asked& asked);
  /// The joined rows that pass the condition, and the row of each in `own`.
  Result<model::Batch> Joined(const Asked& asked, std::vector<uint32_t>& own);
  std::string KeyOf(int64_t place) const;

  std::vector<model::DataType> types_;
  size_t input_columns_ = 0;
  bool left_outer_ = false;
  bool unordered_ = false;
  int64_t retries_ = 0;
  int64_t retry_delay_ms_ = 0;
  std::unique_ptr<LookupTable> table_;
  std::unique_ptr<Evaluator> keys_;
  std::unique_ptr<Evaluator> condition_;
  Watermark watermark_ = kMinWatermark;

  std::list<Asked> waiting_;  ///< as they came
  int64_t held_rows_ = 0;
  int64_t held_bytes_ = 0;
  OutsideCharge held_charge_;
  int64_t next_place_ = 0;
  RowCodec input_codec_;
  std::set<int64_t> stored_;        ///< places of rows in the last snapshot
  std::vector<std::string> stale_;  ///< keys in it of rows that were restored
};

}  // namespace forebay::compute
