#include "model/table.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace forebay::model {
namespace {

/// What stands between the values in a partition's name; no value has it.
constexpr const char* kPartitionSeparator = "$";

}  // namespace

BucketId TableBucket::id() const { return {partition_id, bucket}; }

std::string TableBucket::ToString() const {
  if (!partition_id) return fmt::format("table {} bucket {}", table_id.value(), bucket);
  return fmt::format("table {} partition {} bucket {}", table_id.value(), partition_id->value(),
                     bucket);
}

std::string BucketId::ToString() const {
  if (!partition) return fmt::format("{}", bucket);
  return fmt::format("{}/{}", partition->value(), bucket);
}

std::string PartitionInfo::Name() const {
  return fmt::format("{}", fmt::join(values, kPartitionSeparator));
}

std::vector<std::string> TableDescriptor::PhysicalPrimaryKey() const {
  std::vector<std::string> key;
  for (const std::string& name : schema.primary_key) {
    if (std::find(partition_keys.begin(), partition_keys.end(), name) == partition_keys.end()) {
      key.push_back(name);
    }
  }
  return key;
}

std::vector<int> TableDescriptor::PhysicalPrimaryKeyIndexes() const {
  std::vector<int> indexes;
  for (const std::string& name : PhysicalPrimaryKey()) indexes.push_back(schema.IndexOf(name));
  return indexes;
}

std::vector<int> TableDescriptor::PartitionKeyIndexes() const {
  std::vector<int> indexes;
  for (const std::string& name : partition_keys) indexes.push_back(schema.IndexOf(name));
  return indexes;
}

std::vector<std::string> TableDescriptor::EffectiveBucketKeys() const {
  return bucket_keys.empty() ? PhysicalPrimaryKey() : bucket_keys;
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
