#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/change_type.h"
#include "model/column.h"

namespace forebay::model {

/// The engine's unit of work: columns of equal length, at most kMaxRows rows when it travels
/// between operators (a log batch may be larger and is cut on reading), and the change type of
/// every row unless all are inserts. Immutable by convention and cheap to copy. Thread-safe when
/// not modified.
struct Batch {
  static constexpr int kMaxRows = 2048;

  int num_rows = 0;
  std::vector<Column> columns;
  /// One a row; null when every row is an insert.
  std::shared_ptr<const ChangeType[]> changes;

  Batch() = default;
  Batch(int rows, std::vector<Column> cols, std::shared_ptr<const ChangeType[]> kinds = nullptr)
      : num_rows(rows), columns(std::move(cols)), changes(std::move(kinds)) {}

  ChangeType change(int row) const {
    return changes == nullptr ? ChangeType::kInsert : changes[row];
  }
  bool IsInsertOnly() const { return changes == nullptr; }

  Batch Slice(int begin, int rows) const;
  /// These rows, in this order. All of them in their own order cost nothing: memory is shared.
  Batch Gather(std::span<const uint32_t> rows) const;
  /// Only the columns `indexes`, in that order.
  Batch Project(std::span<const int> indexes) const;
  int64_t MemoryBytes() const;
};

/// Collects rows of given types into batches. Thread-compatible.
class BatchBuilder {
 public:
  explicit BatchBuilder(const std::vector<DataType>& types, int expected_rows = 0);

  int num_rows() const { return num_rows_; }
  ColumnBuilder& column(int index) { return columns_[index]; }
  /// Ends a row after every column got its cell.
  void FinishRow(ChangeType change = ChangeType::kInsert);
  /// All cells of `batch` at `row`.
  void AppendRow(const Batch& batch, int row, ChangeType change);
  void AppendRow(const Batch& batch, int row) { AppendRow(batch, row, batch.change(row)); }
  /// The batch so far; the builder is empty afterwards.
  Batch Finish();

 private:
  std::vector<DataType> types_;
  std::vector<ColumnBuilder> columns_;
  std::vector<ChangeType> changes_;
  bool insert_only_ = true;
  int num_rows_ = 0;
};

}  // namespace forebay::model
