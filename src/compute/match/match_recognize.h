#pragma once

#include <map>
#include <memory>
#include <vector>

#include "compute/match/match_predicate.h"
#include "compute/match/match_reader.h"
#include "compute/match/match_run.h"
#include "compute/operator/operator.h"
#include "compute/state/keyed_table.h"
#include "compute/state/sort_key.h"

namespace forebay::compute {

/// MATCH_RECOGNIZE (StreamExecMatch). A row waits until the watermark reaches its time; rows of a
/// time are asked in the order of the other sort columns, then of arrival. Rows at or before the
/// watermark are late and dropped. In processing time rows are asked as they come.
///
/// Conditions that read nothing but the row itself are evaluated for all due rows at once; the
/// others for a row and a partial match when the automaton asks. A key without a partial match
/// keeps nothing. The measures of all matches of a round are evaluated together.
class MatchOperator : public Operator, private MatchConditions {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::MatchNode& node,
                                                const EvaluationContext& context);
  /// One whose watermark says how far the rows have come, but not that time went by: partial
  /// matches end at a later row of their key, or at the end.
  static Result<std::unique_ptr<MatchOperator>> MakeBounded(const sql::MatchNode& node,
                                                            const EvaluationContext& context);
  ~MatchOperator() override;
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return table_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  /// A key's payload.
  struct Key {
    MatchKeyState* state;     ///< null: nothing under way
    int64_t asked;            ///< time of the last row that was asked, since `state` is there
    MatchRow* first_waiting;  ///< its rows in pending_, in the order in which they came
    MatchRow* last_waiting;
    bool touched;  ///< in touched_
  };
  struct Due {
    KeyedTable::Entry* entry;
    MatchRow* row;
  };
  struct Condition {
    bool is_local = false;  ///< reads the row itself and nothing else
    std::unique_ptr<Evaluator> local;
    std::unique_ptr<MatchPredicate> predicate;  ///< null: only `reader` knows
    std::unique_ptr<MatchReader> reader;        ///< null: no condition
    std::vector<uint8_t> holds;                 ///< of the rows of due_; empty: not known
  };
  struct Found {
    MatchLink* last;
    int64_t time;
  };

  MatchOperator(const sql::MatchNode& node, KeyCodec codec);
  Status AddCondition(const sql::MatchVariable& variable, int index,
                      const EvaluationContext& context);
  Key* KeyOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Key*>(table_.Payload(entry));
  }
  Status ReadTimes(const model::Batch& batch);
  void Hold(KeyedTable::Entry* entry, std::string_view key, std::string_view row, int64_t time);
  Status Fire();
  void SortByKey(StateVector<Due>& rows) const;
  Status AskDue();
  void EvaluateLocal();
  bool MayBegin() const;
  Status Ask(const Due& due);
  Status CloseRound(KeyedTable::Entry* entry);
  bool EndsByTime() const { return !is_bounded_ || progress_ == kMaxWatermark; }
  void Touch(KeyedTable::Entry* entry);
  void SetState(Key* key, MatchKeyState state);
  void DropState(Key* key);
  void Collect(int64_t time);
  Status Send();
  Result<bool> Holds(int variable, const MatchLink* matched) override;

  void Wait(KeyedTable::Entry* entry, MatchRow* row);
  static void EndWait(Key* key, MatchRow* row);
  void Save(KeyedTable::Entry* entry, ByteWriter& value) const;
  Status Load(KeyedTable::Entry* entry, ByteReader& value);
  // Its parts, in the order in which they are saved.
  Status LoadRows(ByteReader& value, std::vector<MatchRow*>& rows);
  Status LoadLinks(ByteReader& value, const std::vector<MatchRow*>& rows,
                   std::vector<MatchLink*>& links);
  Result<PartialMatch> LoadPartial(ByteReader& value, const std::vector<MatchLink*>& links);

  sql::MatchNode node_;
  int time_column_;
  bool is_proctime_;
  bool is_sorted_;  ///< by more than the time
  bool is_bounded_ = false;
  KeyCodec codec_;
  RowCodec rows_;
  SortKeyCodec sort_;
  KeyedTable table_;
  MatchStore store_;
  MatchRunner runner_;
  std::vector<Condition> conditions_;
  std::unique_ptr<MatchReader> measures_;
  std::vector<bool> local_columns_;  ///< input columns that local conditions read

  StateOrderedMap<int64_t, StateVector<Due>> pending_;
  /// When a partial match is too old.
  StateOrderedMap<int64_t, StateVector<KeyedTable::Entry*>> timers_;
  int64_t progress_ = kMinWatermark;
  uint64_t next_number_ = 0;

  // Scratch.
  EncodedKeys encoded_;
  EncodedRows row_bytes_;
  std::vector<uint32_t> kept_;
  std::vector<int64_t> times_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<KeyedTable::Entry*> touched_;
  std::vector<Due> due_;
  size_t asked_row_ = 0;  ///< of due_
  std::vector<MatchLink*> links_;
  std::vector<Found> found_;
  std::vector<std::unique_ptr<MatchKeyState>> spare_;
};

}  // namespace forebay::compute
