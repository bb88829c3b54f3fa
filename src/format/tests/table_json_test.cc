#include "format/table_json.h"

#include <gtest/gtest.h>

#include <random>

#include "format/tests/sample_batches.h"

namespace forebay::format {
namespace {

using model::DataType;
using model::TableDescriptor;

TableDescriptor AllTypesTable() {
  TableDescriptor table;
  table.schema.columns.push_back({"id", DataType::Bigint().NotNull(), "the \"key\"", 0});
  for (const DataType& type : AllTypes()) {
    int id = static_cast<int>(table.schema.columns.size());
    table.schema.columns.push_back({"c" + std::to_string(id), type, "", id});
  }
  table.schema.primary_key = {"id"};
  table.comment = "all of them";
  table.bucket_keys = {"id"};
  table.bucket_count = 4;
  table.properties = {{"table.log.ttl", "7d"}};
  table.custom_properties = {{"connector", "x"}};
  return table;
}

TEST(TableJsonTest, ComesBack) {
  TableDescriptor table = AllTypesTable();
  std::string json = TableToJson(table).value();
  Result<TableDescriptor> back = TableFromJson(json);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(*back, table);
}

TEST(TableJsonTest, WritesFlussForm) {
  TableDescriptor table;
  table.schema.columns = {{"a", DataType::Int().NotNull(), "", 0},
                          {"r", DataType::Row({{"x", DataType::Decimal(5, 2)}}), "", 1}};
  table.schema.primary_key = {"a"};
  EXPECT_EQ(
      TableToJson(table).value(),
      R"({"version":1,"schema":{"version":1,"columns":[{"name":"a","data_type":{"type":"INTEGER",)"
      R"("nullable":false},"id":0},{"name":"r","data_type":{"type":"ROW","fields":[{"name":"x",)"
      R"("field_type":{"type":"DECIMAL","precision":5,"scale":2},"field_id":2}]},"id":1}],)"
      R"("primary_key":["a"],"highest_field_id":2},"partition_key":[],"bucket_key":[],)"
      R"("bucket_count":1,)"
      R"("properties":{},"custom_properties":{}})");
}

TEST(TableJsonTest, ReadsAnyOrderAndUnknownFields) {
  auto type =
      DataTypeFromJson(R"({"precision":3,"new":[1],"type":"TIMESTAMP_WITH_LOCAL_TIME_ZONE"})");
  EXPECT_EQ(type.value(), DataType::TimestampLtz(3));
}

TEST(TableJsonTest, SaysWhatIsWrong) {
  auto message = [](std::string_view json) { return DataTypeFromJson(json).message(); };
  EXPECT_EQ(message(R"({"type":"NUMBER"})"), "unknown type 'NUMBER'");
  EXPECT_EQ(message(R"({"type":"DECIMAL","precision":39,"scale":0})"),
            "'precision' is out of range: 39");
  EXPECT_EQ(message(R"({"type":"ARRAY"})"), "'element_type' is missing");
  EXPECT_EQ(message("{"), "not JSON: {");
  EXPECT_EQ(DataTypeFromJson(std::string(100000, '[')).kind(), ErrorKind::kCorruption);
  EXPECT_EQ(DataTypeToJson(DataType::IntervalDayTime()).kind(), ErrorKind::kNotSupported);
}

TEST(TableJsonTest, MutatedTextNeverCrashes) {
  std::string good = TableToJson(AllTypesTable()).value();
  std::mt19937_64 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 2; ++i) bad[random() % bad.size()] = "{}[]\",:0a"[random() % 9];
    if (round % 5 == 0) bad.resize(random() % bad.size());
    (void)TableFromJson(bad).ok();
  }
}

}  // namespace
}  // namespace forebay::format
