#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/column.h"

namespace forebay::model {

/// One cell on its own: a literal, a key, a default. What it means depends on a DataType kept
/// beside it: an int64_t holds every integer, date, time, timestamp and interval in that type's
/// unit; an Int128 holds every unscaled DECIMAL; a string holds characters or bytes; a vector holds
/// array elements, ROW fields, or a MAP's keys and values in turn.
struct Value {
  using List = std::vector<Value>;
  std::variant<std::monostate, bool, int64_t, Int128, double, std::string, List> data;

  Value() = default;
  template <typename T>
    requires(!std::is_same_v<std::decay_t<T>, Value>)
  explicit Value(T value) : data(std::move(value)) {}

  bool IsNull() const { return data.index() == 0; }
  friend bool operator==(const Value&, const Value&) = default;
};

/// The cell of `column` at `row`.
Value ValueAt(const Column& column, int row);
/// Appends `value` as a cell of the builder's type.
void AppendValue(ColumnBuilder& builder, const Value& value);

}  // namespace forebay::model
