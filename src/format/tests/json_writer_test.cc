#include "format/text/json_writer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "format/text/json_rows.h"
#include "model/value.h"

namespace forebay::format {
namespace {

using model::DataType;
using model::Value;

std::string Json(const DataType& type, const Value& value) {
  model::ColumnBuilder builder(type);
  model::AppendValue(builder, value);
  std::string out;
  AppendJsonValue(out, builder.Finish(), 0);
  return out;
}

std::string FlinkJson(const DataType& type, const Value& value,
                      const JsonWriteOptions& options = {}) {
  model::BatchBuilder builder({type});
  model::AppendValue(builder.column(0), value);
  builder.FinishRow();
  std::string out;
  EXPECT_TRUE(AppendJsonRow(out, {"v"}, builder.Finish(), 0, options).ok());
  return out;
}

TEST(JsonWriterTest, ValuesOfResults) {
  EXPECT_EQ(Json(DataType::Boolean(), Value(true)), "true");
  EXPECT_EQ(Json(DataType::Tinyint(), Value(int64_t{-7})), "-7");
  EXPECT_EQ(Json(DataType::Bigint(), Value()), "null");
  EXPECT_EQ(Json(DataType::Double(), Value(1e20)), "1.0E20");
  EXPECT_EQ(Json(DataType::Double(), Value(std::numeric_limits<double>::quiet_NaN())), "\"NaN\"");
  EXPECT_EQ(Json(DataType::Float(), Value(-std::numeric_limits<double>::infinity())),
            "\"-Infinity\"");
  EXPECT_EQ(Json(DataType::Decimal(10, 2), Value(model::Int128{150})), "\"1.50\"");
  EXPECT_EQ(Json(DataType::Timestamp(3), Value(int64_t{1500})), "\"1970-01-01 00:00:01.500\"");
  EXPECT_EQ(Json(DataType::Date(), Value(int64_t{1})), "\"1970-01-02\"");
  EXPECT_EQ(Json(DataType::Time(0), Value(int64_t{3600000})), "\"01:00:00\"");
  EXPECT_EQ(Json(DataType::Bytes(), Value(std::string("\x01\xff"))), "\"01ff\"");
  EXPECT_EQ(Json(DataType::Array(DataType::Int()), Value(Value::List{Value(int64_t{1}), Value()})),
            "[1,null]");
  EXPECT_EQ(Json(DataType::Row({{"b", DataType::Int()}, {"a", DataType::String()}}),
                 Value(Value::List{Value(int64_t{1}), Value(std::string("x"))})),
            R"({"b":1,"a":"x"})");
  Value::List entry = {Value(int64_t{1}), Value(int64_t{2})};
  EXPECT_EQ(Json(DataType::Map(DataType::Int(), DataType::Int()), Value(entry)), "[[1,2]]");
  entry[0] = Value(std::string("k"));
  EXPECT_EQ(Json(DataType::Map(DataType::String(), DataType::Int()), Value(entry)), R"({"k":2})");
}

TEST(JsonWriterTest, Strings) {
  std::string out;
  AppendJsonString(out, std::string_view("a\"\\\n\x01\0\xc3\xa9", 8));
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u0000\u00e9\"");
  out.clear();
  AppendJsonString(out,
                   "\xff"
                   "a\xe2\x82");
  EXPECT_EQ(out, "\"\ufffda\ufffd\ufffd\"");
}

TEST(JsonWriterTest, EveryCharacterAtEveryPlace) {
  const std::map<int, std::string> named = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"},
                                            {'\r', "\\r"}, {'\t', "\\t"},  {'\b', "\\b"},
                                            {'\f', "\\f"}};
  const std::string plain = "abcdefghij\u00e9klmnopqrst";
  for (int c = 0; c < 0x80; ++c) {
    std::string escaped(1, static_cast<char>(c));
    if (c < 0x20) escaped = fmt::format("\\u{:04x}", c);
    if (named.contains(c)) escaped = named.at(c);
    for (size_t at = 0; at <= 10; ++at) {
      std::string text = plain, out;
      text.insert(at, 2, static_cast<char>(c));
      AppendJsonString(out, text);
      EXPECT_EQ(out, '"' + plain.substr(0, at) + escaped + escaped + plain.substr(at) + '"');
    }
  }
}

TEST(JsonWriterTest, RowsAsFlinksFormat) {
  EXPECT_EQ(FlinkJson(DataType::Decimal(10, 2), Value(model::Int128{150})), R"({"v":1.5})");
  // As Java's BigDecimal, but that zeros at the end go first.
  EXPECT_EQ(FlinkJson(DataType::Decimal(10, 2), Value(model::Int128{10000})), R"({"v":1E+2})");
  EXPECT_EQ(FlinkJson(DataType::Decimal(10, 8), Value(model::Int128{-12})), R"({"v":-1.2E-7})");
  EXPECT_EQ(FlinkJson(DataType::Decimal(10, 2), Value(model::Int128{0})), R"({"v":0})");
  EXPECT_EQ(
      FlinkJson(DataType::Decimal(10, 2), Value(model::Int128{10000}), {.plain_decimals = true}),
      R"({"v":100.00})");
  EXPECT_EQ(FlinkJson(DataType::String(), Value(), {.ignore_null_fields = true}), "{}");
  EXPECT_EQ(FlinkJson(DataType::Timestamp(3), Value(int64_t{1500}), {.iso_timestamps = true}),
            R"({"v":"1970-01-01T00:00:01.5"})");
  EXPECT_EQ(FlinkJson(DataType::Timestamp(3), Value(int64_t{1500})),
            R"({"v":"1970-01-01 00:00:01.5"})");
  EXPECT_EQ(FlinkJson(DataType::TimestampLtz(3), Value(int64_t{1000})),
            R"({"v":"1970-01-01 00:00:01Z"})");
  EXPECT_EQ(FlinkJson(DataType::Bytes(), Value(std::string("hi"))), R"({"v":"aGk="})");
  EXPECT_EQ(FlinkJson(DataType::String(), Value()), R"({"v":null})");
}

TEST(JsonWriterTest, WrittenRowsAreReadBack) {
  std::vector<model::ColumnSpec> columns = {
      {"s", DataType::String()},
      {"d", DataType::Decimal(38, 5)},
      {"t", DataType::TimestampLtz(6)},
      {"y", DataType::Bytes()},
      {"k", DataType::Time(3)},
      {"f", DataType::Float()},
      {"m", DataType::Map(DataType::String(), DataType::Array(DataType::Double()))}};
  std::string row =
      R"({"s":"a\n\"","d":-123456789012345678901234567890123.00001,"t":"2024-01-01 00:00:00.25Z",)"
      R"("y":"AP8=","k":"01:02:03.5","f":0.1,"m":{"x":[1.5,null],"":[]}})";
  model::Batch batch = JsonRowReader(columns).Read(row).value();
  std::string out;
  ASSERT_TRUE(AppendJsonRow(out, {"s", "d", "t", "y", "k", "f", "m"}, batch, 0).ok());
  EXPECT_EQ(out, row);
}

}  // namespace
}  // namespace forebay::format
