#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compute/aggregate/accumulator.h"
#include "compute/operator/operator.h"
#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/state/state_allocator.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Aggregates over the rows up to each row, by time (StreamExecOverAggregate). Event time: a row
/// waits until the watermark reaches its time, rows of equal time keep the order of arrival. In
/// processing time a row is answered at once. A bounded frame's rows are kept and taken back one by
/// one. Late are, with an unbounded frame, rows at or before the watermark; with a bounded one,
/// rows at or before the last row of their key that was answered; late rows are dropped.
///
/// Due rows are worked off in rounds: as many rows as there are without two of a key (RANGE: of a
/// key at different times), each round one pass over the aggregates.
class OverAggregateOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::OverAggregateNode& node);
  ~OverAggregateOperator() override;
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Tick(int64_t now_ms) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  /// A key's state; the accumulators follow it.
  struct Group {
    RowList rows;        ///< of the frame, in order; empty when the frame is unbounded
    int64_t last_fired;  ///< time of the last answered row; `fired` says whether there was one
    uint64_t round;      ///< the last round that had the key
    uint32_t waiting;    ///< its rows in pending_
    bool fired;
  };
  struct Due {
    KeyedTable::Entry* entry;
    StoredRow* row;
  };

  OverAggregateOperator(const sql::OverAggregateNode& node, KeyCodec codec, AccumulatorSet calls,
                        std::vector<int> arguments);
  Group* GroupOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Group*>(table_.Payload(entry));
  }
  void Renew(KeyedTable::Entry* entry);
  void Expire(KeyedTable::Entry* entry);
  void Sweep(int64_t budget_ns);
  Status ReadTimes(const model::Batch& batch);
  /// Keeps a row until it is due.
  void Hold(KeyedTable::Entry* entry, std::string_view row, int64_t time);
  Status Fire();
  /// Answers the rows of round_.
  void FlushRound();
  void TakeBack(KeyedTable::Entry* entry, int64_t time);
  void Accumulate(std::span<const Due> rows, int8_t sign);
  Status Send();
  void Free(const Due& freed);
  void DropExpired();
  void ScheduleExpiry(KeyedTable::Entry* entry, int64_t time);
  StateString StoredKey(const Due& row) const;
  void WriteRow(const Due& due);

  sql::OverAggregateNode node_;
  int time_column_;
  bool is_proctime_;
  bool is_bounded_;
  bool has_peers_;  ///< rows of equal time are answered together
  KeyCodec codec_;
  RowCodec rows_;
  AccumulatorSet calls_;
  std::vector<int> arguments_;  ///< input columns that the calls read
  KeyedTable table_;
  RowStore store_;
  StateOrderedMap<int64_t, StateVector<Due>> pending_;
  const StateTtl ttl_;
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< with a TTL
  /// RANGE: when a key's frame will be empty if nothing comes, so that its state can go.
  StateOrderedMap<int64_t, StateVector<KeyedTable::Entry*>> expiries_;
  int64_t progress_ = kMinWatermark;
  uint64_t round_number_ = 0;

  /// Rows are numbered by arrival; those from `snapshot_floor_` on are in no checkpoint.
  int64_t next_number_ = 0;
  int64_t snapshot_floor_ = 0;
  StateDeque<Due> fresh_;  ///< row number - fresh_floor_ -> row; null when it has gone
  int64_t fresh_floor_ = 0;
  StateVector<std::pair<uint64_t, StateString>> deleted_;
  // Of the snapshot that is being written: what was fresh and deleted.
  StateWriter* writer_ = nullptr;
  int64_t written_floor_ = 0;
  StateDeque<Due> written_;
  StateVector<std::pair<uint64_t, StateString>> written_deleted_;

  // Scratch.
  EncodedKeys encoded_;
  EncodedRows row_bytes_;
  std::vector<uint32_t> kept_;
  std::vector<int64_t> times_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<Due> round_;
  std::vector<Due> taken_back_;
  std::vector<Due> freed_;
  std::vector<const char*> sent_;
  std::vector<model::ColumnBuilder> results_;
};

}  // namespace forebay::compute
