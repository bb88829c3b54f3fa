// Values that Flink 2.2 gave for these expressions.
#include <gmock/gmock.h>

#include "compute/tests/expression_tree.h"

namespace forebay::compute {
namespace {

using namespace tree;  // NOLINT: the trees are unreadable otherwise

const DataType kInt = DataType::Int(), kLong = DataType::Bigint(), kDouble = DataType::Double(),
               kString = DataType::String(), kBool = DataType::Boolean();

TEST(ExpressionCoreTest, IntegerArithmetic) {
  EXPECT_EQ(Eval(Call(kInt, "DIVIDE", {Int(7), Int(2)})), "3");
  EXPECT_EQ(Eval(Call(kInt, "DIVIDE", {Int(-7), Int(2)})), "-3");
  EXPECT_EQ(Eval(Call(kInt, "MOD", {Int(-7), Int(3)})), "-1");
  EXPECT_EQ(Eval(Call(kLong, "PLUS", {Long(INT64_MAX), Long(1)})), "-9223372036854775808");
  EXPECT_EQ(Eval(Call(kInt, "PLUS", {Int(INT32_MAX), Int(1)})), "-2147483648");
  auto tiny = DataType::Tinyint();
  EXPECT_EQ(Eval(Call(tiny, "PLUS",
                      {Literal(tiny, Value(int64_t{127})), Literal(tiny, Value(int64_t{1}))})),
            "-128");
  EXPECT_EQ(Eval(Call(tiny, "ABS", {Literal(tiny, Value(int64_t{-128}))})), "-128");
  EXPECT_EQ(Eval(Call(kInt, "DIVIDE", {Int(INT32_MIN), Int(-1)})), "-2147483648");
  EXPECT_EQ(Eval(Call(kInt, "DIVIDE", {Int(1), Int(0)})), "ERROR DIVIDE: division by zero");
  EXPECT_EQ(Eval(Call(kInt, "SIGN", {Int(-3)})), "-1");
}

TEST(ExpressionCoreTest, FloatingPoint) {
  EXPECT_EQ(Eval(Call(kDouble, "DIVIDE", {Real(7), Real(2)})), "3.5");
  EXPECT_EQ(Eval(Call(kDouble, "DIVIDE", {Real(1), Real(0)})), "Infinity");
  EXPECT_EQ(Eval(Call(kDouble, "DIVIDE", {Real(0), Real(0)})), "NaN");
  EXPECT_EQ(Eval(Call(kDouble, "ROUND", {Real(2.5)})), "3.0");
  EXPECT_EQ(Eval(Call(kDouble, "ROUND", {Real(-2.5)})), "-3.0");
  EXPECT_EQ(Eval(Call(kDouble, "FLOOR", {Real(1.2)})), "1.0");
  EXPECT_EQ(Eval(Call(kDouble, "POWER", {Int(2), Int(3)})), "8.0");
  EXPECT_EQ(Eval(Call(kDouble, "SQRT", {Real(-1)})), "NaN");
  EXPECT_EQ(Eval(Call(kDouble, "LN", {Real(0)})), "-Infinity");
  EXPECT_EQ(Eval(Call(kDouble, "LOG", {Int(2), Int(8)})).substr(0, 3), "3.0");
  EXPECT_EQ(Eval(Call(kBool, "GREATER_THAN", {Real(std::nan("")), Real(1)})), "FALSE");
}

TEST(ExpressionCoreTest, Decimal) {
  auto dec = [](int p, int s) { return DataType::Decimal(p, s); };
  EXPECT_EQ(Eval(Call(dec(21, 4), "TIMES", {Dec(10, 2, 150), Dec(10, 2, 225)})), "3.3750");
  EXPECT_EQ(Eval(Call(dec(23, 13), "DIVIDE", {Dec(10, 2, 150), Dec(10, 2, 300)})),
            "0.5000000000000");
  EXPECT_EQ(Eval(Call(dec(38, 6), "TIMES", {Dec(38, 10, 10000000000), Dec(38, 10, 30000000000)})),
            "3.000000");
  EXPECT_EQ(Eval(Call(dec(38, 6), "DIVIDE", {Dec(38, 10, 10000000000), Dec(38, 10, 30000000000)})),
            "0.333333");
  EXPECT_EQ(Eval(Call(dec(17, 6), "DIVIDE", {Cast(dec(10, 0), Int(7)), Dec(2, 1, 20)})),
            "3.500000");
  // The first Nexmark query's product.
  EXPECT_EQ(Eval(Call(dec(23, 3), "TIMES", {Dec(3, 3, 908), Cast(dec(19, 0), Long(12345))})),
            "11209.260");
  EXPECT_EQ(Eval(Cast(dec(5, 1), Dec(6, 3, 123456))), "123.5");
  EXPECT_EQ(Eval(Cast(dec(4, 1), Dec(6, 1, 123456))), "NULL");
  EXPECT_EQ(Eval(Call(dec(5, 1), "ROUND", {Dec(6, 3, 123456), Int(1)})), "123.5");
  EXPECT_EQ(Eval(Call(dec(2, 0), "ROUND", {Dec(2, 1, 25)})), "3");
  EXPECT_EQ(Eval(Call(dec(5, 2), "TRUNCATE", {Dec(5, 3, 42324), Int(2)})), "42.32");
  EXPECT_EQ(Eval(Call(dec(2, 0), "CEIL", {Dec(2, 1, 12)})), "2");
  EXPECT_EQ(Eval(Call(dec(2, 0), "FLOOR", {Dec(2, 1, -12)})), "-2");
  EXPECT_EQ(Eval(Call(dec(11, 1), "GREATEST",
                      {Cast(dec(11, 1), Int(1)), Cast(dec(11, 1), Dec(2, 1, 25))})),
            "2.5");
  EXPECT_EQ(Eval(Call(dec(4, 1), "PLUS", {Dec(2, 1, 11), Dec(2, 0, 3)})), "4.1");
  EXPECT_EQ(Eval(Call(kBool, "EQUALS", {Cast(dec(10, 0), Int(1)), Dec(2, 1, 10)})), "TRUE");
  EXPECT_EQ(Eval(Call(dec(3, 0), "MOD", {Dec(3, 0, 7), Dec(3, 0, -4)})), "3");
  EXPECT_EQ(Eval(Call(dec(3, 0), "DIVIDE", {Dec(3, 0, 7), Dec(3, 0, 0)})),
            "ERROR DIVIDE: division by zero");
}

TEST(ExpressionCoreTest, DecimalProductsBeyond128Bits) {
  // 12345678901234567890.123456789 squared is 152415787532388367501.9... * 10^18; by hand with bc.
  model::Int128 wide = model::Int128{1234567890123456789} * 100'000'000'000 + 12345678912;
  auto tree = Call(DataType::Decimal(38, 0), "TIMES", {Dec(38, 20, wide), Dec(38, 20, wide)});
  // 1234567890.12345678912345678912^2 = 1524157875323883675.33...
  EXPECT_EQ(Eval(tree).substr(0, 15), "152415787532388");
  EXPECT_EQ(Eval(Call(DataType::Decimal(38, 0), "TIMES", {Dec(38, 0, wide), Dec(38, 0, wide)})),
            "NULL");
}

TEST(ExpressionCoreTest, Casts) {
  EXPECT_EQ(Eval(Cast(kInt, Text(" 12 "))), "12");
  EXPECT_EQ(Eval(Cast(kInt, Text("12.7"))), "12");
  EXPECT_EQ(Eval(Cast(kInt, Text("abc"))), "ERROR CAST to INT: the text is no such value: 'abc'");
  EXPECT_EQ(Eval(Call(kInt, "TRY_CAST", {Text("abc")})), "NULL");
  EXPECT_EQ(Eval(Cast(kInt, Dec(3, 1, 127))), "12");
  EXPECT_EQ(Eval(Cast(kInt, Dec(3, 1, -127))), "-12");
  EXPECT_EQ(Eval(Cast(DataType::Tinyint(), Int(300))), "44");
  EXPECT_EQ(Eval(Cast(kInt, Real(1e20))), "2147483647");
  EXPECT_EQ(Eval(Cast(kLong, Real(-1e30))), "-9223372036854775808");
  EXPECT_EQ(Eval(Cast(kInt, Real(std::nan("")))), "0");
  EXPECT_EQ(Eval(Cast(DataType::Varchar(3), Text("abcdef"))), "abc");
  EXPECT_EQ(Eval(Cast(DataType::Char(4), Text("ab"))), "ab  ");
  EXPECT_EQ(Eval(Cast(DataType::Varchar(1), Text("äb"))), "ä");
  EXPECT_EQ(Eval(Cast(kString, Bool(true))), "TRUE");
  EXPECT_EQ(Eval(Cast(kString, Real(1))), "1.0");
  EXPECT_EQ(Eval(Cast(kString, Real(1e8))), "1.0E8");
  EXPECT_EQ(Eval(Cast(kString, Real(0.0001234))), "1.234E-4");
  EXPECT_EQ(Eval(Cast(kString, Real(1234567.125))), "1234567.125");
  EXPECT_EQ(Eval(Cast(kString, Cast(DataType::Float(), Real(0.1)))), "0.1");
  EXPECT_EQ(Eval(Cast(kString, Stamp("2020-01-01 00:00:00", 0))), "2020-01-01 00:00:00");
  EXPECT_EQ(Eval(Cast(kString, Stamp("2020-01-01 00:00:00.120", 3))), "2020-01-01 00:00:00.120");
  EXPECT_EQ(Eval(Cast(DataType::Timestamp(3), Date("2020-01-01"))), "2020-01-01 00:00:00.000");
  EXPECT_EQ(Eval(Cast(DataType::Date(), Stamp("2020-01-01 12:34:56.789", 3))), "2020-01-01");
  EXPECT_EQ(Eval(Cast(DataType::Date(), Text("2020-1-5"))), "2020-01-05");
  EXPECT_EQ(Eval(Cast(DataType::Timestamp(3), Text("2020-01-05T10:11:12Z"))).substr(0, 5), "ERROR");
  EXPECT_EQ(Eval(Cast(kBool, Text("yes"))), "TRUE");
  EXPECT_EQ(Eval(Cast(kString, Literal(DataType::Binary(3), Value(std::string("ABC"))))), "ABC");
  EXPECT_EQ(Eval(Cast(DataType::Timestamp(3), Stamp("2024-01-01 00:00:00.9999", 4))),
            "2024-01-01 00:00:00.999");
  EXPECT_EQ(Eval(Cast(DataType::Timestamp(3), Stamp("2024-01-01 00:00:00.123456789", 9))),
            "2024-01-01 00:00:00.123");
  EXPECT_EQ(Eval(Call(kBool, "EQUALS", {Cast(DataType::Char(3), Text("x")), Text("x")})), "FALSE");
  EXPECT_EQ(Eval(Cast(DataType::Decimal(5, 2), Text("12.345"))), "12.35");
}

TEST(ExpressionCoreTest, LocalZone) {
  EvaluationContext berlin{.time_zone = "Europe/Berlin"};
  auto ltz = DataType::TimestampLtz(3);
  auto summer = Literal(ltz, Value(int64_t{1720000000000}));  // 2024-07-03 09:46:40 UTC
  EXPECT_EQ(Eval(Cast(kString, summer), berlin), "2024-07-03 11:46:40.000");
  EXPECT_EQ(Eval(Cast(DataType::Timestamp(3), summer), berlin), "2024-07-03 11:46:40.000");
  EXPECT_EQ(Eval(Cast(kString, Cast(ltz, Stamp("2024-03-31 02:30:00", 3))), berlin),
            "2024-03-31 03:30:00.000");
}

TEST(ExpressionCoreTest, ThreeValuedLogic) {
  auto null = Null(kBool);
  EXPECT_EQ(Eval(Call(kBool, "AND", {Bool(false), null})), "FALSE");
  EXPECT_EQ(Eval(Call(kBool, "AND", {Bool(true), null})), "NULL");
  EXPECT_EQ(Eval(Call(kBool, "OR", {Bool(true), null})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "OR", {Bool(false), null})), "NULL");
  EXPECT_EQ(Eval(Call(kBool, "NOT", {null})), "NULL");
  EXPECT_EQ(Eval(Call(kBool, "IS_TRUE", {null})), "FALSE");
  EXPECT_EQ(Eval(Call(kBool, "IS_NOT_TRUE", {null})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "IS_NULL", {null})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "IN", {Int(1), Int(2), Null(kInt)})), "NULL");
  EXPECT_EQ(Eval(Call(kBool, "IN", {Int(1), Int(2), Int(1)})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "IS_DISTINCT_FROM", {Null(kInt), Int(1)})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "EQUALS", {Text("x"), Text("x ")})), "FALSE");
}

