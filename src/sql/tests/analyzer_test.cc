#include "sql/analyzer/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/diagnostic.h"
#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class AnalyzerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Create(
        "CREATE TABLE clicks (user_id BIGINT, page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts "
        "- "
        "INTERVAL '5' SECOND)");
    Create("CREATE TABLE users (id BIGINT, name STRING, age INT, PRIMARY KEY (id) NOT ENFORCED)");
    Create("CREATE TABLE log_sink (user_id BIGINT, n BIGINT)");
    Create("CREATE TABLE key_sink (user_id BIGINT, n BIGINT, PRIMARY KEY (user_id) NOT ENFORCED)");
  }
  void Create(const std::string& sql) {
    Status status = catalog_.Run(sql);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  Error Fail(const std::string& sql) {
    auto bound = AnalyzeSql(sql, catalog_, {});
    EXPECT_FALSE(bound.ok()) << sql;
    return bound.ok() ? Internal("no error") : bound.error();
  }
  std::string Explain(const std::string& sql) {
    auto bound = AnalyzeSql("EXPLAIN CHANGELOG_MODE " + sql, catalog_, {});
    return bound.ok() ? std::get<ExplainStatement>(*bound).text : bound.status().ToString();
  }
  std::string Shared(const std::string& sql, bool shares_tables) {
    AnalyzerOptions options;
    options.shares_tables = shares_tables;
    auto bound = AnalyzeSql("EXPLAIN " + sql, catalog_, options);
    return bound.ok() ? std::get<ExplainStatement>(*bound).text : bound.status().ToString();
  }
  MapCatalog catalog_;
};

TEST_F(AnalyzerTest, FiltersOverSharedTablesAreConditionsOfTheirJoins) {
  const std::string inner =
      "SELECT page, name FROM clicks JOIN users ON user_id = id WHERE age > 17 AND page <> 'x'";
  EXPECT_THAT(Shared(inner, false), ContainsRegex("Calc[^\n]*>.age, 17"));
  EXPECT_THAT(Shared(inner, true), ContainsRegex("Join[^\n]*>.age, 17"));
  EXPECT_THAT(Shared(inner, true), Not(ContainsRegex("Calc[^\n]*>.age, 17")));
  EXPECT_THAT(Shared(inner, true), ContainsRegex("Calc[^\n]*<>.page, 'x'"))
      << "the other side is filtered before it is kept";
  const std::string anti =
      "SELECT page FROM clicks WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = user_id AND age > "
      "17)";
  EXPECT_THAT(Shared(anti, true), ContainsRegex("Join[^\n]*LeftAntiJoin[^\n]*>.age, 17"));
  EXPECT_THAT(Shared(anti, true), Not(ContainsRegex("Calc[^\n]*>.age, 17")));
  const std::string padded = "SELECT page, name FROM users RIGHT JOIN clicks ON user_id = id";
  EXPECT_EQ(Shared(padded, true), Shared(padded, false));
}

TEST_F(AnalyzerTest, UnknownColumnSaysWhereAndWhat) {
  Error error = Fail("SELECT user_id,\n  pagee FROM clicks");
  EXPECT_EQ(ErrorCode(error.message), "SQL-1004");
  EXPECT_EQ(error.position, (SourcePosition{2, 3}));
  EXPECT_EQ(error.hint, "did you mean 'page'?");
  EXPECT_THAT(RenderError(error, "SELECT user_id,\n  pagee FROM clicks"),
              HasSubstr("2 |   pagee FROM clicks\n   |   ^"));
}

TEST_F(AnalyzerTest, UnknownNamesHaveHints) {
  EXPECT_EQ(Fail("SELECT * FROM click").hint, "did you mean 'clicks'?");
  EXPECT_EQ(Fail("SELECT UPER(page) FROM clicks").hint, "did you mean 'UPPER'?");
  EXPECT_EQ(ErrorCode(Fail("SELECT * FROM nodb.t").message), "SQL-1002");
}

TEST_F(AnalyzerTest, RefusesWhatFlinkRefuses) {
  EXPECT_EQ(ErrorCode(Fail("SELECT '1' = 1").message), "SQL-1010");
  EXPECT_EQ(ErrorCode(Fail("SELECT page, COUNT(*) FROM clicks GROUP BY user_id").message),
            "SQL-1008");
  EXPECT_EQ(ErrorCode(Fail("SELECT * FROM clicks a, clicks b WHERE user_id = 1").message),
            "SQL-1005");
  EXPECT_EQ(ErrorCode(Fail("SELECT 'a' || NULL").message), "SQL-1006");
  EXPECT_EQ(ErrorCode(Fail("SELECT window_start FROM TABLE(TUMBLE(TABLE users, DESCRIPTOR(age), "
                           "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end")
                          .message),
            "SQL-1017");
}

TEST_F(AnalyzerTest, SinkChecks) {
  EXPECT_EQ(
      ErrorCode(Fail("INSERT INTO log_sink SELECT user_id, COUNT(*) FROM clicks GROUP BY user_id")
                    .message),
      "SQL-1013");
  EXPECT_EQ(ErrorCode(Fail("INSERT INTO log_sink SELECT user_id FROM clicks").message), "SQL-1012");
  EXPECT_EQ(ErrorCode(Fail("INSERT INTO log_sink SELECT page, 1 FROM clicks").message), "SQL-1012");
  EXPECT_THAT(Explain("INSERT INTO key_sink SELECT user_id, COUNT(*) FROM clicks GROUP BY user_id"),
              HasSubstr("GroupAggregate(groupBy=[user_id], select=[user_id, COUNT(*) AS EXPR$1], "
                        "changelogMode=[I,UA])"));
}

