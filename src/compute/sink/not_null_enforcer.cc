#include "compute/sink/not_null_enforcer.h"

#include <algorithm>

namespace forebay::compute {

using model::Batch;

NotNullEnforcer::NotNullEnforcer(const sql::SinkNode& node,
                                 const std::map<std::string, std::string>& settings) {
  const auto& columns = node.table.info.descriptor.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    // Those that a partial update does not write keep their values, or get them from the server.
    const auto& targets = node.target_columns;
    int index = static_cast<int>(i);
    bool written =
        targets.empty() || std::find(targets.begin(), targets.end(), index) != targets.end();
    if (written && !columns[i].type.nullable())
      columns_.push_back({static_cast<int>(i), columns[i].name});
  }
  auto setting = settings.find("table.exec.sink.not-null-enforcer");
  drop_ = setting != settings.end() && setting->second == "DROP";
}

const NotNullEnforcer::NotNullColumn* NotNullEnforcer::NullIn(const Batch& batch, int row) const {
  for (const NotNullColumn& column : columns_) {
    if (batch.columns[column.index].IsNull(row)) return &column;
  }
  return nullptr;
}

Result<Batch> NotNullEnforcer::Check(Batch batch) const {
  bool may_have_nulls = std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) {
    return batch.columns[column.index].MayHaveNulls();
  });
  if (!may_have_nulls) return batch;
  std::vector<uint32_t> kept;
  for (int row = 0; row < batch.num_rows; ++row) {
    const NotNullColumn* column = NullIn(batch, row);
    if (column == nullptr) {
      kept.push_back(static_cast<uint32_t>(row));
      continue;
    }
    if (drop_) continue;
    Error error = InvalidArgument(
        "column '{}' is NOT NULL, however, a null value is being written into it", column->name);
    error.hint = "SET 'table.exec.sink.not-null-enforcer' = 'DROP' leaves such rows out";
    return error;
  }
  return batch.Gather(kept);
}

}  // namespace forebay::compute