TEST(ExpressionCoreTest, Conditionals) {
  EXPECT_EQ(Eval(Call(kInt, "COALESCE", {Null(kInt), Int(1)})), "1");
  EXPECT_EQ(Eval(Call(DataType::Varchar(3), "CASE", {Bool(true), Text("a"), Text("abc")})), "a");
  EXPECT_EQ(Eval(Call(kInt, "CASE", {Null(kBool), Int(1), Bool(false), Int(2), Null(kInt)})),
            "NULL");
}

/// x is 0, 1, ..., n - 1.
model::Batch Counting(int n) {
  model::ColumnBuilder x(kInt);
  for (int i = 0; i < n; ++i) x.Append(i);
  return model::Batch(n, {x.Finish()});
}

TEST(ExpressionCoreTest, BranchesDoNotFailForRowsTheyDoNotSelect) {
  auto x = Column(kInt, 0);
  auto is_zero = Call(kBool, "EQUALS", {x, Int(0)});
  auto ratio = Call(kInt, "DIVIDE", {Int(100), x});
  auto batch = Counting(200);
  auto guarded = Call(kInt, "CASE", {is_zero, Int(-1), ratio});
  auto columns = Evaluator::Make({guarded}, {}).value()->Evaluate(batch);
  ASSERT_TRUE(columns.ok()) << columns.message();
  EXPECT_EQ((*columns)[0].Get<int32_t>(0), -1);
  EXPECT_EQ((*columns)[0].Get<int32_t>(3), 33);
  auto big = Call(kBool, "GREATER_THAN", {ratio, Int(30)});
  auto conjunction = Call(kBool, "AND", {Call(kBool, "NOT", {is_zero}), big});
  auto selector = Evaluator::Make({conjunction}, {}).value();
  std::vector<uint32_t> rows;
  ASSERT_TRUE(selector->Select(0, batch, rows).ok());
  EXPECT_EQ(rows, (std::vector<uint32_t>{1, 2, 3}));
  auto value = selector->Evaluate(batch);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ((*value)[0].Get<uint8_t>(0), 0);
  EXPECT_EQ((*value)[0].Get<uint8_t>(2), 1);
  EXPECT_FALSE(Evaluator::Make({big}, {}).value()->Evaluate(batch).ok());
}

