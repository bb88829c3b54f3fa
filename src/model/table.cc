#include "model/table.h"

namespace forebay::model {

std::string TableBucket::ToString() const {
  if (!partition_id) return fmt::format("table {} bucket {}", table_id.value(), bucket);
  return fmt::format("table {} partition {} bucket {}", table_id.value(), partition_id->value(),
                     bucket);
}

int Schema::IndexOf(const std::string& name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::vector<int> Schema::PrimaryKeyIndexes() const {
  std::vector<int> indexes;
  for (const std::string& name : primary_key) indexes.push_back(IndexOf(name));
  return indexes;
}

std::vector<DataType> Schema::Types() const {
  std::vector<DataType> types;
  for (const ColumnSpec& column : columns) types.push_back(column.type);
  return types;
}

}  // namespace forebay::model
