#include "compute/operator/changelog_rows.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;
using model::Column;

Result<std::unique_ptr<Operator>> ChangelogOperator::Make(const sql::ChangelogNode& node) {
  std::unique_ptr<ChangelogOperator> op(new ChangelogOperator());
  op->to_rows_ = node.to_rows;
  op->op_column_ = node.op_column;
  op->types_ = node.OutputTypes();
  for (const auto& [code, change] : node.codes) {
    op->code_of_[static_cast<size_t>(change)] = code;
    op->change_of_[code] = change;
  }
  return std::unique_ptr<Operator>(std::move(op));
}

Result<Batch> ChangelogOperator::Compute(Batch batch) {
  if (to_rows_) return ToRows(std::move(batch));
  return FromRows(std::move(batch));
}

Batch ChangelogOperator::ToRows(Batch batch) const {
  std::vector<uint32_t> named;
  model::ColumnBuilder codes(types_[0], batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    const auto& code = code_of_[static_cast<size_t>(batch.change(row))];
    if (!code) continue;
    named.push_back(static_cast<uint32_t>(row));
    codes.AppendString(*code);
  }
  int rows = static_cast<int>(named.size());
  if (rows == 0) return Batch();
  if (rows < batch.num_rows) batch = batch.Gather(named);
  batch.columns.insert(batch.columns.begin(), codes.Finish());
  return Batch(rows, std::move(batch.columns));
}

Result<Batch> ChangelogOperator::FromRows(Batch batch) const {
  const Column& ops = batch.columns[op_column_];
  std::shared_ptr<ChangeType[]> changes(new ChangeType[batch.num_rows]);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (ops.IsNull(row)) {
      return InvalidArgument("FROM_CHANGELOG: a row has NULL where it should say its change");
    }
    auto change = change_of_.find(ops.GetString(row));
    if (change == change_of_.end()) return UnknownCode(ops.GetString(row));
    changes[row] = change->second;
  }
  batch.columns.erase(batch.columns.begin() + op_column_);
  return Batch(batch.num_rows, std::move(batch.columns), std::move(changes));
}

Error ChangelogOperator::UnknownCode(std::string_view code) const {
  std::string list;
  for (const auto& [text, change] : change_of_) list += (list.empty() ? "" : ", ") + text;
  return InvalidArgument("FROM_CHANGELOG: no change is called '{}', there are: {}", code, list);
}

}  // namespace forebay::compute
