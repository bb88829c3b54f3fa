#pragma once

#include <random>
#include <string>
#include <vector>

#include "format/tests/golden_types.h"
#include "model/batch.h"
#include "model/value.h"

namespace forebay::format {

/// The golden types, and what a test that compares with itself can cover besides.
inline std::vector<model::DataType> AllTypes() {
  using model::DataType;
  std::vector<DataType> types = GoldenTypes();
  types.push_back(DataType::Varchar(20));
  types.push_back(DataType::Array(DataType::Array(DataType::String())));
  return types;
}

inline model::Value RandomValue(const model::DataType& type, std::mt19937_64& random,
                                double null_share);

inline model::Value RandomNested(const model::DataType& type, std::mt19937_64& random,
                                 double null_share) {
  model::Value::List list;
  if (type.Is(model::TypeRoot::kRow)) {
    for (const model::DataType& child : type.children()) {
      list.push_back(RandomValue(child, random, null_share));
    }
    return model::Value(std::move(list));
  }
  size_t size = random() % 4;
  for (size_t i = 0; i < size; ++i) {
    for (const model::DataType& child : type.children()) {
      list.push_back(RandomValue(child, random, child.nullable() ? null_share : 0));
    }
  }
  return model::Value(std::move(list));
}

inline model::Value RandomValue(const model::DataType& type, std::mt19937_64& random,
                                double null_share) {
  using model::TypeRoot;
  using model::Value;
  if (std::uniform_real_distribution<>()(random) < null_share) return Value();
  auto integer = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)) - limit / 2;
  };
  switch (type.root()) {
    case TypeRoot::kBoolean: return Value(random() % 2 == 0);
    case TypeRoot::kTinyint: return Value(integer(256));
    case TypeRoot::kSmallint: return Value(integer(65536));
    case TypeRoot::kInteger: return Value(integer(int64_t{1} << 32));
    case TypeRoot::kDate: return Value(integer(40000));
    case TypeRoot::kBigint: return Value(static_cast<int64_t>(random()));
    case TypeRoot::kFloat: return Value(static_cast<double>(static_cast<float>(integer(1000)) / 8));
    case TypeRoot::kDouble: return Value(static_cast<double>(integer(1000000)) / 64);
    case TypeRoot::kDecimal:
      return Value(model::Int128{integer(1000000000)} * (type.precision() > 18 ? 1000000000 : 1));
    case TypeRoot::kTime: {
      int64_t ms = static_cast<int64_t>(random() % 86400000);
      return Value(type.precision() == 0 ? ms / 1000 * 1000 : ms);
    }
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: {
      int64_t value = integer(int64_t{1} << 50);
      return Value(type.precision() == 0 ? value / 1000 * 1000 : value);
    }
    case TypeRoot::kBinary:
      return Value(std::string(static_cast<size_t>(type.length()), static_cast<char>(random())));
    case TypeRoot::kChar: return Value(std::string("char5"));
    case TypeRoot::kVarchar:
    case TypeRoot::kVarbinary:
      return Value(std::string(random() % 20, static_cast<char>('a' + random() % 26)));
    default: return RandomNested(type, random, null_share);
  }
}

inline model::Batch RandomBatch(const std::vector<model::DataType>& types, int rows, uint64_t seed,
                                double null_share) {
  std::mt19937_64 random(seed);
  model::BatchBuilder builder(types);
  for (int row = 0; row < rows; ++row) {
    for (size_t i = 0; i < types.size(); ++i) {
      model::AppendValue(builder.column(static_cast<int>(i)),
                         RandomValue(types[i], random, null_share));
    }
    builder.FinishRow();
  }
  return builder.Finish();
}

/// Every cell equal.
inline bool SameRows(const model::Batch& a, const model::Batch& b) {
  if (a.num_rows != b.num_rows || a.columns.size() != b.columns.size()) return false;
  for (size_t c = 0; c < a.columns.size(); ++c) {
    for (int row = 0; row < a.num_rows; ++row) {
      if (!(model::ValueAt(a.columns[c], row) == model::ValueAt(b.columns[c], row))) return false;
    }
  }
  for (int row = 0; row < a.num_rows; ++row) {
    if (a.change(row) != b.change(row)) return false;
  }
  return true;
}

}  // namespace forebay::format
