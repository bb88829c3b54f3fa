#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/row/row_format.h"
#include "model/batch.h"

namespace forebay::format {

/// Fluss's compacted row, the value of a primary-key table: a bit per column that is set when the
/// cell is NULL (column i in bit i % 8 of byte i / 8), then the cells that are not NULL, in order
/// (see compacted_cell.h).

/// Appends row `row` of `batch`, whose types have passed CheckRowTypes.
Status AppendCompactedRow(std::span<const model::Column> columns, int row, std::string& out);
inline Status AppendCompactedRow(const model::Batch& batch, int row, std::string& out) {
  return AppendCompactedRow(batch.columns, row, out);
}

/// See ReadRow.
Status ReadCompactedRow(std::string_view bytes, std::span<const model::DataType> types,
                        const RowTarget& target);

/// The encoded cells of a row, which point into it; nullopt for NULL.
using CompactedCells = std::vector<std::optional<std::string_view>>;
/// kCorruption for bytes that are no row of these types.
Result<CompactedCells> SplitCompactedRow(std::string_view row,
                                         const std::vector<model::DataType>& types);
/// Appends the row that has these cells.
void JoinCompactedRow(const CompactedCells& cells, std::string& out);

/// Appends `row`, which has `from` columns, as a row of `to` columns, the new last ones NULL.
/// kCorruption when it is too short to be a row.
Status WidenCompactedRow(std::string_view row, size_t from, size_t to, std::string& out);

/// Reads compacted rows of one schema into a builder of the wanted columns. Thread-safe.
class CompactedRowReader {
 public:
  /// `projection`: the wanted columns, ascending; null for all. A row with fewer columns than
  /// `types` (written before columns were added) is read with `stored_columns` of them, the others
  /// are NULL; -1 means all.
  explicit CompactedRowReader(std::vector<model::DataType> types,
                              const std::vector<int>* projection = nullptr,
                              int stored_columns = -1);

  /// Types of the wanted columns.
  const std::vector<model::DataType>& types() const { return wanted_types_; }
  /// Appends one cell to every column of `builder`, whose types are types(); the caller calls
  /// FinishRow. kCorruption for bytes that are no such row; the builder is then of no further use.
  Status Read(std::string_view row, model::BatchBuilder& builder) const;

 private:
  std::vector<model::DataType> types_;
  std::vector<model::DataType> wanted_types_;
  /// For every column its place in the builder, or -1.
  std::vector<int> targets_;
  size_t stored_columns_;
};

}  // namespace forebay::format
