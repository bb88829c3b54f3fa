#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyzer/analyzer.h"
#include "sql/explain/explain.h"
#include "sql/plan/plan_json.h"
#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

using ::testing::HasSubstr;

class MatchRecognizeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Status status = catalog_.Run(
        "CREATE TABLE t (id INT, g STRING, x INT, note STRING, ts TIMESTAMP(3), WATERMARK FOR ts "
        "AS "
        "ts)");
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  static std::string Match(const std::string& pattern, const std::string& define,
                           const std::string& measures = "A.id AS a") {
    return "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY g ORDER BY ts MEASURES " + measures +
           " AFTER MATCH SKIP PAST LAST ROW PATTERN (" + pattern + ") DEFINE " + define + ")";
  }
  std::string Explain(const std::string& sql) {
    auto bound = AnalyzeSql("EXPLAIN CHANGELOG_MODE " + sql, catalog_, {});
    return bound.ok() ? std::get<ExplainStatement>(*bound).text : bound.status().ToString();
  }
  MapCatalog catalog_;
};

TEST_F(MatchRecognizeTest, APlanSaysWhatItDoes) {
  std::string plan =
      Explain(Match("A B{2,3}? C* D", "B AS B.x > LAST(B.x, 1) + SUM(A.x), D AS x = 1",
                    "FIRST(B.id) AS b, COUNT(*) AS n, MATCH_ROWTIME() AS rt"));
  EXPECT_THAT(plan,
              HasSubstr("Match(partitionBy=[g], orderBy=[ts ASC], measures=[FINAL(FIRST(B.id, "
                        "0)) AS b, FINAL(COUNT(*)) AS n, FINAL(MATCH_ROWTIME()) AS rt]"));
  EXPECT_THAT(plan, HasSubstr("after=[SKIP PAST LAST ROW], pattern=[(A B{2,3}? C* D)]"));
  EXPECT_THAT(plan, HasSubstr("B AS >(LAST(B.x, 0), +(LAST(B.x, 1), SUM(A.x)))"));
  // What nothing reads is not read from the table.
  EXPECT_THAT(plan, HasSubstr("fields=[id, g, x, ts]"));
}

TEST_F(MatchRecognizeTest, PlansAreStoredWhole) {
  auto bound = AnalyzeSql(
      Match("A+ B", "A AS AVG(A.x) < 5 AND A.note <> 'z', B AS B.x IS NULL", "LAST(A.x, 2) AS a"),
      catalog_, {});
  ASSERT_TRUE(bound.ok()) << bound.status().ToString();
  const auto& query = std::get<QueryStatement>(*bound);
  std::string json = PlanToJson({query.plan});
  auto read = PlanFromJson(json);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(PlanToJson(*read), json);
  EXPECT_EQ(ExplainPlan(*read, true), ExplainPlan({query.plan}, true));
}

TEST_F(MatchRecognizeTest, FiltersOnThePartitionGoBelow) {
  std::string plan = Explain(Match("A B", "A AS A.x > 1") + " AS m WHERE m.g = 'a' AND a > 3");
  size_t match = plan.find("Match(");
  ASSERT_NE(match, std::string::npos) << plan;
  EXPECT_LT(plan.find(">(a, 3)"), match);
  EXPECT_GT(plan.find("=(g, 'a'", match), match) << plan;
}

TEST_F(MatchRecognizeTest, WhatFlinkRefusesIsRefused) {
  const std::pair<const char*, const char*> kPatterns[] = {{"A B+", "greedy quantifier at the end"},
                                                           {"A?", "matches no row at all"},
                                                           {"A | B", "alternatives"},
                                                           {"(A B)+ C", "quantifier of a group"},
                                                           {"A+ B* C", "behind a greedy one"},
                                                           {"A B A", "variable 'A' twice"},
                                                           {"A B?? C", "??"},
                                                           {"A{3,2} B", "no number of rows"}};
  for (const auto& [pattern, message] : kPatterns) {
    EXPECT_THAT(Explain(Match(pattern, "A AS A.x > 1")), HasSubstr(message)) << pattern;
  }
  EXPECT_THAT(Explain(Match("A B", "A AS A.x > PREV(A.x)")), HasSubstr("within the partition"));
  EXPECT_THAT(Explain(Match("A B", "A AS A.x")), HasSubstr("must be BOOLEAN"));
  EXPECT_THAT(Explain(Match("A B", "A AS A.x > 1", "SUM(A.x + B.x) AS s")),
              HasSubstr("single pattern variable"));
  EXPECT_THAT(Explain(Match("A B", "A AS A.x > 1", "CLASSIFIER() AS c")), HasSubstr("CLASSIFIER"));
}

}  // namespace
}  // namespace forebay::sql
