#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"

namespace forebay::format {

/// How Fluss lays out one row: see compacted_row.h, indexed_row.h and binary_row.h.
enum class RowFormat : uint8_t { kCompacted, kIndexed, kAligned };

/// The columns a row is read into: those of a batch, or the fields of a ROW. Thread-compatible.
class RowTarget {
 public:
  explicit RowTarget(model::BatchBuilder& batch) : batch_(&batch) {}
  explicit RowTarget(model::ColumnBuilder& row) : row_(&row) {}
  model::ColumnBuilder& operator[](size_t index) const {
    int i = static_cast<int>(index);
    return batch_ != nullptr ? batch_->column(i) : row_->child(i);
  }

 private:
  model::BatchBuilder* batch_ = nullptr;
  model::ColumnBuilder* row_ = nullptr;
};

/// kNotSupported for NULL and MULTISET, which no row has, and what they are part of. VARIANT, which
/// Fluss does not have, is stored as its bytes, an INTERVAL as its number.
Status CheckRowTypes(std::span<const model::DataType> types);

/// Appends row `row` of `columns`, whose types have passed CheckRowTypes. kInvalidArgument when a
/// value does not fit its type's place (only indexed rows have such).
Status AppendRow(RowFormat format, std::span<const model::Column> columns, int row,
                 std::string& out);

/// Appends one cell to each of the target's first types.size() columns; the caller ends the row.
/// kCorruption for bytes that are no such row; the target is then of no further use. What is
/// allocated is at most a small multiple of bytes.size() for every level of nesting.
Status ReadRow(RowFormat format, std::string_view bytes, std::span<const model::DataType> types,
               const RowTarget& target);

}  // namespace forebay::format
