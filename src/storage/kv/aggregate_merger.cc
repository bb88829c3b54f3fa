#include "storage/kv/aggregate_merger.h"

#include "base/bytes.h"
#include "format/row/compacted_cell.h"
#include "format/row/compacted_row.h"

namespace forebay::storage {

using Kind = CellAggregate::Kind;
using Cell = std::optional<std::string_view>;

Result<std::shared_ptr<const RowMerger>> AggregateMerger::Make(const model::Schema& schema,
                                                               const std::vector<int>& targets) {
  auto merger = std::make_shared<AggregateMerger>();
  merger->schema_ = schema;
  merger->types_ = schema.Types();
  for (const model::ColumnSpec& column : schema.columns) {
    CellAggregate& aggregate = merger->aggregates_.emplace_back();
    if (!column.agg_function) continue;
    ASSIGN_OR_RETURN(aggregate, CellAggregate::Make(*column.agg_function, column.type));
  }
  if (!targets.empty()) {
    ASSIGN_OR_RETURN(merger->targets_, PartialUpdate::Make(schema, targets));
  }
  return std::shared_ptr<const RowMerger>(std::move(merger));
}

Result<MergeOutcome> AggregateMerger::Upsert(Cell before, const model::Batch& written, int row,
                                             std::string& out) const {
  if (!before.has_value()) return MergeOutcome::kWritten;
  ASSIGN_OR_RETURN(auto cells, format::SplitCompactedRow(*before, types_));
  std::vector<std::string> bytes(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    if (targets_ != nullptr && !targets_->IsTarget(i)) continue;
    ASSIGN_OR_RETURN(cells[i], MergeCell(i, cells[i], written.columns[i], row, bytes[i]));
  }
  format::JoinCompactedRow(cells, out);
  return MergeOutcome::kMerged;
}

Result<Cell> AggregateMerger::MergeCell(size_t column, Cell before, const model::Column& written,
                                        int row, std::string& bytes) const {
  Kind kind = aggregates_[column].kind();
  if (kind == Kind::kFirst && before.has_value()) return before;
  if (written.IsNull(row)) return kind == Kind::kLast ? Cell() : before;
  if (kind != Kind::kCombine || !before.has_value()) {
    RETURN_IF_ERROR(format::AppendCompactedCell(written, row, bytes));
    return Cell(bytes);
  }
  RETURN_IF_ERROR(Combine(column, *before, written, row, bytes));
  if (!bytes.empty()) return Cell(bytes);
  if (types_[column].nullable()) return Cell();
  return OutOfRange("the {} of column '{}' does not fit {}",
                    schema_.columns[column].agg_function->name, schema_.columns[column].name,
                    types_[column].ToString());
}

Status AggregateMerger::Combine(size_t column, std::string_view before,
                                const model::Column& written, int row, std::string& bytes) const {
  model::ColumnBuilder stored(types_[column], 1);
  ByteReader reader(before);
  RETURN_IF_ERROR(format::ReadCompactedCell(reader, stored));
  model::ColumnBuilder merged(types_[column], 1);
  RETURN_IF_ERROR(aggregates_[column].Combine(stored.Finish(), written, row, merged));
  model::Column cell = merged.Finish();
  return cell.IsNull(0) ? Status() : format::AppendCompactedCell(cell, 0, bytes);
}

Result<bool> AggregateMerger::Delete(std::string_view before, std::string& out) const {
  return targets_ == nullptr ? Result<bool>(false) : targets_->Delete(before, out);
}

}  // namespace forebay::storage
