#pragma once

#include <memory>

#include "compute/arrangement/arrangements.h"
#include "compute/expression/evaluator.h"
#include "compute/operator/operator.h"
#include "compute/state/emptied_entries.h"
#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Joins two inputs on equal keys: inner, outer, semi, anti, with retractions (StreamExecJoin). One
/// table holds for every key the rows of both sides, so a batch needs one lookup per row: a row
/// goes into its own side's list and meets the other side's. Rows are encoded. For the sides that
/// outer, semi and anti joins pad or test, a row's tag counts its matches. NULL keys never match:
/// such rows are only kept when they must be sent unmatched, which needs no state. With a TTL, of
/// its own for each side, every row goes a TTL after it came, or after its matches were last
/// counted.
class JoinOperator : public Operator {
 public:
  /// `condition` evaluates the node's condition; null when it has none.
  static Result<std::unique_ptr<Operator>> Make(const sql::JoinNode& node,
                                                std::shared_ptr<Evaluator> condition);
  /// Before Restore and all rows: the rows of one side lie in an arrangement, not in this state.
  /// That side must be one whose rows are neither padded nor counted.
  void Share(std::unique_ptr<ArrangedSide> side) { shared_ = std::move(side); }
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  struct Sides {
    RowList lists[2];
  };
  /// A row of the batch and a stored row of the other side; either may be missing in output (-1,
  /// null).
  struct Pair {
    int row;
    StoredRow* stored;
  };

  JoinOperator(const sql::JoinNode& node, KeyCodec codec);
  Sides* SidesOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Sides*>(table_.Payload(entry));
  }
  bool EmitsRightColumns() const {
    return kind_ != sql::JoinKind::kSemi && kind_ != sql::JoinKind::kAnti;
  }
  /// Whether rows of `side` are sent without a match (padded, or by ANTI).
  bool KeepsUnmatched(int side) const;
  bool CountsMatches(int side) const {
    return KeepsUnmatched(side) || (!EmitsRightColumns() && side == 0);
  }
  bool IsShared(int side) const { return shared_ != nullptr && shared_->side() == side; }
  Status LoadRows(StateReader& reader);
  /// Takes out the rows that have expired.
  void Expire(KeyedTable::Entry* entry);
  void ExpireLookedUp();
  /// Lets an entry go that has no rows here, nor in a checkpoint: those go with the next one.
  void EraseIfUnused(KeyedTable::Entry* entry);
  void Sweep(int64_t budget_ns);
  void SelectRows(const model::Batch& batch, const std::vector<int>& keys);
  Status CollectPairs(int side);
  void FetchRows(int side);
  Status FilterPairs(int side, const model::Batch& batch);
  Status CheckSharing(StateReader& reader);
  void UpdateState(int side, const model::Batch& batch);
  StoredRow* RemoveRow(RowList& list, std::string_view row);
  void Match(int side, const model::Batch& batch);
  void MatchOne(int side, int row, model::ChangeType change, size_t begin, size_t end);
  model::ChangeType KindOfPair(int side, model::ChangeType change) const;
  void Send(int row, StoredRow* stored, model::ChangeType change);
  Status Flush(int side, const model::Batch& batch);
  model::Batch Build(int side, const model::Batch& batch, std::span<const Pair> pairs,
                     bool right_columns) const;

  sql::JoinKind kind_;
  std::vector<int> keys_[2];
  RowCodec rows_[2];
  std::vector<model::DataType> types_;
  std::shared_ptr<Evaluator> condition_;
  std::unique_ptr<ArrangedSide> shared_;
  bool is_marked_ = false;  ///< the checkpoint says that a side is shared
  KeyCodec codec_;
  KeyedTable table_;
  RowStore store_;
  EmptiedEntries emptied_;  ///< a snapshot found nothing left of them
  const StateTtl ttls_[2];
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< with a TTL

  // Scratch of a batch.
  EncodedKeys encoded_;
  EncodedRows row_bytes_;
  std::vector<uint32_t> keyed_rows_;  ///< rows without a NULL key
  std::vector<uint8_t> has_key_;
  std::vector<KeyedTable::Entry*> entries_;  ///< of keyed_rows_
  FoundVersions found_;
  std::vector<Pair> pairs_;
  std::vector<Pair> matched_;
  std::vector<uint32_t> selected_;
  std::vector<Pair> sent_;
  std::vector<model::ChangeType> changes_;
  std::vector<int64_t> own_matches_;
};

}  // namespace forebay::compute
