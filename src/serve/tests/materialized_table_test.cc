#include "serve/materialized/materialized_table.h"

#include <gtest/gtest.h>

namespace forebay::serve {
namespace {

TEST(MaterializedTableTest, IsAnalyzedWithTheSettingsOfItsSession) {
  MaterializedTable table;
  table.database = "shop";
  table.settings = {{"table.local-time-zone", "Europe/Berlin"},
                    {"table.exec.state.ttl", "1 h"},
                    {"table.exec.source.cdc-events-duplicate", "true"},
                    {"table.exec.emit.early-fire.enabled", "true"},
                    {"table.exec.emit.early-fire.delay", "5s"},
                    {"table.exec.emit.late-fire.enabled", "true"},
                    {"table.exec.emit.allow-lateness", "2 min"},
                    {"python.executable", "/usr/bin/python3"},
                    {"parallelism.default", "2"}};
  sql::AnalyzerOptions options = AnalyzerOptionsOf(table, true);
  EXPECT_EQ(options.current_database, "shop");
  EXPECT_TRUE(options.streaming);
  EXPECT_EQ(options.time_zone, "Europe/Berlin");
  EXPECT_EQ(options.state_ttl_ms, 3'600'000);
  EXPECT_TRUE(options.cdc_events_duplicate);
  ASSERT_TRUE(options.window_emit.has_value());
  EXPECT_EQ(options.window_emit->early_ms, 5000);
  EXPECT_EQ(options.window_emit->late_ms, -1);
  EXPECT_EQ(options.window_emit->lateness_ms, 120'000);
  std::map<std::string, std::string> python = {{"python.executable", "/usr/bin/python3"}};
  EXPECT_EQ(options.python_settings, python);
}

TEST(MaterializedTableTest, IsAnalyzedAsUsualWithoutSettings) {
  sql::AnalyzerOptions options = AnalyzerOptionsOf(MaterializedTable(), false);
  EXPECT_FALSE(options.streaming);
  EXPECT_EQ(options.time_zone, "UTC");
  EXPECT_EQ(options.state_ttl_ms, 0);
  EXPECT_FALSE(options.cdc_events_duplicate);
  EXPECT_FALSE(options.window_emit.has_value());
  EXPECT_TRUE(options.python_settings.empty());
}

// Flink's default lateness is the time state lives, and a firing that is off has no delay.
TEST(MaterializedTableTest, WindowsStayOpenAsLongAsStateLives) {
  MaterializedTable table;
  table.settings = {{"table.exec.state.ttl", "3 s"},
                    {"table.exec.emit.early-fire.enabled", "false"},
                    {"table.exec.emit.late-fire.enabled", "true"},
                    {"table.exec.emit.late-fire.delay", "1 s"}};
  sql::AnalyzerOptions options = AnalyzerOptionsOf(table, true);
  ASSERT_TRUE(options.window_emit.has_value());
  EXPECT_FALSE(options.window_emit->early_ms.has_value());
  EXPECT_EQ(options.window_emit->late_ms, 1000);
  EXPECT_EQ(options.window_emit->lateness_ms, 3000);
}

TEST(MaterializedTableTest, InsertsThroughOptionsAndNamesOfAnyText) {
  MaterializedTable table;
  table.path = {"shop", "it`s"};
  table.columns = {"id", "a`b"};
  table.query = "SELECT 1, 2";
  table.options = {{"note", "it's"}};
  EXPECT_EQ(table.InsertText(""),
            "INSERT INTO `default_catalog`.`shop`.`it``s` /*+ OPTIONS('note' = 'it''s') */ (`id`, "
            "`a``b`)\nSELECT 1, 2");
}

}  // namespace
}  // namespace forebay::serve
