#include "model/prefix_key.h"

#include <algorithm>

namespace forebay::model {

std::vector<int> PrefixLookupKey(const TableDescriptor& table) {
  std::vector<std::string> row_key = table.PhysicalPrimaryKey();
  const std::vector<std::string>& bucket_key = table.bucket_keys;
  bool is_prefix = !bucket_key.empty() && bucket_key.size() < row_key.size() &&
                   std::equal(bucket_key.begin(), bucket_key.end(), row_key.begin());
  std::vector<int> columns;
  if (!is_prefix) return columns;
  auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : table.schema.primary_key) {
    if (has(bucket_key, name) || has(table.partition_keys, name)) {
      columns.push_back(table.schema.IndexOf(name));
    }
  }
  return columns;
}

}  // namespace forebay::model
