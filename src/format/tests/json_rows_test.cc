#include "format/text/json_rows.h"

#include <gtest/gtest.h>

#include <random>

#include "format/tests/cells.h"
#include "format/text/text_cell.h"

namespace forebay::format {
namespace {

using model::DataType;

std::vector<model::ColumnSpec> Columns() {
  return {{"id", DataType::Bigint().NotNull()},
          {"name", DataType::String()},
          {"price", DataType::Decimal(10, 2)},
          {"at", DataType::Timestamp(3)},
          {"tags", DataType::Array(DataType::Int())}};
}

std::string Read(std::vector<model::ColumnSpec> columns, std::string_view text,
                 JsonReadOptions options = {}) {
  auto read = JsonRowReader(std::move(columns), options).Read(text);
  return read.ok() ? Shown(*read) : read.message();
}

TEST(JsonRowsTest, ObjectsArraysAndLines) {
  std::string one = R"({"id":1,"name":"a","price":1.5,"at":"2020-01-01 00:00:00","tags":[1,null]})";
  std::string two = R"({"tags":null,"at":"2020-01-01T00:00:00.5","id":"2"})";
  std::string shown =
      "1|a|1.50|2020-01-01 00:00:00.000|[1, NULL]|\n"
      "2|NULL|NULL|2020-01-01 00:00:00.500|NULL|\n";
  EXPECT_EQ(Read(Columns(), one + "\n" + two + "\n"), shown);
  EXPECT_EQ(Read(Columns(), one + "\n\n" + two), shown);
  EXPECT_EQ(Read(Columns(), "  " + one + two + " \r\n "), shown);
  EXPECT_EQ(Read(Columns(), "[" + one + "," + two + "]\n"), shown);
  EXPECT_EQ(Read(Columns(), "[]"), "");
  EXPECT_EQ(Read(Columns(), " \n"), "");
}

TEST(JsonRowsTest, EveryType) {
  std::vector<model::ColumnSpec> columns = {
      {"a", DataType::Boolean()},
      {"b", DataType::Tinyint()},
      {"c", DataType::Smallint()},
      {"d", DataType::Int()},
      {"e", DataType::Float()},
      {"f", DataType::Double()},
      {"g", DataType::Decimal(38, 10)},
      {"h", DataType::Char(3)},
      {"i", DataType::Bytes()},
      {"j", DataType::Date()},
      {"k", DataType::Time(3)},
      {"l", DataType::TimestampLtz(3)},
      {"m", DataType::Map(DataType::String(), DataType::Int())},
      {"n", DataType::Row({{"x", DataType::Int()}, {"y", DataType::String()}})},
      {"o", DataType::String()}};
  EXPECT_EQ(
      Read(columns, R"({"a":true,"b":-128,"c":"32767","d":7,"e":0.1,"f":1e300,)"
                    R"("g":1234567890123456789012345678.0123456789,"h":"a\u00e9","i":"aGk=",)"
                    R"("j":"2024-02-29","k":"12:34:56.789","l":"2024-02-29T12:00:00.5Z",)"
                    R"("m":{"k":1,"l":null},"n":{"y":"z","x":3},"o":{"q": [1, 2]}})"),
      "TRUE|-128|32767|7|0.1|1.0E300|1234567890123456789012345678.0123456789|a\u00e9|hi|"
      "2024-02-29|12:34:56.789|2024-02-29 12:00:00.500|{k=1, l=NULL}|(3, z)|{\"q\":[1,2]}|\n");
  EXPECT_EQ(Read({{"o", DataType::String()}}, R"({"o":1.10}{"o":true}{"o":[1, {}]})"),
            "1.10|\ntrue|\n[1,{}]|\n");
}

TEST(JsonRowsTest, ErrorsNameRowColumnAndReason) {
  auto message = [](std::string text) { return Read(Columns(), text); };
  EXPECT_EQ(message(R"({"id":1} {"id":"x"})"), "row 2, column 'id': 'x' is not a BIGINT");
  EXPECT_EQ(message(R"({"id":1.5})"), "row 1, column 'id': '1.5' is not a BIGINT");
  EXPECT_EQ(message(R"({"id":9223372036854775808})"),
            "row 1, column 'id': '9223372036854775808' is not a BIGINT");
  EXPECT_EQ(message(R"({"id":true})"), "row 1, column 'id': 'true' is not a BIGINT");
  EXPECT_EQ(message(R"({"id":1,"price":123456789.5})"),
            "row 1, column 'price': '123456789.5' is not a DECIMAL(10, 2)");
  EXPECT_EQ(message(R"({"name":"x"})"), "row 1, column 'id': the NOT NULL column is missing");
  EXPECT_EQ(message(R"({"id":1,"nam":2})"), "row 1, column 'nam': the table has no such column");
  EXPECT_EQ(message(R"({"id":1,"id":2})"), "row 1, column 'id': the column occurs twice");
  EXPECT_EQ(message(R"({"id":null})"), "row 1, column 'id': null in a NOT NULL column");
  EXPECT_EQ(message(R"([{"id":1},{"id":2,"tags":[1,"x"]}])"),
            "row 2, column 'tags': 'x' is not an INT");
  EXPECT_EQ(message("7"), "row 1: not a JSON object");
  EXPECT_EQ(message("[1]"), "row 1: not a JSON object");
  for (const char* bad : {"{",
                          "{\"id\":1",
                          "{\"id\":1}]",
                          "[{\"id\":1}",
                          "{\"id\":}",
                          "[{\"id\":1}]]",
                          "\"",
                          "{]",
                          "[{\"id\":1},]",
                          "[{\"id\":1}{\"id\":2}]",
                          "{\"id\":1,}",
                          "{\"id\" 1}",
                          "{\"id\":1}{",
                          "[{\"id\":1}][{\"id\":2}]",
                          "{\"id\":nul}",
                          "{\"id\":1x}",
                          "{\"id\":1,\"name\":\"\xff\"}",
                          "{\"id\":1}}",
                          "{\"id\":1},{\"id\":2}",
                          "\xef\xbb"}) {
    EXPECT_EQ(message(bad).find("row "), 0u) << bad << " -> " << message(bad);
  }
}

TEST(JsonRowsTest, UnknownFieldsCanBeLeftOut) {
  JsonReadOptions options;
  options.ignore_unknown_fields = true;
  options.first_row = 11;
  EXPECT_EQ(Read({{"id", DataType::Int()}}, R"({"x":{"y":[1]},"id":1}{"id":2,"z":null})", options),
            "1|\n2|\n");
  EXPECT_EQ(Read({{"id", DataType::Int()}}, R"({"id":1}{"id":"q"})", options),
            "row 12, column 'id': 'q' is not an INT");
}

TEST(JsonRowsTest, ReaderServesManyTexts) {
  JsonRowReader reader(Columns());
  std::string row = R"({"id":1,"name":"a long name that is not inline"})";
  model::Batch first = reader.Read(row).value();
  std::string many;
  for (int i = 0; i < 5000; ++i) many += row + "\n";
  EXPECT_EQ(reader.Read(many).value().num_rows, 5000);
  EXPECT_EQ(first.columns[1].GetString(0), "a long name that is not inline");
  EXPECT_FALSE(reader.Read("{\"id\":2").ok());
  EXPECT_EQ(reader.row_error().row, 5002);
  EXPECT_EQ(reader.Read(row).value().num_rows, 1);
}

TEST(JsonRowsTest, MutatedTextNeverCrashes) {
  std::string text = R"([{"id":1,"name":"a\u00e9b","price":1.5,"at":"2020-01-01 00:00:00",)"
                     R"("tags":[1,null]},{"tags":null,"id":"2"}])";
  std::string lines = R"({"id":1,"name":"ab","tags":[1,2]})"
                      "\n"
                      R"({"id":2,"price":"3.25"})"
                      "\n";
  std::mt19937 random(7);
  constexpr std::string_view kBytes = "{}[]\",:\\ \n01e-.tnu\xff";
  int accepted = 0;
  for (int i = 0; i < 40000; ++i) {
    std::string mutated = i % 2 == 0 ? text : lines;
    for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
      size_t at = random() % mutated.size();
      switch (random() % 3) {
        case 0: mutated[at] = kBytes[random() % kBytes.size()]; break;
        case 1: mutated.erase(at, 1 + random() % 4); break;
        default: mutated.insert(at, 1, kBytes[random() % kBytes.size()]);
      }
      if (mutated.empty()) mutated = "{";
    }
    JsonReadOptions options;
    options.ignore_unknown_fields = i % 3 == 0;
    JsonRowReader reader(Columns(), options);
    auto read = reader.Read(mutated);
    if (read.ok()) {
      ++accepted;
      Shown(*read);
    } else {
      EXPECT_EQ(read.kind(), ErrorKind::kInvalidArgument);
    }
  }
  EXPECT_GT(accepted, 100);
}

TEST(TextCellTest, Base64) {
  for (std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    std::string text, back;
    AppendBase64(text, bytes);
    EXPECT_TRUE(DecodeBase64(text, back));
    EXPECT_EQ(back, bytes);
  }
  std::string text;
  AppendBase64(text, "fooba");
  EXPECT_EQ(text, "Zm9vYmE=");
  for (std::string_view bad : {"a", "ab", "a===", "a=bc", "ab c", "====", "YQ=="}) {
    EXPECT_EQ(DecodeBase64(bad, text), bad == "YQ==") << bad;
  }
}

}  // namespace
}  // namespace forebay::format
