#include "storage/kv/auto_increment.h"

#include "base/bytes.h"
#include "format/row/compacted_cell.h"
#include "format/row/compacted_row.h"

namespace forebay::storage {

using model::DataType;
using model::TypeRoot;

AutoIncrement::AutoIncrement(const model::Schema& schema, int64_t cache_size, ReserveValues reserve)
    : types_(schema.Types()),
      column_(schema.IndexOf(schema.auto_increment_columns[0])),
      name_(schema.auto_increment_columns[0]),
      cache_size_(cache_size),
      reserve_(std::move(reserve)) {}

Result<int64_t> AutoIncrement::Next() {
  if (next_ == end_) {
    ASSIGN_OR_RETURN(next_, reserve_(cache_size_));
    end_ = next_ + cache_size_;
  }
  if (types_[column_].Is(TypeRoot::kInteger) && next_ > INT32_MAX) {
    return OutOfRange("the auto-increment column '{}' has reached the greatest INT", name_);
  }
  return next_++;
}

Status AutoIncrement::SetValue(std::string& value, size_t begin) {
  ASSIGN_OR_RETURN(int64_t next, Next());
  model::ColumnBuilder builder(types_[column_], 1);
  if (types_[column_].Is(TypeRoot::kInteger)) {
    builder.Append<int32_t>(static_cast<int32_t>(next));
  } else {
    builder.Append<int64_t>(next);
  }
  std::string bytes;
  RETURN_IF_ERROR(format::AppendCompactedCell(builder.Finish(), 0, bytes));
  std::string row = value.substr(begin);
  ASSIGN_OR_RETURN(auto cells, format::SplitCompactedRow(row, types_));
  cells[column_] = bytes;
  value.resize(begin);
  format::JoinCompactedRow(cells, value);
  return {};
}

void AutoIncrement::Take(const model::Batch& batch, int row) {
  const model::Column& column = batch.columns[column_];
  if (column.IsNull(row)) return;
  bool is_int = column.type().Is(TypeRoot::kInteger);
  int64_t taken = is_int ? column.Get<int32_t>(row) : column.Get<int64_t>(row);
  if (taken < next_) return;
  // From a range that was reserved after the note: how much of it is left is not known.
  if (taken >= end_) end_ = taken + 1;
  next_ = taken + 1;
}

std::string AutoIncrement::Note() const {
  std::string note(2 * sizeof(int64_t), '\0');
  StoreLe(note.data(), next_);
  StoreLe(note.data() + sizeof(int64_t), end_);
  return note;
}

Status AutoIncrement::Restore(std::string_view note) {
  if (note.empty()) return {};
  ByteReader reader(note);
  ASSIGN_OR_RETURN(next_, reader.Read<int64_t>());
  ASSIGN_OR_RETURN(end_, reader.Read<int64_t>());
  if (next_ < 1 || next_ > end_ || !reader.AtEnd()) {
    return Corruption("auto-increment values from {} to {}", next_, end_);
  }
  return {};
}

}  // namespace forebay::storage
