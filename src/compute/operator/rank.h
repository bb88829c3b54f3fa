#pragma once

#include <map>
#include <memory>

#include "compute/operator/operator.h"
#include "compute/state/emptied_entries.h"
#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/state/sort_key.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// ROW_NUMBER() between two bounds per key, with or without the number (StreamExecRank,
/// StreamExecWindowRank, and with no keys a streaming LIMIT with ORDER BY). Every key's rows lie in
/// order, equal ones by arrival; of an input that only inserts no row behind the last rank is kept.
/// Per key and batch the rows that entered and left are sent: without numbers +I and -D (the first
/// row of an input that only inserts: -U/+U), with numbers a -U/+U for every position that changed.
/// With update keys the input is rows that replace those of equal key; no row behind the last rank
/// is kept, and a row that stays among the first is updated. Windowed: nothing is sent before the
/// watermark reaches the window's end - 1; then the key goes. Late rows are dropped. With a TTL a
/// row goes when none of its order has come or gone for so long (with update keys: none of its
/// key); nothing is sent then, rows behind it move up with the next change.
class RankOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::RankNode& node);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  struct Ranked {
    RowList rows;
    uint64_t touched;  ///< the last batch that changed the key
  };
  struct Touched {
    KeyedTable::Entry* entry;
    size_t old_begin;  ///< in old_rows_
    size_t old_end;
  };

  RankOperator(const sql::RankNode& node, KeyCodec codec);
  Ranked* RankedOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Ranked*>(table_.Payload(entry));
  }
  /// Takes out the rows that have expired.
  void Expire(KeyedTable::Entry* entry);
  void ExpireLookedUp();
  /// Lets an entry go that has no rows here, nor in a checkpoint: those go with the next one.
  void EraseIfUnused(KeyedTable::Entry* entry);
  void Sweep(int64_t budget_ns);
  void RenewEquals(KeyedTable::Entry* entry);
  std::span<StoredRow* const> Visible(const RowList& list) const;
  void Touch(KeyedTable::Entry* entry);
  void Insert(KeyedTable::Entry* entry, std::string_view row, int64_t tag);
  void Retract(KeyedTable::Entry* entry, std::string_view row);
  /// Of an input of updates without old rows: takes out the row that `row` replaces, if it moves;
  /// whether it has been replaced where it was.
  bool Replace(KeyedTable::Entry* entry, int row);
  bool IsSameKey(const StoredRow* stored, int row) const;
  bool IsUpdated() const { return !node_.update_keys.empty(); }
  bool IsLate(const model::Batch& batch, int row, int64_t& end) const;
  void Compare(const Touched& touched);
  void CompareNumbered(std::span<StoredRow* const> before, std::span<StoredRow* const> after);
  /// As Flink's UpdatableTopNFunction sends them.
  void CompareUpdated(std::span<StoredRow* const> before, std::span<StoredRow* const> after);
  void CompareUpdatedNumbers(std::span<StoredRow* const> before, std::span<StoredRow* const> after);
  void Send(StoredRow* row, int64_t number, model::ChangeType change);
  Status Flush();
  void Forget(KeyedTable::Entry* entry);

  sql::RankNode node_;
  bool append_only_;
  int end_column_ = -1;
  int64_t end_units_ = 1;
  RowCodec rows_;
  SortKeyCodec order_;
  KeyCodec codec_;
  KeyCodec update_codec_;  ///< of update_keys; a row's tag is the hash of its key
  KeyedTable table_;
  RowStore store_;
  EmptiedEntries emptied_;  ///< a snapshot found nothing left of them
  const StateTtl ttl_;
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< with a TTL
  uint64_t batch_number_ = 0;
  std::map<int64_t, std::vector<KeyedTable::Entry*>> windows_;
  int64_t progress_ = kMinWatermark;

  EncodedKeys encoded_;
  EncodedKeys update_encoded_;
  EncodedRows row_bytes_;
  std::string sort_key_;
  std::vector<uint32_t> all_rows_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<Touched> touched_;
  std::vector<StoredRow*> old_rows_;
  std::vector<StoredRow*> removed_;  ///< freed after the batch's changes are sent
  std::vector<const char*> sent_;
  std::vector<int64_t> numbers_;
  std::vector<model::ChangeType> changes_;
};

}  // namespace forebay::compute
