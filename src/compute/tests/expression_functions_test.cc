// Values that Flink 2.2 gave for these expressions.
#include <gmock/gmock.h>

#include "compute/tests/expression_tree.h"
#include "model/bitmap.h"

namespace forebay::compute {
namespace {

using namespace tree;  // NOLINT: the trees are unreadable otherwise

const DataType kInt = DataType::Int(), kLong = DataType::Bigint(), kString = DataType::String(),
               kBool = DataType::Boolean();

std::string S(const char* name, std::vector<ExpressionPtr> args) {
  return Eval(Call(kString, name, std::move(args)));
}

TEST(ExpressionFunctionsTest, RegularExpressions) {
  EXPECT_EQ(S("REGEXP_EXTRACT", {Text("foothebar"), Text("foo(.*?)(bar)"), Int(2)}), "bar");
  EXPECT_EQ(S("REGEXP_EXTRACT", {Text("xx"), Text("(&|^)channel_id=([^&]*)"), Int(2)}), "NULL");
  EXPECT_EQ(
      S("REGEXP_EXTRACT", {Text("a&channel_id=77&b"), Text("(&|^)channel_id=([^&]*)"), Int(2)}),
      "77");
  EXPECT_EQ(S("REGEXP_REPLACE", {Text("foobar"), Text("oo|ar"), Text("")}), "fb");
  EXPECT_EQ(S("REGEXP_REPLACE", {Text("abc"), Text("(a)(b)"), Text("$2$1")}), "$2$1c");
  EXPECT_EQ(S("REGEXP_REPLACE", {Text("aé"), Text("x*"), Text("-")}), "-a-é-");
  EXPECT_EQ(S("REGEXP_REPLACE", {Text("a"), Text("("), Text("-")}), "NULL");
  EXPECT_EQ(Eval(Call(kBool, "REGEXP", {Text("abc"), Text("b.")})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "SIMILAR", {Text("abc"), Text("a(b|c)+")})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "SIMILAR", {Text("abcd"), Text("a(b|c)+")})), "FALSE");
}

