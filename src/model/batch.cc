#include "model/batch.h"

#include <algorithm>

namespace forebay::model {

Batch Batch::Slice(int begin, int rows) const {
  Batch slice;
  slice.num_rows = rows;
  for (const Column& column : columns) slice.columns.push_back(column.Slice(begin, rows));
  if (changes != nullptr) {
    slice.changes = std::shared_ptr<const ChangeType[]>(changes, changes.get() + begin);
  }
  return slice;
}

namespace {

/// All of `num_rows` rows, in their order.
bool AreAll(std::span<const uint32_t> rows, int num_rows) {
  if (std::ssize(rows) != num_rows) return false;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != i) return false;
  }
  return true;
}

}  // namespace

Batch Batch::Gather(std::span<const uint32_t> rows) const {
  if (AreAll(rows, num_rows)) return *this;
  Batch gathered;
  gathered.num_rows = static_cast<int>(rows.size());
  for (const Column& column : columns) gathered.columns.push_back(column.Gather(rows));
  if (changes != nullptr) {
    std::shared_ptr<ChangeType[]> kinds(new ChangeType[rows.size()]);
    for (size_t i = 0; i < rows.size(); ++i) kinds[i] = changes[rows[i]];
    gathered.changes = std::move(kinds);
  }
  return gathered;
}

Batch Batch::Project(std::span<const int> indexes) const {
  Batch projected;
  projected.num_rows = num_rows;
  projected.changes = changes;
  for (int index : indexes) projected.columns.push_back(columns[index]);
  return projected;
}

int64_t Batch::MemoryBytes() const {
  int64_t bytes = changes != nullptr ? num_rows : 0;
  for (const Column& column : columns) bytes += column.MemoryBytes();
  return bytes;
}

BatchBuilder::BatchBuilder(const std::vector<DataType>& types, int expected_rows) : types_(types) {
  for (const DataType& type : types_) columns_.emplace_back(type, expected_rows);
}

void BatchBuilder::FinishRow(ChangeType change) {
  ++num_rows_;
  changes_.push_back(change);
  insert_only_ &= change == ChangeType::kInsert || change == ChangeType::kAppendOnly;
}

void BatchBuilder::AppendRow(const Batch& batch, int row, ChangeType change) {
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].AppendFrom(batch.columns[i], row);
  FinishRow(change);
}

Batch BatchBuilder::Finish() {
  Batch batch;
  batch.num_rows = num_rows_;
  for (ColumnBuilder& column : columns_) batch.columns.push_back(column.Finish());
  if (!insert_only_) {
    std::shared_ptr<ChangeType[]> kinds(new ChangeType[changes_.size()]);
    std::copy(changes_.begin(), changes_.end(), kinds.get());
    batch.changes = std::move(kinds);
  }
  columns_.clear();
  for (const DataType& type : types_) columns_.emplace_back(type);
  changes_.clear();
  insert_only_ = true;
  num_rows_ = 0;
  return batch;
}

}  // namespace forebay::model
