#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/submit/flink_gateway.h"
#include "app/submit/flink_script.h"

namespace forebay::app {
namespace {

std::vector<std::string> Adapted(std::string_view script) {
  FlinkScript flink;
  std::vector<std::string> texts;
  for (const sql::StatementText& text : sql::SplitStatements(script)) {
    texts.push_back(flink.Adapt(text).text);
  }
  return texts;
}

TEST(FlinkScript, TablesOfTheCatalogStayAsTheyAre) {
  std::vector<std::string> texts = {
      "CREATE TABLE a (x INT, PRIMARY KEY (x) NOT ENFORCED) WITH ('bucket.num' = '2')",
      "CREATE TABLE b WITH ('connector' = 'fluss') AS SELECT * FROM a", "DROP TABLE a",
      "SET 'a' = 'b'", "INSERT INTO a SELECT 'connector' FROM b"};
  std::string script;
  for (const std::string& text : texts) script += text + ";\n";
  EXPECT_EQ(Adapted(script), texts);
}

TEST(FlinkScript, WhatTheCatalogDoesNotKeepBecomesTemporary) {
  EXPECT_THAT(
      Adapted("create table if not exists f (w INT, `with` ROW<a INT>) -- it's\n"
              "WITH (\n 'format' = 'json', 'connector'='filesystem');\n"
              "CREATE VIEW v AS SELECT 1; DROP VIEW v; DROP TABLE IF EXISTS f; DROP TABLE f"),
      testing::ElementsAre(
          "create TEMPORARY table if not exists f (w INT, `with` ROW<a INT>) -- it's\n"
          "WITH (\n 'format' = 'json', 'connector'='filesystem')",
          "CREATE TEMPORARY VIEW v AS SELECT 1", "DROP TEMPORARY VIEW v",
          "DROP TEMPORARY TABLE IF EXISTS f", "DROP TABLE f"));
}

TEST(FlinkScript, TemporaryOnesStayTemporary) {
  EXPECT_THAT(
      Adapted("CREATE TEMPORARY TABLE t (x INT) WITH ('connector' = 'datagen')"),
      testing::ElementsAre("CREATE TEMPORARY TABLE t (x INT) WITH ('connector' = 'datagen')"));
}

TEST(FlinkCause, IsTheInnermost) {
  EXPECT_EQ(FlinkCause("<Exception on server side:\norg.a.B: outer\n\tat x(Y.java:1)\n"
                       "Caused by: org.a.C: middle\n\t... 3 more\n"
                       "Caused by: org.a.d.InnerException: two lines\nof it\n\tat z(Z.java:2)\n\n"
                       "End of exception on server side>"),
            "InnerException: two lines\nof it");
  EXPECT_EQ(FlinkCause("Session handle is unknown"), "Session handle is unknown");
}

TEST(FlinkTypeText, SpellsTypesAsSql) {
  auto text = [](const char* json) { return FlinkTypeText(nlohmann::ordered_json::parse(json)); };
  EXPECT_EQ(text(R"({"type":"VARCHAR","nullable":true,"length":2147483647})"), "STRING");
  EXPECT_EQ(text(R"({"type":"DECIMAL","nullable":false,"precision":5,"scale":2})"),
            "DECIMAL(5, 2) NOT NULL");
  EXPECT_EQ(text(R"({"type":"MAP","nullable":true,"keyType":{"type":"CHAR","nullable":false,
                 "length":1},"valueType":{"type":"INTEGER","nullable":true}})"),
            "MAP<CHAR(1) NOT NULL, INT>");
  EXPECT_EQ(text(R"({"type":"ROW","nullable":true,"fields":[{"name":"a","fieldType":
                 {"type":"TIMESTAMP_WITH_LOCAL_TIME_ZONE","nullable":true,"precision":3}}]})"),
            "ROW<`a` TIMESTAMP_LTZ(3)>");
}

}  // namespace
}  // namespace forebay::app
