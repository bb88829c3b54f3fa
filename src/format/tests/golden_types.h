#pragma once

#include <vector>

#include "model/data_type.h"

namespace forebay::format {

/// Every type that a table can have, with each time unit: the columns of the golden files, which
/// are in this order, and of the fuzzers' inputs.
inline std::vector<model::DataType> GoldenTypes() {
  using model::DataType;
  return {DataType::Boolean(),
          DataType::Tinyint(),
          DataType::Smallint(),
          DataType::Int(),
          DataType::Bigint(),
          DataType::Float(),
          DataType::Double(),
          DataType::Decimal(10, 2),
          DataType::Decimal(30, 4),
          DataType::Char(5),
          DataType::String(),
          DataType::Binary(4),
          DataType::Bytes(),
          DataType::Date(),
          DataType::Time(0),
          DataType::Time(3),
          DataType::Time(6),
          DataType::Time(9),
          DataType::Timestamp(0),
          DataType::Timestamp(3),
          DataType::Timestamp(6),
          DataType::Timestamp(9),
          DataType::TimestampLtz(0),
          DataType::TimestampLtz(3),
          DataType::TimestampLtz(6),
          DataType::TimestampLtz(9),
          DataType::Array(DataType::Int()),
          DataType::Array(DataType::String()),
          DataType::Map(DataType::String().NotNull(), DataType::Bigint()),
          DataType::Row({{"a", DataType::Int()}, {"b", DataType::String()}}),
          DataType::Array(
              DataType::Row({{"x", DataType::Decimal(38, 10)}, {"y", DataType::Boolean()}})),
          DataType::Map(DataType::Int().NotNull(), DataType::Array(DataType::Double()))};
}

}  // namespace forebay::format
