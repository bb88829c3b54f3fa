#include "model/value_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "model/calendar.h"
#include "model/value.h"

namespace forebay::model {
namespace {

template <typename F, typename... Args>
std::string Text(F&& append, Args... args) {
  std::string out;
  append(out, args...);
  return out;
}
std::string DoubleText(double v) { return Text(AppendDouble, v); }
std::string FloatText(float v) { return Text(AppendFloat, v); }

// Expected values are Java's (JDK 19 and later).
TEST(ValueTextTest, DoublesAsJavaWritesThem) {
  EXPECT_EQ(DoubleText(1), "1.0");
  EXPECT_EQ(DoubleText(100000000), "1.0E8");
  EXPECT_EQ(DoubleText(9999999), "9999999.0");
  EXPECT_EQ(DoubleText(10000000), "1.0E7");
  EXPECT_EQ(DoubleText(0.001), "0.001");
  EXPECT_EQ(DoubleText(0.0001), "1.0E-4");
  EXPECT_EQ(DoubleText(0.00001), "1.0E-5");
  EXPECT_EQ(DoubleText(123456.789), "123456.789");
  EXPECT_EQ(DoubleText(2e-3), "0.002");
  EXPECT_EQ(DoubleText(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(DoubleText(2e23), "2.0E23");
  EXPECT_EQ(DoubleText(5e-324), "4.9E-324");
  EXPECT_EQ(DoubleText(std::numeric_limits<double>::max()), "1.7976931348623157E308");
  EXPECT_EQ(DoubleText(-0.0), "-0.0");
  EXPECT_EQ(DoubleText(std::nan("")), "NaN");
  EXPECT_EQ(DoubleText(-INFINITY), "-Infinity");
  EXPECT_EQ(FloatText(0.1f), "0.1");
  EXPECT_EQ(FloatText(1.17549435e-38f), "1.1754944E-38");
  EXPECT_EQ(FloatText(1e-45f), "1.4E-45");
  EXPECT_EQ(FloatText(16777216.0f), "1.6777216E7");
}

TEST(ValueTextTest, Decimals) {
  EXPECT_EQ(Text(AppendDecimal, Int128{12345}, 2), "123.45");
  EXPECT_EQ(Text(AppendDecimal, Int128{-5}, 3), "-0.005");
  EXPECT_EQ(Text(AppendDecimal, Int128{0}, 2), "0.00");
  EXPECT_EQ(Text(AppendDecimal, Int128{7}, 0), "7");
  Int128 most = 1;
  for (int i = 0; i < 38; ++i) most *= 10;
  EXPECT_EQ(Text(AppendDecimal, Int128{1} - most, 38), "-0." + std::string(38, '9'));
}

TEST(ValueTextTest, DatesTimesAndTimestamps) {
  EXPECT_EQ(Text(AppendDate, int64_t{19782}), "2024-02-29");
  EXPECT_EQ(Text(AppendDate, int64_t{-719528}), "0000-01-01");
  EXPECT_EQ(Text(AppendTime, 45296789, 3), "12:34:56.789");
  EXPECT_EQ(Text(AppendTime, 45296120, 3), "12:34:56.12");
  EXPECT_EQ(Text(AppendTime, 45296000, 0), "12:34:56");
  EXPECT_EQ(Text(AppendTimestamp, int64_t{1577836800120}, 3, ' '), "2020-01-01 00:00:00.120");
  EXPECT_EQ(Text(AppendTimestamp, int64_t{1577836800000}, 0, ' '), "2020-01-01 00:00:00");
  EXPECT_EQ(Text(AppendTimestamp, int64_t{-1}, 3, ' '), "1969-12-31 23:59:59.999");
  EXPECT_EQ(Text(AppendTimestamp, int64_t{-1}, 9, 'T'), "1969-12-31T23:59:59.999999999");
  EXPECT_EQ(Text(AppendTimestamp, int64_t{1500}, 1, ' '), "1970-01-01 00:00:01.5");
}

std::string Cell(const DataType& type, const Value& value, TextOptions options = {}) {
  ColumnBuilder builder(type);
  AppendValue(builder, value);
  std::string out;
  AppendText(out, builder.Finish(), 0, options);
  return out;
}

TEST(ValueTextTest, CellsAsFlinkCastsThem) {
  using List = Value::List;
  Value one(int64_t{1}), a(std::string("a"));
  EXPECT_EQ(Cell(DataType::Boolean(), Value(true)), "TRUE");
  DataType row = DataType::Row({{"x", DataType::Int()}, {"y", DataType::String()}});
  EXPECT_EQ(Cell(row, Value(List{one, a})), "(1, a)");
  EXPECT_EQ(Cell(row, Value(List{Value(), a})), "(NULL, a)");
  EXPECT_EQ(Cell(DataType::Array(DataType::Int()), Value(List{one, one})), "[1, 1]");
  EXPECT_EQ(Cell(DataType::Map(DataType::String(), DataType::Int()), Value(List{a, one})), "{a=1}");
  EXPECT_EQ(Cell(DataType::Bytes(), Value(std::string("ABC"))), "ABC");
  EXPECT_EQ(Cell(DataType::Bytes(), Value(std::string("\xff\x01")), {.bytes_as_hex = true}),
            "ff01");
  EXPECT_EQ(Cell(DataType::TimestampLtz(3), Value(int64_t{0}), {.zone_offset_seconds = 7200}),
            "1970-01-01 02:00:00.000");
  EXPECT_EQ(Cell(DataType::IntervalDayTime(), Value(int64_t{93784567})), "+1 02:03:04.567");
  EXPECT_EQ(Cell(DataType::IntervalYearMonth(), Value(int64_t{-14})), "-1-02");
}

TEST(CalendarTest, EveryDayOfFourHundredYearsComesBack) {
  CivilDate expected{1899, 12, 31};
  for (int64_t days = -25567; days < 146097 - 25567; ++days) {
    if (++expected.day > DaysInMonth(expected.year, expected.month)) {
      expected.day = 1;
      if (++expected.month > 12) {
        expected.month = 1;
        ++expected.year;
      }
    }
    ASSERT_EQ(CivilOfDays(days), expected);
    ASSERT_EQ(DaysOfCivil(expected), days);
  }
}

// Rules of Flink's DateTimeUtils and BinaryStringDataUtil.
TEST(ValueParseTest, Dates) {
  EXPECT_EQ(ParseDate("2024-02-29"), 19782);
  EXPECT_EQ(ParseDate("2024-2-9 whatever"), 19762);
  EXPECT_EQ(ParseDate("1970"), 0);
  EXPECT_EQ(ParseDate("1970-02"), 31);
  for (const char* bad : {"", "2023-02-29", "2024-13-01", "x", "2024-01-01T00:00:00", "-1-1-1"}) {
    EXPECT_FALSE(ParseDate(bad)) << bad;
  }
}

TEST(ValueParseTest, Times) {
  EXPECT_EQ(ParseTime("12:34:56.789"), 45296789);
  EXPECT_EQ(ParseTime("12:34"), 45240000);
  EXPECT_EQ(ParseTime("12"), 43200000);
  EXPECT_EQ(ParseTime("00:00:00.1235"), 124);
  EXPECT_FALSE(ParseTime("noon"));
}

TEST(ValueParseTest, Timestamps) {
  EXPECT_EQ(ParseTimestamp("2020-01-01 00:00:00.12", 3), 1577836800120);
  EXPECT_EQ(ParseTimestamp("2020-1-1", 6), 1577836800000000);
  EXPECT_EQ(ParseTimestamp("2024-01-01 00:00:00.9999", 3), 1704067200999);
  EXPECT_EQ(ParseTimestamp("2021-02-31 1:2:3", 0), 1614474123000);  // 28 February
  for (const char* bad : {"", "2020-01-01T00:00:00", "2020-01-01 00:00", "2020-01-01 24:00:00",
                          " 2020-01-01", "2020-01-01 00:00:00Z", "20-01-01"}) {
    EXPECT_FALSE(ParseTimestamp(bad, 3)) << bad;
  }
  EXPECT_EQ(ParseIsoTimestamp("2020-01-01T00:00:01.5", 3, false), 1577836801500);
  EXPECT_EQ(ParseIsoTimestamp("2020-01-01T02:00:00+02:00", 3, true), 1577836800000);
  EXPECT_FALSE(ParseIsoTimestamp("2020-01-01T00:00:00", 3, true));
  EXPECT_FALSE(ParseTimestamp("9999-01-01", 9));  // beyond int64 nanoseconds
}

TEST(ValueParseTest, Numbers) {
  EXPECT_EQ(ParseInteger(" 12 "), 12);
  EXPECT_EQ(ParseInteger("12.7"), 12);
  EXPECT_EQ(ParseInteger("-.5"), 0);
  EXPECT_EQ(ParseInteger("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const char* bad : {"", "abc", "1e3", "9223372036854775808", "+-1", "1.x", ".", "-."}) {
    EXPECT_FALSE(ParseInteger(bad)) << bad;
  }
  EXPECT_EQ(ParseDecimal("123.456", 5, 1), Int128{1235});
  EXPECT_EQ(ParseDecimal(" -0.05 ", 3, 1), Int128{-1});
  EXPECT_EQ(ParseDecimal("1.5e2", 10, 2), Int128{15000});
  EXPECT_EQ(ParseDecimal("4e-3", 10, 2), Int128{0});
  EXPECT_FALSE(ParseDecimal("12345.6", 4, 1));
  EXPECT_FALSE(ParseDecimal("99.95", 3, 1));
  EXPECT_FALSE(ParseDecimal("1e999999999", 38, 10));
  for (const char* bad : {"", ".", "-", "1..2", "1e", "abc"}) {
    EXPECT_FALSE(ParseDecimal(bad, 10, 2)) << bad;
  }
  EXPECT_EQ(ParseDouble(" 1.5e3 "), 1500);
  EXPECT_EQ(ParseDouble("-Infinity"), -INFINITY);
  EXPECT_EQ(ParseDouble("1e999"), INFINITY);
  EXPECT_EQ(ParseDouble("1e-999"), 0);
  EXPECT_TRUE(std::isnan(*ParseDouble("NaN")));
  for (const char* bad : {"", "inf", "nan", "0x1p3", "1.5x", "--1"}) {
    EXPECT_FALSE(ParseDouble(bad)) << bad;
  }
  EXPECT_EQ(ParseBoolean(" YES "), true);
  EXPECT_EQ(ParseBoolean("0"), false);
  EXPECT_FALSE(ParseBoolean("on"));
}

TEST(ValueParseTest, DoublesComeBack) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 100000; ++i) {
    double value = std::bit_cast<double>(random());
    if (std::isnan(value)) continue;
    ASSERT_EQ(ParseDouble(DoubleText(value)), value) << DoubleText(value);
    auto small = static_cast<float>(value);
    ASSERT_EQ(ParseFloat(FloatText(small)), small) << FloatText(small);
  }
}

}  // namespace
}  // namespace forebay::model
