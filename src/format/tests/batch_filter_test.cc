#include "format/batch/batch_filter.h"

#include <gtest/gtest.h>

#include <cmath>

namespace forebay::format {
namespace {

using model::DataType;
using model::Int128;
using model::Value;
using Operator = BatchFilter::Operator;

/// Of one column.
BatchStatistics StatisticsOf(const DataType& type, const std::vector<Value>& values) {
  model::BatchBuilder builder({type});
  for (const Value& value : values) {
    model::AppendValue(builder.column(0), value);
    builder.FinishRow();
  }
  int column = 0;
  BatchStatistics collected = CollectStatistics(builder.Finish(), {&column, 1}).value();
  std::string bytes;
  EXPECT_TRUE(AppendStatistics(collected, bytes).ok());
  return ReadStatistics(bytes, std::vector<DataType>{type}).value();
}

bool May(const BatchStatistics& statistics, Operator op, std::vector<Value> literals,
         int64_t rows = 4) {
  BatchFilter filter;
  filter.op = op;
  filter.literals = std::move(literals);
  return MayMatch(filter, statistics, rows);
}

Value Int(int64_t value) { return Value(value); }

TEST(BatchFilterTest, ComparisonsOfIntegers) {
  // 10 to 20 and a NULL.
  BatchStatistics s = StatisticsOf(DataType::Int(), {Int(20), Value(), Int(10), Int(15)});
  struct Case {
    Operator op;
    int64_t literal;
    bool expected;
  };
  for (const Case& c : std::vector<Case>{{Operator::kEqual, 9, false},
                                         {Operator::kEqual, 10, true},
                                         {Operator::kEqual, 20, true},
                                         {Operator::kEqual, 21, false},
                                         {Operator::kNotEqual, 10, true},
                                         {Operator::kLess, 10, false},
                                         {Operator::kLess, 11, true},
                                         {Operator::kLessOrEqual, 9, false},
                                         {Operator::kLessOrEqual, 10, true},
                                         {Operator::kGreater, 20, false},
                                         {Operator::kGreater, 19, true},
                                         {Operator::kGreaterOrEqual, 21, false},
                                         {Operator::kGreaterOrEqual, 20, true}}) {
    EXPECT_EQ(May(s, c.op, {Int(c.literal)}), c.expected)
        << static_cast<int>(c.op) << " " << c.literal;
    EXPECT_FALSE(May(s, c.op, {Value()}));
  }
  EXPECT_TRUE(May(s, Operator::kIsNull, {}));
  EXPECT_TRUE(May(s, Operator::kIsNotNull, {}));
  EXPECT_TRUE(May(s, Operator::kEqual, {Value(std::string("no number"))}));
  EXPECT_FALSE(May(s, Operator::kIn, {Int(1), Int(30), Value()}));
  EXPECT_TRUE(May(s, Operator::kIn, {Int(1), Int(12)}));
  EXPECT_FALSE(May(s, Operator::kNotIn, {Int(1), Value()}));
  EXPECT_TRUE(May(s, Operator::kNotIn, {Int(10)}));
}

TEST(BatchFilterTest, OneValueAndNoValue) {
  BatchStatistics one = StatisticsOf(DataType::Bigint(), {Int(5), Int(5)});
  EXPECT_FALSE(May(one, Operator::kNotEqual, {Int(5)}, 2));
  EXPECT_FALSE(May(one, Operator::kNotIn, {Int(5), Int(7)}, 2));
  EXPECT_FALSE(May(one, Operator::kIsNull, {}, 2));
  BatchStatistics none = StatisticsOf(DataType::Bigint(), {Value(), Value()});
  EXPECT_FALSE(May(none, Operator::kEqual, {Int(5)}, 2));
  EXPECT_FALSE(May(none, Operator::kIsNotNull, {}, 2));
  EXPECT_TRUE(May(none, Operator::kIsNull, {}, 2));
}

TEST(BatchFilterTest, StringsByBytes) {
  BatchStatistics s = StatisticsOf(
      DataType::String(), {Value(std::string("banana")), Value(std::string("cherry \xc3\xa9"))});
  auto text = [](std::string value) { return Value(std::move(value)); };
  EXPECT_FALSE(May(s, Operator::kStartsWith, {text("a")}));
  EXPECT_TRUE(May(s, Operator::kStartsWith, {text("ban")}));
  EXPECT_TRUE(May(s, Operator::kStartsWith, {text("bz")}));
  EXPECT_TRUE(May(s, Operator::kStartsWith, {text("cherry \xc3\xa9")}));
  EXPECT_FALSE(May(s, Operator::kStartsWith, {text("d")}));
  EXPECT_TRUE(May(s, Operator::kContains, {text("zzz")}));
  EXPECT_TRUE(May(s, Operator::kEndsWith, {text("zzz")}));
  EXPECT_FALSE(May(s, Operator::kLess, {text("banana")}));
}

TEST(BatchFilterTest, ALiteralMayBeFinerThanATimestamp) {
  BatchStatistics s = StatisticsOf(DataType::Timestamp(3), {Int(10), Int(10)});
  EXPECT_TRUE(May(s, Operator::kLess, {Value(Int128{10000001})}));
  EXPECT_FALSE(May(s, Operator::kLess, {Value(Int128{10000000})}));
  EXPECT_FALSE(May(s, Operator::kEqual, {Value(Int128{10000001})}));
  EXPECT_TRUE(May(s, Operator::kEqual, {Value(Int128{10000000})}));
}

TEST(BatchFilterTest, FloatingNumbersAreOrderedAsByJava) {
  BatchStatistics s = StatisticsOf(DataType::Double(), {Value(0.0), Value(-0.0), Value(NAN)});
  EXPECT_TRUE(May(s, Operator::kGreater, {Value(1e300)}));
  EXPECT_TRUE(May(s, Operator::kEqual, {Value(-0.0)}));
  EXPECT_FALSE(May(s, Operator::kLess, {Value(-0.0)}));
}

TEST(BatchFilterTest, AndOrAndColumnsWithoutStatistics) {
  BatchStatistics s = StatisticsOf(DataType::Int(), {Int(1), Int(2)});
  BatchFilter no{.op = Operator::kEqual, .literals = {Int(9)}};
  BatchFilter yes{.op = Operator::kEqual, .literals = {Int(1)}};
  BatchFilter unknown{.op = Operator::kEqual, .column = 5, .literals = {Int(9)}};
  auto both = [&](Operator op, BatchFilter a, BatchFilter b) {
    return MayMatch({.op = op, .children = {std::move(a), std::move(b)}}, s, 2);
  };
  EXPECT_FALSE(both(Operator::kAnd, yes, no));
  EXPECT_TRUE(both(Operator::kAnd, yes, unknown));
  EXPECT_TRUE(both(Operator::kOr, no, unknown));
  EXPECT_FALSE(both(Operator::kOr, no, no));
}

}  // namespace
}  // namespace forebay::format
