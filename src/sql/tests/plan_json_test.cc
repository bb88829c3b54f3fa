#include "sql/plan/plan_json.h"

#include <gtest/gtest.h>

#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

/// The stored plan of a query over a table of two columns.
class PlanJsonTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(catalog_.Run("CREATE TABLE t (a INT, b STRING)").ok());
    auto bound =
        AnalyzeSql("SELECT b, COUNT(*) FROM t WHERE a > 1 GROUP BY b", catalog_, AnalyzerOptions());
    ASSERT_TRUE(bound.ok()) << bound.message();
    text_ = PlanToJson({std::get<QueryStatement>(*bound).plan});
  }
  /// What reading the plan says when the first `from` in it is `to`.
  Status With(const std::string& from, const std::string& to) {
    std::string text = text_;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    auto read = PlanFromJson(text);
    return read.ok() ? Status::Ok() : read.status();
  }
  ErrorKind KindWith(const std::string& from, const std::string& to) {
    Status read = With(from, to);
    EXPECT_FALSE(read.ok()) << to;
    return read.kind();
  }

  MapCatalog catalog_;
  std::string text_;
};

TEST_F(PlanJsonTest, IsReadAsItWasWritten) {
  auto read = PlanFromJson(text_);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(PlanToJson(*read), text_);
}

TEST_F(PlanJsonTest, EveryKindOfNodeIsReadAsItWasWritten) {
  for (std::string_view ddl :
       {"CREATE TABLE e (i INT, s STRING, d DECIMAL(10, 2), ts TIMESTAMP(3), l ARRAY<INT>, "
        "r ROW<x INT, y STRING>, p AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)",
        "CREATE TABLE k (id INT, v DOUBLE, w STRING, PRIMARY KEY (id) NOT ENFORCED)"}) {
    ASSERT_TRUE(catalog_.Run(ddl).ok()) << ddl;
  }
  for (std::string_view query :
       {"SELECT i, s || 'x', r.x FROM e WHERE s LIKE 'a%' AND r.x IN (1, 2, 3)",
        "SELECT * FROM (VALUES (1, CAST(NULL AS STRING)), (2, 'b')) AS v (i, s)",
        "SELECT i, MAX(s), COUNT(DISTINCT d) FILTER (WHERE d > 1.5) FROM e GROUP BY i",
        "SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
        "GROUP BY window_start, window_end",
        "SELECT i, COUNT(*) FROM e GROUP BY i, SESSION(ts, INTERVAL '1' MINUTE)",
        "SELECT i, window_end FROM TABLE(HOP(TABLE e, DESCRIPTOR(ts), INTERVAL '1' SECOND, "
        "INTERVAL '5' SECOND))",
        "SELECT e.i, k.w FROM e LEFT JOIN k ON e.i = k.id AND k.v > 1.5",
        "SELECT x.i FROM e AS x JOIN e AS y ON x.i = y.i AND x.ts BETWEEN y.ts - INTERVAL '1' "
        "SECOND AND y.ts",
        "SELECT i FROM e WHERE i NOT IN (SELECT id FROM k)",
        "SELECT e.i, k.w FROM e LEFT JOIN k FOR SYSTEM_TIME AS OF e.p ON e.i = k.id",
        "SELECT i, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY s ORDER BY d DESC) AS n "
        "FROM e) WHERE n <= 3",
        "SELECT i FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY s ORDER BY ts) AS n FROM e) "
        "WHERE n = 1",
        "SELECT SUM(i) OVER (PARTITION BY s ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) "
        "FROM e",
        "SELECT e.i, u.x FROM e LEFT JOIN UNNEST(e.l) AS u (x) ON TRUE",
        "SELECT i, s FROM e UNION ALL SELECT id, w FROM k", "SELECT i FROM e ORDER BY d LIMIT 5",
        "SELECT i FROM e ORDER BY ts",
        "SELECT * FROM e MATCH_RECOGNIZE (PARTITION BY i ORDER BY ts MEASURES LAST(b.s) AS s, "
        "COUNT(b.d) AS n AFTER MATCH SKIP TO LAST b PATTERN (a b+? c) WITHIN INTERVAL '1' HOUR "
        "DEFINE b AS b.d > a.d, c AS c.d < SUM(b.d)) AS m"}) {
    auto bound = AnalyzeSql(query, catalog_, AnalyzerOptions());
    ASSERT_TRUE(bound.ok()) << query << ": " << bound.message();
    std::string text = PlanToJson({std::get<QueryStatement>(*bound).plan});
    auto read = PlanFromJson(text);
    ASSERT_TRUE(read.ok()) << query << ": " << read.message();
    EXPECT_EQ(PlanToJson(*read), text) << query;
  }
}

TEST_F(PlanJsonTest, WhatDoesNotFitItsInputsIsRefused) {
  EXPECT_EQ(KindWith("\"part\":0", "\"part\":3"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"inputs\":[1]", "\"inputs\":[]"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"inputs\":[1]", "\"inputs\":[7]"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"column\":0", "\"column\":2"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"column\":0", "\"column\":-1"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"projections\":[", "\"projections\":[null,"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"time_attribute\":0", "\"time_attribute\":3"), ErrorKind::kCorruption);
}

TEST_F(PlanJsonTest, NumbersAndTypesAreLookedAt) {
  EXPECT_EQ(KindWith("\"column\":0", "\"column\":0.5"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"created_ms\":", "\"created_ms\":1e300,\"x\":"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"root\":4", "\"root\":200"), ErrorKind::kCorruption);
  EXPECT_EQ(KindWith("\"version\":1", "\"version\":2"), ErrorKind::kNotSupported);
}

TEST_F(PlanJsonTest, DeepNestingIsRefused) {
  std::string open(100'000, '['), close(100'000, ']');
  EXPECT_EQ(KindWith("\"roots\":[", "\"deep\":" + open + close + ",\"roots\":["),
            ErrorKind::kCorruption);
}

}  // namespace
}  // namespace forebay::sql
