#include "format/text/csv_rows.h"

#include <gtest/gtest.h>

#include <random>

#include "format/tests/cells.h"
#include "format/text/csv_writer.h"

namespace forebay::format {
namespace {

using model::ColumnSpec;
using model::DataType;

Result<model::Batch> ReadBatch(const std::vector<ColumnSpec>& columns, std::string_view text,
                               const CsvOptions& options, size_t chunk = std::string::npos) {
  CsvRowReader reader(columns, options);
  model::BatchBuilder builder(TypesOf(columns));
  for (size_t i = 0; i < text.size(); i += std::min(chunk, text.size())) {
    RETURN_IF_ERROR(reader.Feed(text.substr(i, chunk), builder));
  }
  RETURN_IF_ERROR(reader.Finish(builder));
  EXPECT_EQ(reader.bytes_consumed(), static_cast<int64_t>(text.size()));
  return builder.Finish();
}

std::string Read(const std::vector<ColumnSpec>& columns, std::string_view text,
                 const CsvOptions& options = {}, size_t chunk = std::string::npos) {
  auto batch = ReadBatch(columns, text, options, chunk);
  return batch.ok() ? Shown(*batch) : batch.message();
}

std::vector<ColumnSpec> Columns() {
  return {{"id", DataType::Int().NotNull()},
          {"name", DataType::String()},
          {"price", DataType::Decimal(6, 2)},
          {"at", DataType::Timestamp(3)}};
}

TEST(CsvRowsTest, QuotesLineEndsAndChunks) {
  std::string text =
      "\xef\xbb\xbf"
      "1,plain,1.5,2020-01-01 00:00:00\r\n"
      "\n"
      "2,\"a, \"\"b\"\"\nc\",,2020-01-01T10:00:00.25\n"
      "3,\"\",\"2\",\"2020-01-01 00:00:01\"\r\n"
      "4,,7,";
  std::string shown =
      "1|plain|1.50|2020-01-01 00:00:00.000|\n"
      "2|a, \"b\"\nc|NULL|2020-01-01 10:00:00.250|\n"
      "3||2.00|2020-01-01 00:00:01.000|\n"
      "4||7.00|NULL|\n";
  for (size_t chunk : {1, 2, 3, 5, 7, 64, 1000}) {
    EXPECT_EQ(Read(Columns(), text, {}, chunk), shown) << chunk;
  }
  EXPECT_EQ(Read(Columns(), text + "\n"), shown);
  EXPECT_EQ(Read(Columns(), ""), "");
}

TEST(CsvRowsTest, HeaderMapsByName) {
  CsvOptions options;
  options.header = true;
  EXPECT_EQ(Read(Columns(), "price,id\n1,7\n,8\n", options),
            "7|NULL|1.00|NULL|\n8|NULL|NULL|NULL|\n");
  EXPECT_EQ(Read(Columns(), "prize,id\n", options),
            "header, column 'prize': the table has no such column");
  EXPECT_EQ(Read(Columns(), "id,id\n", options), "header, column 'id': the column occurs twice");
  EXPECT_EQ(Read(Columns(), "price\n", options),
            "header, column 'id': the NOT NULL column is missing");
  EXPECT_EQ(Read(Columns(), "", options), "header: the text is empty");
  EXPECT_EQ(Read(Columns(), "id,price\n1,2\nx,3\n", options),
            "row 2, column 'id': 'x' is not an INT");
  options.ignore_unknown_columns = true;
  EXPECT_EQ(Read(Columns(), "id,prize\n1,x\n", options), "1|NULL|NULL|NULL|\n");
}

TEST(CsvRowsTest, ErrorsNameRowColumnAndReason) {
  EXPECT_EQ(Read(Columns(), "1,a,2,\n1,a,2.5.5,\n"),
            "row 2, column 'price': '2.5.5' is not a DECIMAL(6, 2)");
  EXPECT_EQ(Read(Columns(), "1,a\n"), "row 1: the row has 2 fields, expected are 4");
  EXPECT_EQ(Read(Columns(), ",a,1,\n"), "row 1, column 'id': NULL in a NOT NULL column");
  EXPECT_EQ(Read(Columns(), "1,\"a,1,\n"),
            "row 1: a quoted field does not end, or text follows its closing quote");
  EXPECT_EQ(Read(Columns(), "1,\"a\"b,1,\n"),
            "row 1: a quoted field does not end, or text follows its closing quote");
  EXPECT_EQ(Read(Columns(), "1,\xff,1,\n"), "row 1: the text is not UTF-8");
}

TEST(CsvRowsTest, ParseErrorsCanBeIgnored) {
  CsvOptions options;
  options.ignore_parse_errors = true;
  EXPECT_EQ(Read(Columns(),
                 "1,a,2.5.5,2020-01-01 00:00:00\n9,z,1,,more\n2,b\n3,\"c\"x,1,\n4,d,1,\n", options),
            "1|a|NULL|2020-01-01 00:00:00.000|\n2|b|NULL|NULL|\n4|d|1.00|NULL|\n");
  EXPECT_EQ(Read(Columns(), "x,a,1,\n", options),
            "row 1, column 'id': no value for a NOT NULL column");
  std::vector<ColumnSpec> nested = {{"l", DataType::Array(DataType::Int())}};
  EXPECT_EQ(Read(nested, "1;2\n3;x\n4\n", options), "[1, 2]|\nNULL|\n[4]|\n");
}

TEST(CsvRowsTest, OptionsOfFlink) {
  std::vector<ColumnSpec> columns = {{"a", DataType::String()}, {"b", DataType::String()}};
  CsvOptions escape;
  escape.escape = '\\';
  EXPECT_EQ(Read(columns, "\"x\\\"y\",p\\,q\na\\\\b,\"c\"\"d\"\n", escape, 3),
            "x\"y|p,q|\na\\b|c\"d|\n");
  CsvOptions plain;
  plain.disable_quote = true;
  EXPECT_EQ(Read(columns, "\"x\",it\"s\n", plain), "\"x\"|it\"s|\n");
  CsvOptions trim;
  trim.trim_spaces = true;
  trim.empty_as_null = true;
  EXPECT_EQ(Read(columns, "  x , \" y \" \n,\"\"\n", trim), "x| y |\nNULL|NULL|\n");
  CsvOptions trailing;
  trailing.allow_trailing_delimiter = true;
  EXPECT_EQ(Read(columns, "x,y,\n", trailing), "x|y|\n");
  trailing.ignore_trailing = true;
  EXPECT_EQ(Read(columns, "x,y,z,z\n", trailing), "x|y|\n");
  EXPECT_EQ(Read(columns, "x,y,\n"), "row 1: the row has 3 fields, expected are 2");
}

TEST(CsvRowsTest, BadRecordsAreReportedAndReadingGoesOn) {
  std::vector<std::string> bad;
  CsvOptions options;
  options.on_bad_record = [&](std::string_view record, const RowError& error) {
    bad.push_back(std::to_string(error.row) + ":" + std::string(record));
    return Status::Ok();
  };
  EXPECT_EQ(Read({{"id", DataType::Int()}}, "1\nx\n2\n\"3\"4\n5\n", options, 2), "1|\n2|\n5|\n");
  EXPECT_EQ(bad, (std::vector<std::string>{"2:x\n", "4:\"3\"4\n"}));
}

TEST(CsvRowsTest, NullLiteralDelimiterAndNestedTypes) {
  CsvOptions options;
  options.null_literal = "n/a";
  options.delimiter = '|';
  std::vector<ColumnSpec> columns = {
      {"s", DataType::String()},
      {"l", DataType::Array(DataType::Int())},
      {"r", DataType::Row({{"x", DataType::Int()}, {"y", DataType::String()}})}};
  EXPECT_EQ(Read(columns, "n/a|1;2;n/a|7;q\n\"n/a\"||n/a\n", options),
            "NULL|[1, 2, NULL]|(7, q)|\nn/a|NULL|NULL|\n");
  EXPECT_EQ(Read(columns, "a|1;x|7;q\n", options), "row 1, column 'l': 'x' is not an INT");
  EXPECT_EQ(Read({{"s", DataType::String()}}, "a\n\nb\n"), "a|\n|\nb|\n");
}

TEST(CsvRowsTest, RowsAreWrittenAsFlinkDoes) {
  std::vector<ColumnSpec> columns = {
      {"b", DataType::Boolean()},      {"i", DataType::Bigint()}, {"d", DataType::Double()},
      {"c", DataType::Decimal(20, 3)}, {"s", DataType::String()}, {"y", DataType::Bytes()},
      {"a", DataType::Date()},         {"t", DataType::Time(3)},  {"p", DataType::Timestamp(6)},
      {"l", DataType::TimestampLtz(3)}};
  std::string text =
      "true,-1,1.0E10,5.125,\"x, \"\"y\"\"\n\",aGk=,2024-02-29,12:00:00.5,2024-02-29 "
      "01:02:03.000001,"
      "2024-02-29 01:02:03Z\n"
      "n,n,n,n,n,n,n,n,n,n\n"
      "false,0,-0.5,0.000,\"n\",,1969-12-31,00:00:00,1969-12-31 23:59:59.9,1970-01-01 00:00:00Z\n";
  CsvOptions options;
  options.null_literal = "n";
  auto batch = ReadBatch(columns, text, options);
  ASSERT_TRUE(batch.ok()) << batch.message();
  CsvRowWriter writer(options);
  std::string expected =
      "true,-1,1.0E10,5.125,\"x, \"\"y\"\"\n\",aGk=,2024-02-29,12:00:00.5,"
      "\"2024-02-29 01:02:03.000001\",\"2024-02-29 01:02:03Z\"\n";
  EXPECT_EQ(writer.Write(*batch, std::vector<uint32_t>{0}), expected);
  // Empty BYTES are read as NULL.
  EXPECT_EQ(writer.Write(*batch, std::vector<uint32_t>{2, 1}),
            "false,0,-0.5,0,\"n\",n,1969-12-31,00:00:00,\"1969-12-31 23:59:59.9\","
            "\"1970-01-01 00:00:00Z\"\nn,n,n,n,n,n,n,n,n,n\n");
}

/// Strings as Flink's csv format quotes them.
std::string Written(const std::vector<std::string>& texts, const CsvOptions& options = {}) {
  model::BatchBuilder builder({DataType::String()});
  std::vector<uint32_t> rows;
  for (const std::string& text : texts) {
    rows.push_back(static_cast<uint32_t>(rows.size()));
    builder.column(0).AppendString(text);
    builder.FinishRow();
  }
  return std::string(CsvRowWriter(options).Write(builder.Finish(), rows));
}

TEST(CsvRowsTest, QuotesAsFlinkDoes) {
  std::string longest(24, 'x'), wide, wider;
  for (int i = 0; i < 12; ++i) wide += "\xf0\x9f\x98\x80";  // two UTF-16 units each
  for (int i = 0; i < 24; ++i) wider += "\xe2\x82\xac";
  EXPECT_EQ(Written({"", "x", "x y", "-", "a,b", longest, longest + "x"}),
            "\nx\n\"x y\"\n-\n\"a,b\"\n" + longest + "\n\"" + longest + "x\"\n");
  EXPECT_EQ(Written({wide, wide + "x", wider, wider + "\xe2\x82\xac"}),
            wide + "\n\"" + wide + "x\"\n" + wider + "\n\"" + wider + "\xe2\x82\xac\"\n");
  std::string many(100'000, '"');
  EXPECT_EQ(Written({many}), '"' + many + many + "\"\n");
  EXPECT_EQ(Written({"a\\b"}, {.escape = '\\'}), "\"a\\b\"\n");
  EXPECT_EQ(Written({"a,\"b"}, {.disable_quote = true}), "a,\"b\n");
  EXPECT_EQ(Written({"a\rb"}, {.delimiter = '\t', .quote = '\x01'}),
            "\x01"
            "a\rb\x01\n");
}

TEST(CsvRowsTest, MutatedTextNeverCrashes) {
  std::string text = "id,name,price,at\n1,\"a,\"\"b\",1.5,2020-01-01 00:00:00\r\n2,x,,\n";
  std::mt19937 random(3);
  constexpr std::string_view kBytes = "\",\n\r1a-\xff ";
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string mutated = text;
    for (int changes = static_cast<int>(random() % 3) + 1; changes > 0; --changes) {
      size_t at = random() % mutated.size();
      if (random() % 2 == 0)
        mutated[at] = kBytes[random() % kBytes.size()];
      else
        mutated.erase(at, 1);
    }
    CsvOptions options;
    options.header = i % 2 == 0;
    std::string whole = Read(Columns(), mutated, options);
    EXPECT_EQ(Read(Columns(), mutated, options, 1 + random() % 9), whole) << mutated;
    accepted += whole.find("row ") != 0 && whole.find("header") != 0 ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace forebay::format