TEST_F(AnalyzerTest, StatementSetsShareWhatTheirInsertsHaveInCommon) {
  std::string counts = "SELECT user_id, COUNT(*) AS n FROM clicks GROUP BY user_id";
  std::string plan =
      Explain("STATEMENT SET BEGIN INSERT INTO key_sink " + counts +
              "; INSERT INTO key_sink SELECT user_id, n FROM (" + counts + ") WHERE n > 1; END");
  EXPECT_THAT(plan, ContainsRegex("GroupAggregate.*\\(reuse_id=\\[1\\]\\)"));
  EXPECT_THAT(plan, HasSubstr("+- Reused(reference_id=[1])"));
  size_t scan = plan.find("TableSourceScan");
  ASSERT_NE(scan, std::string::npos);
  EXPECT_EQ(plan.find("TableSourceScan", scan + 1), std::string::npos) << plan;
}

TEST_F(AnalyzerTest, DdlChecks) {
  EXPECT_EQ(ErrorCode(Fail("CREATE TABLE t (a INT, a INT)").message), "SQL-1014");
  EXPECT_EQ(ErrorCode(Fail("CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED)").message),
            "SQL-1015");
  EXPECT_EQ(ErrorCode(Fail("CREATE TABLE t (a INT, WATERMARK FOR a AS a)").message), "SQL-1016");
  EXPECT_EQ(ErrorCode(Fail("CREATE TABLE t (a INT, b AS c + 1)").message), "SQL-1004");
}

TEST_F(AnalyzerTest, SessionWindowFunction) {
  std::string plan = Explain(
      "SELECT user_id, window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE clicks "
      "PARTITION "
      "BY user_id, DESCRIPTOR(ts), INTERVAL '30' MINUTES)) GROUP BY user_id, window_start, "
      "window_end");
  EXPECT_THAT(plan, HasSubstr("WindowAggregate(groupBy=[user_id], window=[SESSION(time_col=[ts], "
                              "gap=[30 min])], select=[user_id, COUNT(*) AS n"));
  EXPECT_THAT(plan, Not(HasSubstr("WindowTableFunction")));
}

TEST_F(AnalyzerTest, LookupJoinNeedsTheWholeKey) {
  Create("CREATE VIEW live AS SELECT *, PROCTIME() AS now_time FROM clicks");
  EXPECT_THAT(
      Explain("SELECT c.page, u.name FROM live AS c JOIN users FOR SYSTEM_TIME AS OF c.now_time AS "
              "u ON c.user_id = u.id"),
      HasSubstr("LookupJoin(table=[default_catalog.default_database.users], "
                "joinType=[InnerJoin], lookup=[user_id]"));
  EXPECT_EQ(
      ErrorCode(
          Fail("SELECT c.page FROM live AS c JOIN users FOR SYSTEM_TIME AS OF c.now_time AS u "
               "ON c.page = u.name")
              .message),
      "SQL-1020");
}

TEST_F(AnalyzerTest, OuterJoinKeepsWhereAboveThePaddedSide) {
  std::string plan = Explain(
      "SELECT c.page, u.name FROM clicks c LEFT JOIN users u ON c.user_id = u.id WHERE u.name IS "
      "NULL");
  EXPECT_THAT(plan, HasSubstr("joinType=[LeftOuterJoin], where=[=(user_id, id)]"));
  EXPECT_THAT(plan, HasSubstr("where=[IS_NULL(name)]"));
}

TEST_F(AnalyzerTest, AFilterThatDropsNullsMakesAnOuterJoinInner) {
  std::string join = "SELECT c.page FROM clicks c LEFT JOIN users u ON c.user_id = u.id WHERE ";
  EXPECT_THAT(Explain(join + "u.age > 3"), HasSubstr("joinType=[InnerJoin]"));
  EXPECT_THAT(Explain(join + "u.name IS NOT NULL"), HasSubstr("joinType=[InnerJoin]"));
  EXPECT_THAT(Explain(join + "u.age > 3 OR c.page = 'a'"), HasSubstr("joinType=[LeftOuterJoin]"));
  EXPECT_THAT(Explain(join + "COALESCE(u.age, 9) > 3"), HasSubstr("joinType=[LeftOuterJoin]"));
  EXPECT_THAT(Explain("SELECT c.page FROM clicks c FULL JOIN users u ON c.user_id = u.id WHERE "
                      "u.age > 3"),
              HasSubstr("joinType=[RightOuterJoin]"));
}

TEST_F(AnalyzerTest, ViewsThatReferToThemselvesAreRefused) {
  catalog_.views[{"default_database", "v"}] = {
      {"default_database", "v"}, "SELECT * FROM v", "default_database", {}, ""};
  EXPECT_EQ(ErrorCode(Fail("SELECT * FROM v").message), "SQL-1019");
}

}  // namespace
}  // namespace forebay::sql
