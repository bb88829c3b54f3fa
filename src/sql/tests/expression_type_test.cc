// Every line of flink_types.tsv: a select item and the type Apache Flink gives it.

#include <gtest/gtest.h>

#include <fstream>

#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

TEST(ExpressionTypeTest, AsFlink) {
  std::ifstream file(FOREBAY_SQL_TEST_DATA "/flink_types.tsv");
  ASSERT_TRUE(file.is_open());
  AnalyzerOptions batch;
  batch.streaming = false;
  int lines = 0;
  for (std::string line; std::getline(file, line);) {
    size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    ++lines;
    std::string item = line.substr(0, tab);
    std::string expected = line.substr(tab + 1);
    MapCatalog catalog;
    auto bound = AnalyzeSql("SELECT " + item, catalog, batch);
    if (!bound.ok()) {
      ADD_FAILURE() << item << ": " << bound.status().ToString();
      continue;
    }
    EXPECT_EQ(std::get<QueryStatement>(*bound).plan->output[0].type.ToString(), expected) << item;
  }
  EXPECT_GT(lines, 100);
}

}  // namespace
}  // namespace forebay::sql
