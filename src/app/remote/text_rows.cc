#include "app/remote/text_rows.h"

#include <nlohmann/json.hpp>

namespace forebay::app {

serve::ColumnHeader TextColumn(std::string name, std::string type) {
  bool is_number = false;
  for (const char* start : {"TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE"}) {
    // INTERVAL is none.
    is_number = is_number || (type.starts_with(start) && !type.starts_with("INTERVAL"));
  }
  return {std::move(name), std::move(type), is_number};
}

model::BatchBuilder TextRows(size_t num_columns) {
  return model::BatchBuilder(std::vector<model::DataType>(num_columns, model::DataType::String()));
}

void AppendTextRow(const nlohmann::ordered_json& cells, size_t num_columns,
                   model::ChangeType change, model::BatchBuilder& rows) {
  for (size_t i = 0; i < num_columns; ++i) {
    model::ColumnBuilder& column = rows.column(static_cast<int>(i));
    if (!cells.is_array() || i >= cells.size() || cells[i].is_null()) {
      column.AppendNull();
    } else {
      column.AppendString(cells[i].is_string() ? cells[i].get<std::string>() : cells[i].dump());
    }
  }
  rows.FinishRow(change);
}

}  // namespace forebay::app
