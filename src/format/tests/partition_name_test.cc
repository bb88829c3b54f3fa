#include "format/partition_name.h"

#include <gmock/gmock.h>

#include <cmath>

#include "format/tests/cells.h"

namespace forebay::format {
namespace {

using model::DataType;
using testing::ElementsAre;

template <typename T>
std::string ValueOf(const DataType& type, T value) {
  std::string text;
  Status status = AppendPartitionValue(text, One(type, value), 0);
  return status.ok() ? text : status.ToString();
}

// The expected texts are those of Fluss's own tests of PartitionUtils, and by hand from its rules.
TEST(PartitionNameTest, ValuesAreThoseOfFluss) {
  EXPECT_EQ(ValueOf(DataType::String(), "Fluss"), "Fluss");
  EXPECT_EQ(ValueOf(DataType::Boolean(), uint8_t{1}), "true");
  EXPECT_EQ(ValueOf(DataType::Bytes(), std::string_view("\x10\x20\xff")), "1020ff");
  EXPECT_EQ(ValueOf(DataType::Tinyint(), int8_t{100}), "100");
  EXPECT_EQ(ValueOf(DataType::Smallint(), int16_t{-32760}), "-32760");
  EXPECT_EQ(ValueOf(DataType::Int(), int32_t{299000}), "299000");
  EXPECT_EQ(ValueOf(DataType::Bigint(), int64_t{1748662955428}), "1748662955428");
  EXPECT_EQ(ValueOf(DataType::Date(), int32_t{20235}), "2025-05-27");
  EXPECT_EQ(ValueOf(DataType::Time(0), int32_t{5402199}), "01-30-02_199");
  EXPECT_EQ(ValueOf(DataType::Float(), 5.73F), "5_73");
  EXPECT_EQ(ValueOf(DataType::Double(), 5.73), "5_73");
  EXPECT_EQ(ValueOf(DataType::Double(), 1e10), "1_0E10");
  EXPECT_EQ(ValueOf(DataType::Double(), double{-INFINITY}), "-Inf");
  EXPECT_EQ(ValueOf(DataType::Float(), std::nanf("")), "NaN");
  EXPECT_EQ(ValueOf(DataType::Timestamp(3), int64_t{1748662955428}), "2025-05-31-03-42-35_428");
  EXPECT_EQ(ValueOf(DataType::Timestamp(9), int64_t{1748662955428099988}),
            "2025-05-31-03-42-35_428099988");
  EXPECT_EQ(ValueOf(DataType::TimestampLtz(6), int64_t{-1}), "1969-12-31-23-59-59_999999");
  EXPECT_EQ(ValueOf(DataType::Timestamp(3), int64_t{0}), "1970-01-01-00-00-00_");
}

/// The cell of a text, written again.
std::string Again(const DataType& type, std::string_view text) {
  model::ColumnBuilder builder(type);
  Status status = ParsePartitionValue(text, builder);
  if (!status.ok()) return std::string(ErrorKindName(status.kind()));
  std::string written;
  return AppendPartitionValue(written, builder.Finish(), 0).ok() ? written : "";
}

TEST(PartitionNameTest, ValuesAreReadAgain) {
  for (const auto& [type, text] : std::vector<std::pair<DataType, const char*>>{
           {DataType::String(), "Fluss"},
           {DataType::String(), ""},
           {DataType::Boolean(), "true"},
           {DataType::Boolean(), "false"},
           {DataType::Bytes(), "1020ff"},
           {DataType::Tinyint(), "-128"},
           {DataType::Smallint(), "-32760"},
           {DataType::Int(), "299000"},
           {DataType::Bigint(), "1748662955428"},
           {DataType::Date(), "2025-05-27"},
           {DataType::Date(), "1969-12-31"},
           {DataType::Time(0), "01-30-02_199"},
           {DataType::Float(), "5_73"},
           {DataType::Double(), "1_0E10"},
           {DataType::Double(), "-Inf"},
           {DataType::Float(), "NaN"},
           {DataType::Timestamp(3), "2025-05-31-03-42-35_428"},
           {DataType::Timestamp(9), "2025-05-31-03-42-35_428099988"},
           {DataType::TimestampLtz(6), "1969-12-31-23-59-59_999999"},
           {DataType::Timestamp(3), "1970-01-01-00-00-00_"}}) {
    EXPECT_EQ(Again(type, text), text) << type.ToString();
  }
  model::ColumnBuilder dates(DataType::Date());
  EXPECT_TRUE(ParsePartitionValue("2025-05-27", dates).ok());
  EXPECT_EQ(dates.Finish().Get<int32_t>(0), 20235);
  for (const auto& [type, text] : std::vector<std::pair<DataType, const char*>>{
           {DataType::Boolean(), "yes"},
           {DataType::Bytes(), "1"},
           {DataType::Bytes(), "xy"},
           {DataType::Tinyint(), "128"},
           {DataType::Int(), "007"},
           {DataType::Int(), ""},
           {DataType::Date(), "2025-02-30"},
           {DataType::Date(), "2025-05"},
           {DataType::Date(), "9999999999-01-01"},
           {DataType::Time(0), "01:30"},
           {DataType::Timestamp(9), "9999-12-31-00-00-00_0"},
           {DataType::Timestamp(3), "2025-05-31"},
           {DataType::Double(), "5.73"}}) {
    EXPECT_EQ(Again(type, text), std::string(ErrorKindName(ErrorKind::kInvalidArgument))) << text;
  }
}

TEST(PartitionNameTest, RowsAreSortedByTheirKeys) {
  model::BatchBuilder builder({DataType::String(), DataType::Int(), DataType::Int()});
  for (auto [day, hour] : {std::pair("a", 1), {"a", 1}, {"b", 1}, {"a", 2}, {"a", 1}}) {
    builder.column(0).AppendString(day);
    builder.column(1).Append(int32_t{7});
    builder.column(2).Append(int32_t{hour});
    builder.FinishRow();
  }
  model::Batch batch = builder.Finish();
  auto rows = PartitionRows(batch, {0, 2});
  ASSERT_TRUE(rows.ok());
  EXPECT_THAT(rows->partition_of_row, ElementsAre(0, 0, 1, 2, 0));
  EXPECT_THAT(rows->values,
              ElementsAre(ElementsAre("a", "1"), ElementsAre("b", "1"), ElementsAre("a", "2")));
}

TEST(PartitionNameTest, NullIsNoValue) {
  model::BatchBuilder builder({DataType::String()});
  builder.column(0).AppendNull();
  builder.FinishRow();
  EXPECT_EQ(PartitionRows(builder.Finish(), {0}).kind(), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace forebay::format
