#include "client/lookup_keys.h"

#include <algorithm>

namespace forebay::client {

LookupKeys::LookupKeys(const model::TableInfo& table) : path(table.path) {
  const model::TableDescriptor& descriptor = table.descriptor;
  const std::vector<std::string>& primary_key = descriptor.schema.primary_key;
  for (int index : descriptor.schema.PrimaryKeyIndexes()) {
    types.push_back(descriptor.schema.columns[index].type);
  }
  auto places_of = [&](const std::vector<std::string>& names) {
    std::vector<int> places;
    for (const std::string& name : names) {
      auto place = std::find(primary_key.begin(), primary_key.end(), name);
      places.push_back(static_cast<int>(place - primary_key.begin()));
    }
    return places;
  };
  bucket_places = places_of(descriptor.EffectiveBucketKeys());
  partition_places = places_of(descriptor.partition_keys);
  row_places = places_of(descriptor.PhysicalPrimaryKey());
}

Status LookupKeys::Check(const model::Batch& keys) const {
  if (keys.columns.size() != types.size()) {
    return InvalidArgument("the primary key of table '{}' has {} columns, not {}", path.ToString(),
                           types.size(), keys.columns.size());
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
