#include "storage/kv/partial_update.h"

#include "format/compacted_row.h"

namespace forebay::storage {

using format::CompactedCells;

Result<PartialUpdate> PartialUpdate::Make(const model::Schema& schema,
                                          const std::vector<int>& targets) {
  PartialUpdate update;
  update.types_ = schema.Types();
  update.is_target_.resize(update.types_.size());
  update.is_key_.resize(update.types_.size());
  for (int target : targets) {
    if (target < 0 || target >= std::ssize(update.types_)) {
      return OutOfRange("there is no target column {}", target);
    }
    update.is_target_[target] = true;
  }
  for (int key : schema.PrimaryKeyIndexes()) {
    update.is_key_[key] = true;
    if (!update.is_target_[key]) {
      return OutOfRange("the target columns lack the primary key column '{}'",
                        schema.columns[key].name);
    }
  }
  for (size_t i = 0; i < update.types_.size(); ++i) {
    if (update.is_key_[i] || update.types_[i].nullable()) continue;
    return OutOfRange("column '{}' is NOT NULL, so the table takes no partial updates",
                      schema.columns[i].name);
  }
  return update;
}

Status PartialUpdate::Update(std::optional<std::string_view> before, std::string_view written,
                             std::string& out) const {
  CompactedCells cells;
  if (before.has_value()) {
    ASSIGN_OR_RETURN(cells, format::SplitCompactedRow(*before, types_));
  }
  cells.resize(types_.size());
  ASSIGN_OR_RETURN(CompactedCells changed, format::SplitCompactedRow(written, types_));
  for (size_t i = 0; i < types_.size(); ++i) {
    if (is_target_[i]) cells[i] = changed[i];
  }
  format::JoinCompactedRow(cells, out);
  return {};
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
