#include "lake/tiering/lake_rows.h"

#include <gtest/gtest.h>

#include "model/value.h"

namespace forebay::lake {
namespace {

using model::DataType;
using model::Value;

model::Batch OneColumn(const DataType& type, const std::vector<Value>& cells) {
  model::BatchBuilder builder({type});
  for (const Value& cell : cells) {
    model::AppendValue(builder.column(0), cell);
    builder.FinishRow();
  }
  return builder.Finish();
}

TEST(LakeRowsTest, SystemColumnsFollowTheRow) {
  model::Batch rows = OneColumn(DataType::Bigint(), {Value(int64_t{7}), Value()});
  model::Batch lake = ToLakeRows(rows, {3, 1'700'000'000'123, {40, 42}});
  ASSERT_EQ(lake.columns.size(), 4u);
  EXPECT_TRUE(lake.columns[0].IsNull(1));
  EXPECT_EQ(lake.columns[1].Get<int32_t>(1), 3);
  EXPECT_EQ(lake.columns[2].Get<int64_t>(0), 40);
  EXPECT_EQ(lake.columns[2].Get<int64_t>(1), 42);
  EXPECT_EQ(lake.columns[3].Get<int64_t>(1), 1'700'000'000'123'000);
}

/// Types that Iceberg has not change on the way there and come back as they were.
TEST(LakeRowsTest, ConvertedTypesComeBack) {
  struct Case {
    DataType type;
    std::vector<Value> cells;
    Value first_in_lake;
  };
  std::vector<Case> cases = {
      {DataType::Tinyint(), {Value(int64_t{-128}), Value()}, Value(int64_t{-128})},
      {DataType::Smallint(), {Value(int64_t{-32768}), Value()}, Value(int64_t{-32768})},
      {DataType::Timestamp(3), {Value(int64_t{-1}), Value()}, Value(int64_t{-1000})},
      {DataType::TimestampLtz(0), {Value(int64_t{5000}), Value()}, Value(int64_t{5'000'000})},
      {DataType::Timestamp(6), {Value(int64_t{-1}), Value()}, Value(int64_t{-1})},
      {DataType::Time(0), {Value(int64_t{86'399'000}), Value()}, Value(int64_t{86'399'000})},
      {DataType::String(),
       {Value(std::string("a text longer than twelve")), Value()},
       Value(std::string("a text longer than twelve"))},
  };
  for (const Case& c : cases) {
    model::Batch rows = OneColumn(c.type, c.cells);
    model::Batch lake = ToLakeRows(rows, {0, 0, {0, 1}});
    EXPECT_EQ(model::ValueAt(lake.columns[0], 0), c.first_in_lake) << c.type.ToString();
    EXPECT_EQ(lake.columns[0].type(), LakeType(c.type));
    model::Column back = FromLakeColumn(lake.columns[0], c.type);
    EXPECT_EQ(back.type(), c.type);
    for (int row = 0; row < 2; ++row) {
      EXPECT_EQ(model::ValueAt(back, row), c.cells[row]) << c.type.ToString();
    }
  }
}

TEST(LakeRowsTest, SchemaHasAllColumnsNullableOrNotAsTheTable) {
  model::Schema schema;
  schema.columns = {{"a", DataType::Tinyint().NotNull()}, {"b", DataType::Timestamp(3)}};
  model::Schema lake = LakeSchema(schema);
  ASSERT_EQ(lake.columns.size(), 5u);
  EXPECT_EQ(lake.columns[0].type, DataType::Int().NotNull());
  EXPECT_EQ(lake.columns[1].type, DataType::Timestamp(6));
  EXPECT_EQ(lake.columns[2].name, "__bucket");
}

}  // namespace
}  // namespace forebay::lake