TEST(ExpressionCoreTest, SelectSkipsNulls) {
  model::ColumnBuilder x(kInt);
  for (int i = 0; i < 100; ++i) i % 3 == 0 ? x.AppendNull() : x.Append(i);
  model::Batch batch(100, {x.Finish()});
  auto low = Call(kBool, "LESS_THAN", {Column(kInt, 0), Int(6)});
  auto high = Call(kBool, "GREATER_THAN_OR_EQUAL", {Column(kInt, 0), Int(2)});
  std::vector<uint32_t> rows;
  auto evaluator = Evaluator::Make({Call(kBool, "AND", {low, high})}, {}).value();
  ASSERT_TRUE(evaluator->Select(0, batch, rows).ok());
  EXPECT_EQ(rows, (std::vector<uint32_t>{2, 4, 5}));
}

TEST(ExpressionCoreTest, UnknownFunctionIsNamed) {
  auto made = Evaluator::Make({Call(kInt, "FROBNICATE", {Int(1)})}, {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.kind(), ErrorKind::kNotSupported);
  EXPECT_EQ(made.message(), "function FROBNICATE(INT) returning INT cannot be executed");
}

TEST(ExpressionCoreTest, Strings) {
  auto s = [](const char* name, std::vector<ExpressionPtr> args) {
    return Eval(Call(kString, name, std::move(args)));
  };
  EXPECT_EQ(s("CONCAT", {Text("a"), Null(kString)}), "NULL");
  EXPECT_EQ(s("CONCAT_WS", {Text("-"), Text("a"), Null(kString), Text("b")}), "a-b");
  EXPECT_EQ(s("SUBSTRING", {Text("hello"), Int(0)}), "hello");
  EXPECT_EQ(s("SUBSTRING", {Text("hello"), Int(-3)}), "llo");
  EXPECT_EQ(s("SUBSTRING", {Text("hello"), Int(-3), Int(2)}), "ll");
  EXPECT_EQ(s("SUBSTRING", {Text("hello"), Int(0), Int(2)}), "he");
  EXPECT_EQ(s("SUBSTRING", {Text("h😀llo"), Int(2), Int(2)}), "😀l");
  EXPECT_EQ(s("LEFT", {Text("abc"), Int(-1)}), "");
  EXPECT_EQ(s("RIGHT", {Text("abc"), Int(2)}), "bc");
  EXPECT_EQ(s("SPLIT_INDEX", {Text("a/b/c"), Text("/"), Int(1)}), "b");
  EXPECT_EQ(s("SPLIT_INDEX", {Text("a/b/c"), Text("/"), Int(9)}), "NULL");
  EXPECT_EQ(s("SPLIT_INDEX", {Text("a//b"), Text("/"), Int(1)}), "");
  EXPECT_EQ(s("LOWER", {Text("ÄÖİ")}), "äöi\u0307");
  EXPECT_EQ(s("UPPER", {Text("straße")}), "STRASSE");
  EXPECT_EQ(s("REVERSE", {Text("😀a")}), "a😀");
  EXPECT_EQ(s("INITCAP", {Text("hello world-foo")}), "Hello World-Foo");
  EXPECT_EQ(s("LPAD", {Text("hi"), Int(5), Text("xy")}), "xyxhi");
  EXPECT_EQ(s("RPAD", {Text("hi"), Int(1), Text("xy")}), "h");
  EXPECT_EQ(s("TRIM", {Text("BOTH"), Text("x"), Text("xxaxx")}), "a");
  EXPECT_EQ(s("TRIM", {Text("LEADING"), Text(" "), Text("  a ")}), "a ");
  EXPECT_EQ(s("REPLACE", {Text("hello"), Text("l"), Text("LL")}), "heLLLLo");
  EXPECT_EQ(s("OVERLAY", {Text("xxxxxtest"), Text("xxxx"), Int(6)}), "xxxxxxxxx");
  EXPECT_EQ(Eval(Call(kInt, "CHAR_LENGTH", {Text("😀a")})), "2");
  EXPECT_EQ(Eval(Call(kInt, "POSITION", {Text("b"), Text("abc")})), "2");
  EXPECT_EQ(Eval(Call(kInt, "POSITION", {Text("b"), Text("abcb"), Int(3)})), "4");
}

// Texts on both sides of every width that bytes are looked through by.
TEST(ExpressionCoreTest, CharactersAreCountedInTextsOfAllLengths) {
  for (size_t length = 0; length < 100; ++length) {
    std::string ascii(length, 'x'), umlauts, replaced;
    for (size_t i = 0; i < length; ++i) {
      umlauts += i % 3 == 0 ? "ä" : "c";
      replaced += i % 3 == 0 ? "ä" : "";
    }
    EXPECT_EQ(CountCharacters(ascii), length);
    EXPECT_EQ(CountCharacters(umlauts), length);
    EXPECT_EQ(Eval(Call(kInt, "CHAR_LENGTH",
                        {Call(kString, "REPLACE", {Text(umlauts), Text("c"), Text("")})})),
              std::to_string(CountCharacters(replaced)));
    EXPECT_EQ(Eval(Call(kString, "UPPER", {Text(umlauts)})).size(), umlauts.size());
  }
}

TEST(ExpressionCoreTest, TheLengthOfAReplacedText) {
  auto length = [](ExpressionPtr text, ExpressionPtr from, ExpressionPtr to) {
    return Eval(Call(kInt, "CHAR_LENGTH", {Call(kString, "REPLACE", {text, from, to})}));
  };
  EXPECT_EQ(length(Text("hello"), Text("l"), Text("")), "3");
  EXPECT_EQ(length(Text("hello"), Text("l"), Text("ääß")), "9");
  EXPECT_EQ(length(Text("ababab"), Text("aba"), Text("")), "3");
  EXPECT_EQ(length(Text("xäxä"), Text("ä"), Text("ab")), "6");
  EXPECT_EQ(length(Text("hello"), Text("l"), Null(kString)), "NULL");
  EXPECT_EQ(length(Null(kString), Text("l"), Text("")), "NULL");
  EXPECT_EQ(length(Text("abc"), Text(""), Text("-")), "7");
}

/// SPLIT_INDEX of a column by `separator` and by each index, as "row 0|row 1|..." an index.
std::vector<std::string> Pieces(const std::vector<std::optional<std::string>>& texts,
                                const std::string& separator, const std::vector<int>& indexes) {
  model::ColumnBuilder column(kString);
  for (const auto& text : texts) text ? column.AppendString(*text) : column.AppendNull();
  std::vector<ExpressionPtr> calls;
  for (int index : indexes) {
    calls.push_back(
        Call(kString, "SPLIT_INDEX", {tree::Column(kString, 0), Text(separator), Int(index)}));
  }
  model::Batch batch(static_cast<int>(texts.size()), {column.Finish()});
  auto columns = *(*Evaluator::Make(calls, {}))->Evaluate(batch);
  std::vector<std::string> result;
  for (const model::Column& pieces : columns) {
    std::string line;
    for (int row = 0; row < pieces.num_rows(); ++row) {
      line += (row == 0 ? "" : "|");
      line += pieces.IsNull(row) ? "NULL" : std::string(pieces.GetString(row));
    }
    result.push_back(line);
  }
  return result;
}

TEST(ExpressionCoreTest, PiecesOfOneTextByManyIndexes) {
  const std::string url = "https://www.example.com/abcde/fgh_j/a-piece-of-more-than-twelve/x";
  using testing::ElementsAre;
  EXPECT_THAT(
      Pieces({url, std::nullopt, "", "/", "a/b/c/d"}, "/", {3, 5, 0, 9, 3, 4, 6, -1}),
      ElementsAre("abcde|NULL|NULL|NULL|d", "a-piece-of-more-than-twelve|NULL|NULL|NULL|NULL",
                  "https:|NULL|NULL||a", "NULL|NULL|NULL|NULL|NULL", "abcde|NULL|NULL|NULL|d",
                  "fgh_j|NULL|NULL|NULL|NULL", "x|NULL|NULL|NULL|NULL",
                  "NULL|NULL|NULL|NULL|NULL"));
  EXPECT_THAT(Pieces({"aa--bb--", "aa---b", "-"}, "--", {0, 1, 2}),
              ElementsAre("aa|aa|-", "bb|-b|NULL", "|NULL|NULL"));
}

TEST(ExpressionCoreTest, Like) {
  auto like = [](const char* text, const char* pattern) {
    return Eval(Call(kBool, "LIKE", {Text(text), Text(pattern)}));
  };
  for (auto [text, pattern] :
       std::vector<std::pair<const char*, const char*>>{{"foobar", "foo%"},
                                                        {"foobar", "%bar"},
                                                        {"foobar", "%oba%"},
                                                        {"foobar", "foobar"},
                                                        {"foobar", "f%o%r"},
                                                        {"foobar", "f__b_r"},
                                                        {"aab", "%ab"},
                                                        {"x😀y", "x_y"},
                                                        {"abcabd", "%ab_"},
                                                        {"", "%"},
                                                        {"mississippi", "%iss%ip%"}}) {
    EXPECT_EQ(like(text, pattern), "TRUE") << text << " LIKE " << pattern;
  }
  for (auto [text, pattern] : std::vector<std::pair<const char*, const char*>>{{"Foo", "foo%"},
                                                                               {"foobar", "foo"},
                                                                               {"foobar", "%foo"},
                                                                               {"foobar", "oo%"},
                                                                               {"abc", "%ab_d"},
                                                                               {"", "_"},
                                                                               {"ab", "a%a"}}) {
    EXPECT_EQ(like(text, pattern), "FALSE") << text << " LIKE " << pattern;
  }
  EXPECT_EQ(Eval(Call(kBool, "LIKE", {Text("10%"), Text("10!%"), Text("!")})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "LIKE", {Text("10x"), Text("10!%"), Text("!")})), "FALSE");
}

