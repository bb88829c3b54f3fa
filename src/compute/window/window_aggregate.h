#pragma once

#include <map>
#include <set>

#include "compute/state/keyed_table.h"
#include "compute/window/window_operator.h"

namespace forebay::compute {

/// GROUP BY over TUMBLE, HOP and CUMULATE windows (StreamExecWindowAggregate). Every slice has its
/// own keyed table; a window's tables are merged when it fires, and a slice goes whole when its
/// last window has fired. A window fires when the watermark reaches its end - 1, in order of the
/// ends; a row is late, and dropped and counted, when its last window has fired. A row of a slice
/// whose earlier windows have fired still counts for the later ones.
class WindowAggregateOperator : public WindowOperator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::WindowAggregateNode& node,
                                                const EvaluationContext& context);
  ~WindowAggregateOperator() override;

  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  struct Slice {
    std::unique_ptr<KeyedTable> table;
    int64_t window_start;  ///< of attached windows only
  };
  struct SliceRows {
    int64_t slice_end;
    std::vector<uint32_t> rows;
  };

  WindowAggregateOperator(const sql::WindowAggregateNode& node, Parts parts);
  Status Accumulate(const model::Batch& batch) override;
  Status FireDue() override;
  bool IsAttached() const { return window_.window_end_column >= 0; }
  int64_t LastWindowEnd(int64_t slice_end) const {
    return IsAttached() ? slice_end : assigner_.LastWindowEnd(slice_end);
  }
  void SplitBySlice(const model::Batch& batch);
  Slice& OpenSlice(int64_t slice_end, int64_t window_start);
  void AccumulateSlice(const model::Batch& batch, KeyedTable& table,
                       std::span<const uint32_t> rows);
  Status Fire(int64_t window_end);
  void MergeSlice(KeyedTable& from, KeyedTable& into);
  Status EmitWindow(KeyedTable& table, int64_t start, int64_t end);
  Status EmitEntries(KeyedTable& table, std::span<KeyedTable::Entry* const> entries, int64_t start,
                     int64_t end);
  void DropSlices(int64_t fired_end);
  bool ContinueSlices(int64_t deadline_ns);
  bool ContinueDropped(int64_t deadline_ns);
  void DestroyTable(KeyedTable& table);

  sql::WindowSpec window_;
  WindowAssigner assigner_;
  std::map<int64_t, Slice> slices_;
  std::set<int64_t> pending_;  ///< ends of windows that have rows and did not fire
  /// Slices that a checkpoint still has, or the one that is being written still wants.
  std::map<int64_t, Slice> dropped_;
  std::map<int64_t, Slice> deleted_;  ///< those that the one being written is to delete
  StateWriter* writer_ = nullptr;     ///< of the snapshot that is being written

  // Scratch of a batch.
  std::vector<SliceRows> slice_rows_;
  size_t num_slices_ = 0;
  std::vector<int64_t> window_ends_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
};

}  // namespace forebay::compute
