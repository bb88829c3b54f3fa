#include "format/text/change_json.h"

#include <gtest/gtest.h>

#include "model/value_text.h"

namespace forebay::format {
namespace {

using model::DataType;

std::vector<model::ColumnSpec> Columns() {
  return {
      {"id", DataType::Int()}, {"name", DataType::String()}, {"price", DataType::Decimal(6, 2)}};
}

/// "+I 1|a|1.50" a line.
std::string Shown(const Result<model::Batch>& read) {
  if (!read.ok()) return std::string(read.message());
  std::string out;
  for (int row = 0; row < read->num_rows; ++row) {
    out += model::ChangeTypeText(read->change(row));
    for (const model::Column& column : read->columns) {
      out += '|';
      model::AppendText(out, column, row);
    }
    out += '\n';
  }
  return out;
}

std::string Read(ChangeJson kind, std::string_view lines, bool ignore = false,
                 std::vector<ChangeMetadata> metadata = {}) {
  ChangeJsonOptions options;
  options.kind = kind;
  options.ignore_parse_errors = ignore;
  return Shown(ChangeJsonReader(Columns(), std::move(metadata), options).Read(lines));
}

TEST(ChangeJsonTest, DebeziumUpdatesAreTwoRows) {
  EXPECT_EQ(Read(ChangeJson::kDebezium,
                 R"({"op":"c","after":{"name":"a","id":1,"price":1.5},"before":null}

{"before":{"id":1,"name":"a","price":1.5},"after":{"id":1,"name":"b"},"op":"u"}
{"before":{"id":1,"name":"b","price":null},"after":null,"op":"d"})"),
            "+I|1|a|1.50\n-U|1|a|1.50\n+U|1|b|NULL\n-D|1|b|NULL\n");
}

TEST(ChangeJsonTest, OldValuesOfCanalAndMaxwellAreOfWhatChanged) {
  EXPECT_EQ(
      Read(
          ChangeJson::kCanal,
          R"({"data":[{"id":"1","name":"b","price":"2"}],"old":[{"price":null}],"type":"UPDATE"})"),
      "-U|1|b|NULL\n+U|1|b|2.00\n");
  EXPECT_EQ(Read(ChangeJson::kMaxwell,
                 R"({"data":{"id":1,"name":"b","price":2},"old":{"name":"a"},"type":"update"})"),
            "-U|1|a|2.00\n+U|1|b|2.00\n");
}

TEST(ChangeJsonTest, MetadataStandBehindTheColumns) {
  EXPECT_EQ(
      Read(ChangeJson::kDebezium,
           R"({"after":{"id":1},"op":"r","ts_ms":1000,"source":{"db":"shop","ts_ms":5}})", false,
           {{"source.database", DataType::String()},
            {"ingestion-timestamp", DataType::TimestampLtz(3)},
            {"source.table", DataType::String()}}),
      "+I|1|NULL|NULL|shop|1970-01-01 00:00:01.000|NULL\n");
}

TEST(ChangeJsonTest, WhatCannotBeReadIsNamedOrLeftOut) {
  std::string good = R"({"after":{"id":1,"name":"a","price":1},"op":"c"})";
  for (const char* bad : {"broken", "[1]", "7", R"({"op":"c"})", R"({"op":"x","after":{"id":2}})",
                          R"({"after":{}})", R"({"op":"u","after":{"id":2}})",
                          R"({"op":"d","before":null})", R"({"op":"c","after":3})"}) {
    std::string lines = good + "\n" + bad + "\n" + good;
    EXPECT_NE(Read(ChangeJson::kDebezium, lines).find("line 2"), std::string::npos) << bad;
    EXPECT_EQ(Read(ChangeJson::kDebezium, lines, true), "+I|1|a|1.00\n+I|1|a|1.00\n") << bad;
  }
  // A cell that cannot be read is NULL.
  EXPECT_EQ(Read(ChangeJson::kDebezium, R"({"op":"c","after":{"id":"x","name":[1, 2]}})", true),
            "+I|NULL|[1,2]|NULL\n");
}

TEST(ChangeJsonTest, WrittenChangesAreReadBack) {
  model::BatchBuilder builder({DataType::Int(), DataType::String(), DataType::Decimal(6, 2)});
  for (auto change : {model::ChangeType::kInsert, model::ChangeType::kUpdateBefore,
                      model::ChangeType::kUpdateAfter, model::ChangeType::kDelete}) {
    builder.column(0).Append<int32_t>(1);
    builder.column(1).AppendString("a\"b");
    builder.column(2).Append<int64_t>(150);
    builder.FinishRow(change);
  }
  model::Batch batch = builder.Finish();
  for (const char* name : {"debezium-json", "canal-json", "maxwell-json", "ogg-json"}) {
    std::string text;
    for (int row = 0; row < batch.num_rows; ++row) {
      ASSERT_TRUE(
          AppendChangeJson(text, *ChangeJsonByName(name), {"id", "name", "price"}, batch, row)
              .ok());
      text += '\n';
    }
    EXPECT_EQ(Read(*ChangeJsonByName(name), text),
              "+I|1|a\"b|1.50\n-D|1|a\"b|1.50\n+I|1|a\"b|1.50\n-D|1|a\"b|1.50\n")
        << text;
  }
  EXPECT_FALSE(ChangeJsonByName("json").has_value());
}

}  // namespace
}  // namespace forebay::format