TEST(ExpressionCoreTest, DatesAndIntervals) {
  auto ts0 = DataType::Timestamp(0);
  EXPECT_EQ(Eval(Call(ts0, "PLUS", {Stamp("2024-01-31 00:00:00", 0), Months(1)})),
            "2024-02-29 00:00:00");
  EXPECT_EQ(Eval(Call(ts0, "MINUS", {Stamp("2024-05-06 17:08:09", 0), Ms(4000)})),
            "2024-05-06 17:08:05");
  EXPECT_EQ(Eval(Call(DataType::Date(), "PLUS", {Date("2024-03-01"), Ms(86400000)})), "2024-03-02");
  EXPECT_EQ(
      Eval(Call(DataType::IntervalDayTime(), "MINUS", {Date("2024-03-01"), Date("2024-02-01")})),
      "+29 00:00:00.000");
  auto extract = [](const char* unit, ExpressionPtr of) {
    return Eval(Call(DataType::Bigint(), "EXTRACT", {Text(unit), std::move(of)}));
  };
  EXPECT_EQ(extract("WEEK", Date("2021-01-01")), "53");
  EXPECT_EQ(extract("DOW", Date("2024-05-06")), "2");
  EXPECT_EQ(extract("DOY", Date("2024-12-31")), "366");
  EXPECT_EQ(extract("HOUR", Stamp("2024-05-06 17:08:09.123", 3)), "17");
  // As Flink answers: a moment is divided towards zero.
  EXPECT_EQ(extract("YEAR", Stamp("1969-12-31 23:59:59", 6)), "1970");
  EXPECT_EQ(extract("YEAR", Date("1969-12-31")), "1969");
  auto ts3 = DataType::Timestamp(3);
  auto stamp = Stamp("2024-05-06 17:08:09.123", 3);
  EXPECT_EQ(Eval(Call(ts3, "FLOOR", {stamp, Text("HOUR")})), "2024-05-06 17:00:00.000");
  EXPECT_EQ(Eval(Call(ts3, "CEIL", {stamp, Text("HOUR")})), "2024-05-06 18:00:00.000");
  EXPECT_EQ(Eval(Call(ts3, "FLOOR", {stamp, Text("MONTH")})), "2024-05-01 00:00:00.000");
  EXPECT_EQ(Eval(Call(ts3, "CEIL", {stamp, Text("YEAR")})), "2025-01-01 00:00:00.000");
  EXPECT_EQ(
      Eval(Call(kInt, "TIMESTAMPDIFF",
                {Text("MONTH"), Stamp("2024-01-31 00:00:00", 0), Stamp("2024-02-29 00:00:00", 0)})),
      "1");
  EXPECT_EQ(
      Eval(Call(kInt, "TIMESTAMPDIFF",
                {Text("DAY"), Stamp("2024-01-01 23:59:59", 0), Stamp("2024-01-02 00:00:00", 0)})),
      "0");
}

TEST(ExpressionCoreTest, Clock) {
  EvaluationContext context{.fixed_now_ms = 1700000000123, .time_zone = "UTC"};
  EXPECT_EQ(Eval(Call(DataType::TimestampLtz(3), "CURRENT_TIMESTAMP", {}), context),
            "2023-11-14 22:13:20.123");
  EXPECT_EQ(Eval(Call(DataType::Date(), "CURRENT_DATE", {}), context), "2023-11-14");
}

}  // namespace
}  // namespace forebay::compute
