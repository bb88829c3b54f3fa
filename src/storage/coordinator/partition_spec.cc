#include "storage/coordinator/partition_spec.h"

#include <algorithm>
#include <set>

namespace forebay::storage {
namespace {

using model::TypeRoot;

constexpr size_t kValueBytesMax = 200;
constexpr std::string_view kReservedPrefix = "__";

bool IsPartitionType(TypeRoot root) {
  switch (root) {
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBoolean:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary:
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint:
    case TypeRoot::kInteger:
    case TypeRoot::kBigint:
    case TypeRoot::kDate:
    case TypeRoot::kTime:
    case TypeRoot::kFloat:
    case TypeRoot::kDouble:
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return true;
    default: return false;
  }
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// Empty: nothing is wrong with it.
std::string WrongWith(const std::string& value, bool is_new) {
  if (value.empty()) return "the empty string is not allowed";
  if (value.size() > kValueBytesMax) {
    return fmt::format("it is longer than {} characters", kValueBytesMax);
  }
  if (!std::all_of(value.begin(), value.end(), IsPlain)) {
    return "it has characters other than ASCII letters, digits, '_' and '-'";
  }
  if (is_new && value.starts_with(kReservedPrefix)) {
    return fmt::format("values that begin with '{}' are the server's own", kReservedPrefix);
  }
  return "";
}

}  // namespace

Status ValidatePartitionKeys(const model::TableDescriptor& table) {
  const auto& primary_key = table.schema.primary_key;
  std::set<std::string> names;
  for (const std::string& name : table.partition_keys) {
    int index = table.schema.IndexOf(name);
    if (index < 0) return InvalidArgument("the partition key names the unknown column '{}'", name);
    if (!names.insert(name).second) {
      return InvalidArgument("the partition key names the column '{}' twice", name);
    }
    const model::DataType& type = table.schema.columns[index].type;
    if (!IsPartitionType(type.root())) {
      return InvalidArgument("column '{}' of type {} cannot be in a partition key", name,
                             type.ToString());
    }
    if (table.HasPrimaryKey() && !Contains(primary_key, name)) {
      return InvalidArgument("the partition key column '{}' is not in the primary key", name);
    }
    if (Contains(table.bucket_keys, name)) {
      return InvalidArgument("the bucket key column '{}' is in the partition key", name);
    }
  }
  if (table.HasPrimaryKey() && table.PhysicalPrimaryKey().empty()) {
    return InvalidArgument("the primary key has no column besides the partition key");
  }
  return {};
}

Status ValidateLakePartitionKeys(const model::TableDescriptor& table) {
  for (int index : table.PartitionKeyIndexes()) {
    const model::ColumnSpec& column = table.schema.columns[index];
    bool known = column.type.Is(TypeRoot::kVarchar) || column.type.Is(TypeRoot::kBoolean) ||
                 column.type.Is(TypeRoot::kDate) || column.type.IsInteger();
    if (known) continue;
    return NotSupported("a lake partitioned by column '{}' of type {}", column.name,
                        column.type.ToString());
  }
  return {};
}

Status ValidatePartitionValues(const std::vector<std::string>& values, bool is_new) {
  for (const std::string& value : values) {
    std::string wrong = WrongWith(value, is_new);
    if (!wrong.empty())
      return InvalidArgument("The partition value {} is invalid: {}", value, wrong);
  }
  return {};
}

Result<std::vector<std::string>> ResolvePartitionSpec(const model::TableInfo& table,
                                                      const model::PartitionSpec& spec,
                                                      bool is_new) {
  const auto& keys = table.descriptor.partition_keys;
  std::vector<std::string> values;
  for (const std::string& key : keys) {
    auto found = spec.find(key);
    if (found == spec.end()) {
      return InvalidArgument("the partition has no value for the partition key '{}' of table '{}'",
                             key, table.path.ToString());
    }
    values.push_back(found->second);
  }
  if (spec.size() != keys.size()) {
    return InvalidArgument("table '{}' has {} partition keys, the partition has {} values",
                           table.path.ToString(), keys.size(), spec.size());
  }
  RETURN_IF_ERROR(ValidatePartitionValues(values, is_new));
  return values;
}

std::string QualifiedPartitionName(const model::TableDescriptor& table,
                                   const std::vector<std::string>& values) {
  std::string name;
  for (size_t i = 0; i < values.size() && i < table.partition_keys.size(); ++i) {
    name += fmt::format("{}{}={}", i == 0 ? "" : "/", table.partition_keys[i], values[i]);
  }
  return name;
}

}  // namespace forebay::storage
