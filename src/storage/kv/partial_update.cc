#include "storage/kv/partial_update.h"

#include <algorithm>

#include "format/row/compacted_row.h"

namespace forebay::storage {

using format::CompactedCells;

Result<std::shared_ptr<const PartialUpdate>> PartialUpdate::Make(const model::Schema& schema,
                                                                 const std::vector<int>& targets) {
  auto update = std::make_shared<PartialUpdate>();
  update->types_ = schema.Types();
  update->is_target_.resize(update->types_.size());
  update->is_key_.resize(update->types_.size());
  for (int target : targets) {
    if (target < 0 || target >= std::ssize(update->types_)) {
      return OutOfRange("there is no target column {}", target);
    }
    update->is_target_[target] = true;
  }
  for (int key : schema.PrimaryKeyIndexes()) {
    update->is_key_[key] = true;
    if (!update->is_target_[key]) {
      return OutOfRange("the target columns lack the primary key column '{}'",
                        schema.columns[key].name);
    }
  }
  const auto& given = schema.auto_increment_columns;
  for (size_t i = 0; i < update->types_.size(); ++i) {
    const std::string& name = schema.columns[i].name;
    if (update->is_key_[i] || update->types_[i].nullable()) continue;
    if (std::find(given.begin(), given.end(), name) != given.end()) continue;
    return OutOfRange("column '{}' is NOT NULL, so the table takes no partial updates", name);
  }
  return std::shared_ptr<const PartialUpdate>(std::move(update));
}

Result<MergeOutcome> PartialUpdate::Upsert(std::optional<std::string_view> before,
                                           const model::Batch& written, int row,
                                           std::string& out) const {
  if (before.has_value() && is_target_ == is_key_) return MergeOutcome::kUnchanged;
  std::string encoded;
  RETURN_IF_ERROR(format::AppendCompactedRow(written, row, encoded));
  ASSIGN_OR_RETURN(CompactedCells changed, format::SplitCompactedRow(encoded, types_));
  CompactedCells cells;
  if (before.has_value()) {
    ASSIGN_OR_RETURN(cells, format::SplitCompactedRow(*before, types_));
  }
  cells.resize(types_.size());
  for (size_t i = 0; i < types_.size(); ++i) {
    if (is_target_[i]) cells[i] = changed[i];
  }
  format::JoinCompactedRow(cells, out);
  return MergeOutcome::kMerged;
}

Result<bool> PartialUpdate::Delete(std::string_view before, std::string& out) const {
  ASSIGN_OR_RETURN(CompactedCells cells, format::SplitCompactedRow(before, types_));
  bool stays = false;
  for (size_t i = 0; i < types_.size(); ++i) {
    stays |= !is_target_[i] && cells[i].has_value();
    if (is_target_[i] && !is_key_[i]) cells[i].reset();
  }
  if (stays) format::JoinCompactedRow(cells, out);
  return stays;
}

}  // namespace forebay::storage
