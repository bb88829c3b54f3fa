#include "client/lookup_keys.h"

#include <algorithm>

#include "model/prefix_key.h"

namespace forebay::client {

LookupKeys::LookupKeys(const model::TableInfo& table)
    : LookupKeys(table, table.descriptor.schema.PrimaryKeyIndexes(),
                 table.descriptor.PhysicalPrimaryKey()) {}

LookupKeys::LookupKeys(const model::TableInfo& table, const std::vector<int>& columns,
                       const std::vector<std::string>& row_key)
    : path(table.path) {
  const model::TableDescriptor& descriptor = table.descriptor;
  for (int index : columns) types.push_back(descriptor.schema.columns[index].type);
  auto places_of = [&](const std::vector<std::string>& names) {
    std::vector<int> places;
    for (const std::string& name : names) {
      auto place = std::find(columns.begin(), columns.end(), descriptor.schema.IndexOf(name));
      places.push_back(static_cast<int>(place - columns.begin()));
    }
    return places;
  };
  bucket_places = places_of(descriptor.EffectiveBucketKeys());
  partition_places = places_of(descriptor.partition_keys);
  row_places = places_of(row_key);
}

Result<LookupKeys> LookupKeys::OfPrefix(const model::TableInfo& table) {
  std::vector<int> columns = model::PrefixLookupKey(table.descriptor);
  if (columns.empty()) {
    return InvalidArgument("rows of table '{}' are looked up by their whole key only",
                           table.path.ToString());
  }
  return LookupKeys(table, columns, table.descriptor.bucket_keys);
}

Status LookupKeys::Check(const model::Batch& keys) const {
  if (keys.columns.size() != types.size()) {
    return InvalidArgument("the key to look up in table '{}' has {} columns, not {}",
                           path.ToString(), types.size(), keys.columns.size());
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (!keys.columns[i].type().EqualsIgnoringNullability(types[i])) {
      return InvalidArgument("key column {} is {}, not {}", i, types[i].ToString(),
                             keys.columns[i].type().ToString());
    }
  }
  return {};
}

std::vector<model::Column> LookupKeys::ColumnsAt(const model::Batch& keys,
                                                 const std::vector<int>& places) {
  std::vector<model::Column> columns;
  for (int place : places) columns.push_back(keys.columns[place]);
  return columns;
}

}  // namespace forebay::client
