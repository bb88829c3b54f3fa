#include "storage/kv/cell_aggregate.h"

#include <gtest/gtest.h>

#include <limits>

#include "model/value.h"
#include "model/value_text.h"
#include "storage/kv/decimal_math.h"

namespace forebay::storage {
namespace {

using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::Value;

/// What the function makes of two values that are not NULL, as text.
std::string Combine(const char* function, const DataType& type, Value stored, Value written) {
  auto aggregate = CellAggregate::Make({function}, type);
  EXPECT_TRUE(aggregate.ok()) << aggregate.status().ToString();
  ColumnBuilder a(type), b(type), out(type);
  model::AppendValue(a, stored);
  model::AppendValue(b, Value());
  model::AppendValue(b, written);
  Status combined = aggregate->Combine(a.Finish(), b.Finish(), 1, out);
  EXPECT_TRUE(combined.ok()) << combined.ToString();
  std::string text;
  model::AppendText(text, out.Finish(), 0);
  return text;
}
Value Of(int64_t value) { return Value(value); }
Value Real(double value) { return Value(value); }

TEST(CellAggregateTest, IntegersWrapAsInJava) {
  EXPECT_EQ(Combine("sum", DataType::Tinyint(), Of(100), Of(100)), "-56");
  EXPECT_EQ(Combine("sum", DataType::Smallint(), Of(32767), Of(1)), "-32768");
  EXPECT_EQ(Combine("sum", DataType::Int(), Of(2147483647), Of(2)), "-2147483647");
  EXPECT_EQ(Combine("sum", DataType::Bigint(), Of(INT64_MAX), Of(1)), "-9223372036854775808");
  EXPECT_EQ(Combine("product", DataType::Tinyint(), Of(-100), Of(3)), "-44");
  EXPECT_EQ(Combine("product", DataType::Int(), Of(65536), Of(65537)), "65536");
  EXPECT_EQ(Combine("product", DataType::Bigint(), Of(-3), Of(7)), "-21");
  EXPECT_EQ(Combine("sum", DataType::Float(), Real(1.5), Real(-4)), "-2.5");
  EXPECT_EQ(Combine("product", DataType::Double(), Real(0.5), Real(3)), "1.5");
}

TEST(CellAggregateTest, MaxAndMinOrderAsJavaDoes) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Combine("max", DataType::Double(), Real(nan), Real(1e308)), "NaN");
  EXPECT_EQ(Combine("min", DataType::Double(), Real(nan), Real(1e308)), "1.0E308");
  EXPECT_EQ(Combine("max", DataType::Double(), Real(-0.0), Real(0.0)), "0.0");
  EXPECT_EQ(Combine("min", DataType::Double(), Real(0.0), Real(-0.0)), "-0.0");
  EXPECT_EQ(Combine("max", DataType::String(), Value(std::string("abc")), Value(std::string("ab"))),
            "abc");
  EXPECT_EQ(Combine("min", DataType::String(), Value(std::string("\x7f")),
                    Value(std::string("\xc3\xa9"))),
            "\x7f");
  EXPECT_EQ(Combine("max", DataType::Date(), Of(-1), Of(0)), "1970-01-01");
  EXPECT_EQ(Combine("min", DataType::Timestamp(3), Of(5), Of(-5)), "1969-12-31 23:59:59.995");
  EXPECT_EQ(Combine("max", DataType::Decimal(30, 2), Value(Int128{-5}), Value(Int128{-6})),
            "-0.05");
}

TEST(CellAggregateTest, Booleans) {
  for (bool a : {false, true}) {
    for (bool b : {false, true}) {
      EXPECT_EQ(Combine("bool_and", DataType::Boolean(), Value(a), Value(b)),
                a && b ? "TRUE" : "FALSE");
      EXPECT_EQ(Combine("bool_or", DataType::Boolean(), Value(a), Value(b)),
                a || b ? "TRUE" : "FALSE");
    }
  }
}

TEST(CellAggregateTest, FunctionsTakeFlusssTypes) {
  struct Case {
    const char* function;
    DataType type;
    bool takes;
  };
  const Case cases[] = {{"sum", DataType::String(), false},
                        {"product", DataType::Date(), false},
                        {"max", DataType::Boolean(), false},
                        {"min", DataType::Varbinary(DataType::kMaxLength), false},
                        {"max", DataType::Char(3), true},
                        {"min", DataType::Time(3), true},
                        {"listagg", DataType::Int(), false},
                        {"bool_and", DataType::Int(), false},
                        {"rbm32", DataType::String(), false},
                        {"rbm64", DataType::Varbinary(DataType::kMaxLength), true},
                        {"first_value", DataType::Array(DataType::Int()), true},
                        {"last_value", DataType::Boolean(), true},
                        {"SUM", DataType::Int(), false}};
  for (const Case& each : cases) {
    EXPECT_EQ(CellAggregate::Make({each.function}, each.type).ok(), each.takes)
        << each.function << " of " << each.type.ToString();
  }
  EXPECT_FALSE(CellAggregate::Make({"listagg", {{"delimiter", ""}}}, DataType::String()).ok());
  EXPECT_FALSE(CellAggregate::Make({"listagg", {{"separator", ","}}}, DataType::String()).ok());
}

TEST(DecimalMathTest, SumsThatHaveMoreDigitsThanTheTypeAreNullWhenWide) {
  Int128 nines = 1;
  for (int i = 0; i < 38; ++i) nines *= 10;
  nines -= 1;
  EXPECT_EQ(AddDecimals(nines, 0, 38), nines);
  EXPECT_EQ(AddDecimals(nines, 1, 38), std::nullopt);
  EXPECT_EQ(AddDecimals(nines, nines, 38), std::nullopt);
  EXPECT_EQ(AddDecimals(-nines, -nines, 38), std::nullopt);
  EXPECT_EQ(AddDecimals(999, 2, 20), Int128{1001});
  // Fluss adds up to 18 digits as longs and does not look at the digits.
  EXPECT_EQ(AddDecimals(99999, 99999, 5), Int128{199998});
  EXPECT_EQ(AddDecimals(INT64_MAX, 1, 18), std::nullopt);
}

TEST(DecimalMathTest, ProductsAreRoundedHalfUp) {
  EXPECT_EQ(MultiplyDecimals(150, 150, 5, 2), Int128{225});  // 1.50 * 1.50
  EXPECT_EQ(MultiplyDecimals(1, 50, 5, 2), Int128{1});       // 0.01 * 0.50 = 0.005
  EXPECT_EQ(MultiplyDecimals(1, 49, 5, 2), Int128{0});
  EXPECT_EQ(MultiplyDecimals(-1, 50, 5, 2), Int128{-1});
  EXPECT_EQ(MultiplyDecimals(7, -6, 5, 0), Int128{-42});
  EXPECT_EQ(MultiplyDecimals(999, 999, 5, 0), std::nullopt);
  // 10^19 * 10^18, unscaled, of scale 18: beyond 128 bits before it is scaled back.
  Int128 large = 1;
  for (int i = 0; i < 37; ++i) large *= 10;
  EXPECT_EQ(MultiplyDecimals(large, 5 * Int128{1000000000000000000}, 38, 18), large * 5);
  EXPECT_EQ(MultiplyDecimals(large, large, 38, 36), std::nullopt);  // 10^38
  EXPECT_EQ(MultiplyDecimals(large, large, 38, 38), large / 10);    // 10^36
}

}  // namespace
}  // namespace forebay::storage
