#pragma once

#include <map>
#include <vector>

#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/window/window_operator.h"

namespace forebay::compute {

/// GROUP BY TUMBLE(...) or HOP(...) whose windows are answered before they end, or again when late
/// rows come ('table.exec.emit.*'; Flink's AggregateWindowOperator with its triggers). Every key of
/// every window has a state of its own, which remembers what was sent: +I, -U/+U when it has
/// changed, -D when no row is left.
///
/// Before its end a window is answered with each batch that has rows for it, or every so often
/// after its first row, by processing time; then when the watermark reaches its end - 1; and, if it
/// stays open for late rows, with those or every so often after the first of them. A key whose
/// first row is late is answered with each batch. Rows of windows that have gone are dropped.
class WindowEmitOperator : public WindowOperator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::WindowAggregateNode& node,
                                                const EvaluationContext& context);
  ~WindowEmitOperator() override;

  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return table_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  using Entry = KeyedTable::Entry;
  /// A key's state in a window; the accumulators follow it.
  struct State {
    int64_t rows;       ///< accumulated minus retracted
    StoredRow* sent;    ///< the results that stand; null: none
    int64_t fire_ms;    ///< the processing time of the next answer; 0: none is planned
    int64_t end;        ///< of the window
    uint64_t touched;   ///< the last batch that had rows for it
    uint64_t is_fired;  ///< 1: it was answered at the window's end
  };
  struct Change {
    Entry* entry;
    model::ChangeType type;
    int result;  ///< a row of the new results; -1: what was sent
  };

  WindowEmitOperator(const sql::WindowAggregateNode& node, Parts parts);
  Status Accumulate(const model::Batch& batch) override;
  Status FireDue() override;
  State* StateOf(Entry* entry) const { return reinterpret_cast<State*>(table_.Payload(entry)); }
  void Assign(const model::Batch& batch);
  Entry* OpenEntry(int64_t end, int row);
  /// Whether the entry is to be answered now; else plans when.
  bool FiresNow(Entry* entry);
  void Plan(Entry* entry, int64_t fire_ms);
  /// Sends what has changed of the entries.
  Status Answer(std::span<Entry* const> entries);
  Status AnswerSome(std::span<Entry* const> entries);
  Status Send(std::span<const Change> changes, const std::vector<model::Column>& results);
  void Drop(Entry* entry);
  Status LoadEntry(const StoredEntry& stored);

  sql::ChangelogMode changelog_;
  sql::WindowEmit emit_;
  WindowAssigner assigner_;
  RowCodec results_;  ///< of the calls
  KeyedTable table_;  ///< keys begin with the window's end
  RowStore store_;
  std::map<int64_t, std::vector<Entry*>> unfired_;  ///< by the window's end
  std::map<int64_t, std::vector<Entry*>> open_;     ///< all, by the window's end
  std::multimap<int64_t, Entry*> planned_;          ///< by fire_ms; stale ones are skipped
  uint64_t batch_number_ = 0;

  // Scratch of a batch.
  std::vector<int64_t> ends_;
  std::string key_;
  std::vector<uint32_t> rows_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
  std::vector<Entry*> touched_;
};

}  // namespace forebay::compute
