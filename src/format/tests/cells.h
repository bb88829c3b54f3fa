#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "model/batch.h"
#include "model/table.h"
#include "model/value_text.h"

namespace forebay::format {

inline std::vector<model::DataType> TypesOf(const std::vector<model::ColumnSpec>& columns) {
  std::vector<model::DataType> types;
  for (const model::ColumnSpec& column : columns) types.push_back(column.type);
  return types;
}

/// A column of one cell.
template <typename T>
model::Column One(const model::DataType& type, T value) {
  model::ColumnBuilder builder(type);
  if constexpr (std::is_convertible_v<T, std::string_view>) {
    builder.AppendString(value);
  } else {
    builder.Append(value);
  }
  return builder.Finish();
}

/// The rows as text, each cell with a '|' behind it.
inline std::string Shown(const model::Batch& batch) {
  std::string out;
  for (int row = 0; row < batch.num_rows; ++row) {
    for (const model::Column& column : batch.columns) {
      model::AppendText(out, column, row);
      out += '|';
    }
    out += '\n';
  }
  return out;
}

}  // namespace forebay::format
