#pragma once

#include <map>

#include "compute/state/keyed_table.h"
#include "compute/window/window_operator.h"

namespace forebay::compute {

/// GROUP BY over SESSION windows (StreamExecGroupWindowAggregate with a session assigner). A key's
/// first session lies in its entry, further ones in blocks linked to it by start. A session takes
/// in every row within the gap of it and merges with its neighbours; it fires when the watermark
/// reaches its end - 1. A row is late, and dropped and counted, when it touches no open session and
/// its own session would have fired.
class SessionAggregateOperator : public WindowOperator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::WindowAggregateNode& node,
                                                const EvaluationContext& context);
  ~SessionAggregateOperator() override;

  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return table_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  /// The head of a payload and of a block; the accumulators follow. In an entry, `is_open` 0 says
  /// that the key has no session.
  struct Session {
    int64_t start;
    int64_t end;
    int64_t rows;
    Session* next;  ///< the key's next session, later than this one
    int64_t timer;  ///< of the entry's first session: the bucket of the key's timer, 0: none
    int64_t is_open;
  };

  SessionAggregateOperator(const sql::WindowAggregateNode& node, Parts parts);
  Status Accumulate(const model::Batch& batch) override;
  Status FireDue() override;
  Session* HeadOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Session*>(table_.Payload(entry));
  }
  /// The open session that takes the row in, made or merged as needed; null for a late row.
  Session* FindSession(KeyedTable::Entry* entry, int64_t time);
  Session* InsertSession(KeyedTable::Entry* entry, int64_t start, int64_t end);
  void MergeNext(Session* session);
  void RemoveFirst(KeyedTable::Entry* entry);
  void ApplyPending();
  void SetTimer(KeyedTable::Entry* entry, int64_t end);
  Status FireBucket(const std::vector<KeyedTable::Entry*>& entries, int64_t bucket);
  void CollectDue(KeyedTable::Entry* entry);
  Status EmitDue();

  int64_t gap_;
  int64_t bucket_ms_;
  KeyedTable table_;
  ByteArena blocks_;
  /// Keys by the bucket of the earliest end they may fire at; an entry whose `timer` names another
  /// bucket is stale.
  std::map<int64_t, std::vector<KeyedTable::Entry*>> timers_;

  // Scratch of a batch: rows that are assigned but not yet accumulated.
  std::vector<uint32_t> all_rows_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<uint32_t> rows_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
  const model::Batch* batch_ = nullptr;

  // Sessions that fire.
  std::vector<KeyedTable::Entry*> due_entries_;
  std::vector<char*> due_;
};

}  // namespace forebay::compute
