#pragma once

#include <vector>

#include "compute/state/keyed_rows.h"
#include "model/batch.h"

namespace forebay::compute {

/// Turns a query's changes into upserts and deletes by a sink's key when that key is not what
/// identifies the query's rows: rows of several input keys then meet under one sink key, and taking
/// one of them back must not delete a newer one. Keeps for every sink key the rows that were sent
/// and not taken back, in the order they came; the last one is the sink's row (as Flink's
/// SinkUpsertMaterializer does it). With a TTL a sink key is forgotten when nothing has come to it
/// for so long. Belongs to one shard thread.
class UpsertMaterializer {
 public:
  /// `types` of the sink's columns; `key` are the indexes of its key.
  /// `now_ms`: processing time, asked when there is a TTL.
  UpsertMaterializer(std::vector<model::DataType> types, std::vector<int> key, StateTtl ttl = {},
                     int64_t (*now_ms)() = nullptr);

  /// What the sink must do for these changes, which have -U rows: at most one row for each.
  model::Batch Process(const model::Batch& batch);

  /// As Operator's.
  void BeginSnapshot(StateWriter& writer) { keys_.BeginSnapshot(writer); }
  bool ContinueSnapshot(int64_t deadline_ns) { return keys_.ContinueSnapshot(deadline_ns); }
  Status Restore(StateReader& reader) { return keys_.Restore(reader, NowMs()); }
  int64_t StateBytes() const { return keys_.MemoryBytes(); }

 private:
  /// A row to send: one of the batch, or a stored one.
  struct Change {
    model::ChangeType type;
    int row;
    const StoredRow* stored;
  };

  int64_t NowMs() const { return keys_.HasTtl() ? now_ms_() : 0; }
  void Add(RowList& list, int row);
  void TakeBack(RowList& list, int row);
  model::Batch Build(const model::Batch& batch) const;

  const std::vector<int> key_;
  const RowCodec rows_;
  KeyedRows keys_;
  int64_t (*const now_ms_)();
  // Of the batch that is being processed:
  EncodedRows encoded_;
  std::vector<KeyedRows::Entry*> entries_;
  std::vector<Change> changes_;
};

}  // namespace forebay::compute
