#include "lake/tiering/lake_rows.h"

#include <algorithm>

#include "format/row/lake_key.h"
#include "model/value_text.h"

namespace forebay::lake {

using model::Batch;
using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;

DataType LakeType(const DataType& type) {
  DataType lake = type;
  switch (type.root()) {
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint: lake = DataType::Int(); break;
    case TypeRoot::kTime: lake = DataType::Time(6); break;
    case TypeRoot::kTimestamp: lake = DataType::Timestamp(6); break;
    case TypeRoot::kTimestampLtz: lake = DataType::TimestampLtz(6); break;
    default: return type;
  }
  return lake.WithNullable(type.nullable());
}

model::Schema LakeSchema(const model::Schema& schema) {
  model::Schema lake;
  auto add = [&](const std::string& name, const DataType& type) {
    lake.columns.push_back({name, type, {}, static_cast<int>(lake.columns.size())});
  };
  for (const model::ColumnSpec& column : schema.columns) add(column.name, LakeType(column.type));
  add("__bucket", DataType::Int().NotNull());
  add("__offset", DataType::Bigint().NotNull());
  add("__timestamp", DataType::TimestampLtz(6).NotNull());
  return lake;
}

bool HasFlussLayout(const model::TableDescriptor& table) {
  std::vector<int> keys = table.PartitionKeyIndexes();
  bool has_text_partitions = std::all_of(keys.begin(), keys.end(), [&](int key) {
    return table.schema.columns[key].type.Is(TypeRoot::kVarchar);
  });
  bool has_lake_buckets = table.EffectiveBucketKeys().empty() ||
                          format::BucketEncodingOf(table) == format::KeyEncoding::kIceberg;
  return has_text_partitions && has_lake_buckets;
}

TablePartitioning LakePartitioning(const model::TableDescriptor& table) {
  TablePartitioning partitioning{table.partition_keys, "", table.bucket_count};
  if (format::BucketEncodingOf(table) == format::KeyEncoding::kIceberg) {
    partitioning.bucket_key = table.EffectiveBucketKeys()[0];
  }
  return partitioning;
}

namespace {

/// Applies `convert` to every cell; NULLs stay.
template <typename From, typename To, typename F>
Column Convert(const Column& column, const DataType& type, F&& convert) {
  ColumnBuilder builder(type, column.num_rows());
  builder.Resize(column.num_rows());
  const From* source = column.values<From>();
  To* target = builder.mutable_values<To>();
  for (int row = 0; row < column.num_rows(); ++row) target[row] = convert(source[row]);
  for (int row = 0; column.MayHaveNulls() && row < column.num_rows(); ++row) {
    if (column.IsNull(row)) builder.SetNull(row);
  }
  return builder.Finish();
}

Column ToLakeColumn(const Column& column) {
  DataType type = LakeType(column.type());
  if (column.type().Is(TypeRoot::kTinyint)) {
    return Convert<int8_t, int32_t>(column, type, [](int8_t v) { return int32_t{v}; });
  }
  if (column.type().Is(TypeRoot::kSmallint)) {
    return Convert<int16_t, int32_t>(column, type, [](int16_t v) { return int32_t{v}; });
  }
  bool millis = column.type().IsTimestamp() && column.type().precision() <= 3;
  if (millis) return Convert<int64_t, int64_t>(column, type, [](int64_t v) { return v * 1000; });
  return column.WithType(type);
}

Column Constant(const DataType& type, int rows, int64_t value) {
  ColumnBuilder builder(type, rows);
  for (int row = 0; row < rows; ++row) {
    if (type.Is(TypeRoot::kInteger)) {
      builder.Append(static_cast<int32_t>(value));
    } else {
      builder.Append(value);
    }
  }
  return builder.Finish();
}

}  // namespace

Batch ToLakeRows(const Batch& rows, const RowOrigin& origin) {
  Batch lake;
  lake.num_rows = rows.num_rows;
  for (const Column& column : rows.columns) lake.columns.push_back(ToLakeColumn(column));
  lake.columns.push_back(Constant(DataType::Int(), rows.num_rows, origin.bucket));
  ColumnBuilder offsets(DataType::Bigint(), rows.num_rows);
  for (model::LogOffset offset : origin.offsets) offsets.Append(offset);
  lake.columns.push_back(offsets.Finish());
  lake.columns.push_back(
      Constant(DataType::TimestampLtz(6), rows.num_rows, origin.timestamp_ms * 1000));
  return lake;
}

Column FromLakeColumn(const Column& column, const DataType& type) {
  if (type.Is(TypeRoot::kTinyint)) {
    return Convert<int32_t, int8_t>(column, type, [](int32_t v) { return static_cast<int8_t>(v); });
  }
  if (type.Is(TypeRoot::kSmallint)) {
    return Convert<int32_t, int16_t>(column, type,
                                     [](int32_t v) { return static_cast<int16_t>(v); });
  }
  if (type.IsTimestamp() && type.precision() <= 3) {
    return Convert<int64_t, int64_t>(column, type, [](int64_t v) { return v / 1000; });
  }
  return column.WithType(type);
}

namespace {

/// The value of a partition key that is a number in the lake; a date is its days.
Result<int64_t> LakeNumber(const model::DataType& type, const std::string& text) {
  switch (type.root()) {
    case model::TypeRoot::kDate: {
      auto days = model::ParseDate(text);
      if (!days.has_value()) return Corruption("'{}' is no date", text);
      return *days;
    }
    case model::TypeRoot::kTinyint:
    case model::TypeRoot::kSmallint:
    case model::TypeRoot::kInteger:
    case model::TypeRoot::kBigint: {
      auto number = model::ParseInteger(text);
      if (!number.has_value()) return Corruption("'{}' is no number", text);
      return *number;
    }
    default: return NotSupported("a partition key of type {} in the lake", type.ToString());
  }
}

}  // namespace

Result<PartitionKeys> LakePartitionKeys(const model::TableDescriptor& table,
                                        const std::vector<std::string>& values) {
  PartitionKeys keys;
  for (size_t i = 0; i < table.partition_keys.size() && i < values.size(); ++i) {
    const std::string& name = table.partition_keys[i];
    const model::DataType& type = table.schema.columns[table.schema.IndexOf(name)].type;
    if (type.Is(model::TypeRoot::kVarchar)) {
      keys.emplace(name, values[i]);
    } else if (type.Is(model::TypeRoot::kBoolean)) {
      keys.emplace(name, values[i] == "true");
    } else {
      ASSIGN_OR_RETURN(int64_t number, LakeNumber(type, values[i]));
      keys.emplace(name, number);
    }
  }
  return keys;
}

}  // namespace forebay::lake