TEST(ExpressionFunctionsTest, HashesAndEncodings) {
  EXPECT_EQ(S("MD5", {Text("a")}), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(S("SHA2", {Text("a"), Int(256)}),
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  EXPECT_EQ(S("HEX", {Int(255)}), "FF");
  EXPECT_EQ(S("BIN", {Int(5)}), "101");
  EXPECT_EQ(S("TO_BASE64", {Text("hi")}), "aGk=");
  EXPECT_EQ(S("FROM_BASE64", {Text("aGk=")}), "hi");
  EXPECT_EQ(Eval(Call(kInt, "ASCII", {Text("é")})), "-61");
  EXPECT_EQ(S("CHR", {Int(233)}), "é");
}

TEST(ExpressionFunctionsTest, Collections) {
  auto ints = DataType::Array(kInt.NotNull()), nullable = DataType::Array(kInt);
  auto array = Call(ints, "ARRAY", {Int(1), Int(2), Int(3)});
  EXPECT_EQ(Eval(Call(kInt, "ITEM", {array, Int(1)})), "1");
  EXPECT_EQ(Eval(Call(kInt, "ITEM", {array, Int(5)})), "-1");
  EXPECT_EQ(Eval(Call(kInt, "ITEM", {Call(nullable, "ARRAY", {Int(1)}), Int(5)})), "NULL");
  EXPECT_EQ(Eval(Call(kInt, "CARDINALITY", {array})), "3");
  EXPECT_EQ(Eval(Cast(kString, array)), "[1, 2, 3]");
  auto map =
      Call(DataType::Map(DataType::Char(1).NotNull(), kInt.NotNull()), "MAP", {Text("a"), Int(1)});
  EXPECT_EQ(Eval(Cast(kString, map)), "{a=1}");
  EXPECT_EQ(Eval(Call(kInt, "ITEM", {map, Text("a")})), "1");
  EXPECT_EQ(Eval(Call(kInt, "ITEM", {map, Text("b")})), "-1");
  auto row =
      Call(DataType::Row({{"f0", kInt}, {"f1", DataType::Char(1)}}), "ROW", {Int(1), Text("a")});
  EXPECT_EQ(Eval(Cast(kString, row)), "(1, a)");
  EXPECT_EQ(S("FIELD", {row, Int(1)}).substr(0, 1), "a");
  EXPECT_EQ(Eval(Call(DataType::Array(kString), "SPLIT", {Text("a,b,,c"), Text(",")})),
            "[a, b, , c]");
}

/// Roaring bytes of all values below `chunks` * 2^16, each chunk one run (RoaringFormatSpec).
std::string DenseBitmap(uint16_t chunks) {
  auto two = [](std::string& out, size_t value) {
    out += static_cast<char>(value & 0xff);
    out += static_cast<char>(value >> 8 & 0xff);
  };
  std::string bytes;
  two(bytes, 12347);  // there are runs
  two(bytes, chunks - 1u);
  bytes.append((chunks + 7u) / 8, '\xff');
  for (uint16_t key = 0; key < chunks; ++key) {
    two(bytes, key);
    two(bytes, 65535);
  }
  bytes.append(chunks * 4u, '\0');  // where each chunk begins: readers that read all do not ask
  for (int i = 0; i < chunks; ++i) {
    two(bytes, 1);
    two(bytes, 0);
    two(bytes, 65535);
  }
  return bytes;
}

TEST(ExpressionFunctionsTest, ArraysOfDenseBitmapsAreRefused) {
  auto array_of = [](uint16_t chunks) {
    auto bytes = Literal(DataType::Bytes(), Value(DenseBitmap(chunks)));
    auto bitmap = Call(model::BitmapType(), "BITMAP_FROM_BYTES", {bytes});
    auto array = Call(DataType::Array(kInt), "BITMAP_TO_ARRAY", {bitmap});
    return tree::Run(Call(kInt, "CARDINALITY", {array}), model::Batch(1, {}), {});
  };
  EXPECT_EQ(array_of(8), "524288");
  EXPECT_THAT(array_of(1025), testing::HasSubstr("an array at most 67108864"));
}

TEST(ExpressionFunctionsTest, DatesAsText) {
  auto stamp = Stamp("2024-05-06 17:08:09.123", 3);
  EXPECT_EQ(S("DATE_FORMAT", {stamp, Text("yyyy-MM-dd HH:mm:ss.SSS EEE a")}),
            "2024-05-06 17:08:09.123 Mon PM");
  EXPECT_EQ(S("DATE_FORMAT", {Stamp("2024-12-30 17:08:09.123", 3), Text("YYYY-ww u D")}),
            "2025-01 2024 365");
  EXPECT_EQ(S("DATE_FORMAT", {Text("2024-05-06 17:08:09"), Text("yyyyMMdd")}), "20240506");
  auto ts3 = DataType::Timestamp(3);
  EXPECT_EQ(Eval(Call(ts3, "TO_TIMESTAMP", {Text("2024-05-06 17:08:09.123")})),
            "2024-05-06 17:08:09.123");
  EXPECT_EQ(Eval(Call(ts3, "TO_TIMESTAMP", {Text("bad")})), "NULL");
  EXPECT_EQ(Eval(Call(ts3, "TO_TIMESTAMP", {Text("06/05/2024"), Text("dd/MM/yyyy")})),
            "2024-05-06 00:00:00.000");
  EXPECT_EQ(Eval(Call(DataType::Date(), "TO_DATE", {Text("2024-13-01")})), "NULL");
  EXPECT_EQ(
      Eval(Call(DataType::TimestampLtz(3), "TO_TIMESTAMP_LTZ", {Long(1700000000123), Int(3)})),
      "2023-11-14 22:13:20.123");
  EXPECT_EQ(S("FROM_UNIXTIME", {Long(44)}), "1970-01-01 00:00:44");
  EXPECT_EQ(Eval(Call(kLong, "UNIX_TIMESTAMP", {Text("1970-01-01 00:00:44")})), "44");
  EXPECT_EQ(Eval(Call(kLong, "UNIX_TIMESTAMP", {Text("bad")})), "-9223372036854775808");
  EXPECT_EQ(
      S("CONVERT_TZ", {Text("1970-01-01 00:00:00"), Text("UTC"), Text("America/Los_Angeles")}),
      "1969-12-31 16:00:00");
}

TEST(ExpressionFunctionsTest, Json) {
  EXPECT_EQ(S("JSON_VALUE", {Text(R"({"a":{"b":1.50}})"), Text("$.a.b")}), "1.50");
  EXPECT_EQ(S("JSON_VALUE", {Text(R"({"a":{"b":1}})"), Text("$.a")}), "NULL");
  EXPECT_EQ(S("JSON_VALUE", {Text(R"({"a": true})"), Text("$.a")}), "true");
  EXPECT_EQ(S("JSON_VALUE", {Text(R"({"a": [1, "x\u00e9\n"]})"), Text("lax $.a[1]")}), "xé\n");
  EXPECT_EQ(S("JSON_VALUE", {Text("{}"), Text("lax $.a"), Text("E"), Text("R")}), "E");
  EXPECT_EQ(S("JSON_VALUE", {Text("{}"), Text("strict $.a"), Text("E"), Text("R")}), "R");
  EXPECT_EQ(S("JSON_QUERY", {Text(R"({"a": {"b": 1}})"), Text("$.a")}), R"({"b":1})");
  // A quoted name in a filter may have its quote, and brackets.
  EXPECT_EQ(S("JSON_QUERY", {Text(R"([{"a']": 1}, {"a']": 2}])"), Text(R"($[?(@['a\']'] > 1)])")}),
            R"([{"a']":2}])");
  EXPECT_EQ(S("JSON_QUERY", {Text(R"([1e9223372036854775807, 2])"), Text("$[?(@ < 3)]")}), "[2]");
  EXPECT_EQ(S("JSON_QUERY", {Text(R"({"a": 1})"), Text("$.a")}), "NULL");
  EXPECT_EQ(Eval(Call(kBool, "JSON_EXISTS", {Text(R"({"a":1})"), Text("$.b")})), "FALSE");
  EXPECT_EQ(Eval(Call(kBool, "JSON_EXISTS", {Text(R"({"a":1})"), Text("$.a")})), "TRUE");
  EXPECT_EQ(Eval(Call(kBool, "IS_JSON", {Text("abc")})), "FALSE");
  EXPECT_EQ(Eval(Call(kBool, "IS_JSON", {Text(R"([1, {"a": null}])")})), "TRUE");
}

}  // namespace
}  // namespace forebay::compute
