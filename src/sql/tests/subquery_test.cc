#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyzer/analyzer.h"
#include "sql/plan/plan_json.h"
#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SubqueryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* sql :
         {"CREATE TABLE o (id INT, customer STRING, price INT, tags ARRAY<STRING>)",
          "CREATE TABLE c (name STRING, age INT)", "CREATE TABLE k (name STRING NOT NULL)"}) {
      Status status = catalog_.Run(sql);
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }
  std::string Explain(const std::string& sql) {
    auto bound = AnalyzeSql("EXPLAIN CHANGELOG_MODE " + sql, catalog_, {});
    return bound.ok() ? std::get<ExplainStatement>(*bound).text : bound.status().ToString();
  }
  MapCatalog catalog_;
};

TEST_F(SubqueryTest, ConditionsAreSemiAndAntiJoinsOnKeys) {
  EXPECT_THAT(Explain("SELECT id FROM o WHERE EXISTS (SELECT 1 FROM c WHERE c.name = o.customer)"),
              HasSubstr("Join(joinType=[LeftSemiJoin], where=[=(customer, name)]"));
  std::string anti =
      Explain("SELECT id FROM o WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.name = o.customer)");
  EXPECT_THAT(anti, HasSubstr("Join(joinType=[LeftAntiJoin], where=[=(customer, name)]"));
  EXPECT_THAT(anti, HasSubstr("changelogMode=[I,UB,UA,D]"));
  EXPECT_THAT(
      Explain("SELECT id FROM o WHERE customer IN (SELECT name FROM c WHERE age > o.price)"),
      HasSubstr("Join(joinType=[LeftSemiJoin], where=[=(customer, name), "
                ">(age, price)], select=[id, customer, price], changelogMode=[I])"));
}

TEST_F(SubqueryTest, NotInLooksAtNulls) {
  EXPECT_THAT(Explain("SELECT id FROM o WHERE customer NOT IN (SELECT name FROM c)"),
              HasSubstr("Join(joinType=[LeftAntiJoin], where=[IS_NOT_FALSE(=(customer, name))]"));
  EXPECT_THAT(Explain("SELECT name FROM k WHERE name NOT IN (SELECT name FROM k AS k2)"),
              HasSubstr("Join(joinType=[LeftAntiJoin], where=[=(name, name)]"));
}

TEST_F(SubqueryTest, AggregatesOverAllRowsAreInnerJoins) {
  std::string in = Explain("SELECT id, customer IN (SELECT name FROM c) FROM o");
  EXPECT_THAT(in, HasSubstr("Join(joinType=[InnerJoin], where=[]"));
  EXPECT_THAT(in, HasSubstr("Join(joinType=[LeftOuterJoin], where=[=(customer, name)]"));
  std::string all = Explain("SELECT id FROM o WHERE price > ALL (SELECT age FROM c)");
  EXPECT_THAT(all, HasSubstr("joinType=[InnerJoin]"));
  EXPECT_THAT(all, HasSubstr("MAX(age)"));
  // By correlation only what is not negated needs rows.
  std::string of_row = "price > ANY (SELECT age FROM c WHERE name = customer)";
  EXPECT_THAT(Explain("SELECT id FROM o WHERE " + of_row), HasSubstr("joinType=[InnerJoin]"));
  EXPECT_THAT(Explain("SELECT id FROM o WHERE NOT " + of_row),
              HasSubstr("joinType=[LeftOuterJoin]"));
}

TEST_F(SubqueryTest, MembershipInHavingIsASemiJoin) {
  EXPECT_THAT(Explain("SELECT customer FROM o GROUP BY customer HAVING COUNT(*) > 1 AND "
                      "customer IN (SELECT name FROM c)"),
              HasSubstr("Join(joinType=[LeftSemiJoin], where=[=(customer, name)]"));
}

TEST_F(SubqueryTest, RowsAreNotComparedWithNullsWhereOnlyTruthMatters) {
  std::string in = "(customer, id) IN (SELECT name, age FROM c)";
  EXPECT_THAT(Explain("SELECT id, " + in + " FROM o"), HasSubstr("$possible"));
  EXPECT_THAT(Explain("SELECT id, CASE WHEN " + in + " THEN 1 ELSE 0 END FROM o"),
              Not(HasSubstr("$possible")));
  EXPECT_THAT(Explain("SELECT id FROM o WHERE " + in + " OR id = 1"), Not(HasSubstr("$possible")));
  EXPECT_THAT(Explain("SELECT id FROM o WHERE NOT (" + in + ") OR id = 1"), HasSubstr("$possible"));
}

TEST_F(SubqueryTest, CorrelatedAggregatesAreGroupedByTheCorrelation) {
  std::string plan = Explain(
      "SELECT id FROM o WHERE price > (SELECT AVG(p.price) FROM o AS p WHERE p.customer = "
      "o.customer)");
  EXPECT_THAT(plan, HasSubstr("joinType=[InnerJoin]"));
  EXPECT_THAT(plan, HasSubstr("GroupAggregate(groupBy=[customer], select=[customer, AVG(price)"));
  EXPECT_THAT(plan, Not(HasSubstr("OUTER(")));
}

TEST_F(SubqueryTest, WhatCannotBeDecorrelatedSaysSo) {
  for (const char* sql :
       {"SELECT id FROM o WHERE price = (SELECT age FROM c WHERE name = o.customer LIMIT 1)",
        "SELECT id FROM o WHERE EXISTS (SELECT 1 FROM c WHERE name = customer UNION ALL SELECT 2)",
        "SELECT id FROM o WHERE price = (SELECT age + COALESCE(o.price, 0) FROM c)",
        "SELECT id FROM o GROUP BY id, (SELECT MAX(age) FROM c)",
        "SELECT a.id FROM o AS a JOIN o AS b ON a.id = (SELECT MAX(age) FROM c)"}) {
    EXPECT_THAT(Explain(sql), HasSubstr("SQL-1020")) << sql;
  }
  EXPECT_THAT(Explain("SELECT id FROM o WHERE id IN (SELECT name, age FROM c)"),
              HasSubstr("SQL-1006 the subquery must have 1 column, not 2"));
  EXPECT_THAT(Explain("SELECT customer, (SELECT MAX(age) FROM c WHERE age < price) FROM o "
                      "GROUP BY customer"),
              HasSubstr("SQL-1008 column 'price' is neither grouped nor aggregated"));
}

TEST_F(SubqueryTest, UnnestIsACorrelateThatKeepsWhatIsRead) {
  std::string plan =
      Explain("SELECT id, t FROM o CROSS JOIN UNNEST(tags) AS u(t) WHERE t <> 'a' AND price > 1");
  EXPECT_THAT(plan, HasSubstr("Correlate(invocation=[$UNNEST_ROWS$1($cor0.tags)], "
                              "correlate=[table($UNNEST_ROWS$1($cor0.tags))], select=[id, t], "
                              "joinType=[INNER], changelogMode=[I])"));
  EXPECT_THAT(plan, HasSubstr("where=[>(price, 1)]"));
  EXPECT_THAT(Explain("SELECT id FROM o CROSS JOIN UNNEST(id) AS u(t)"),
              HasSubstr("SQL-1006 UNNEST takes an ARRAY, MAP or MULTISET, not INT"));
}

TEST_F(SubqueryTest, PlansWithUnnestAreStoredAndReadBack) {
  auto bound =
      AnalyzeSql("SELECT id, t, n FROM o LEFT JOIN UNNEST(tags) WITH ORDINALITY AS u(t, n) ON TRUE",
                 catalog_, {});
  ASSERT_TRUE(bound.ok()) << bound.message();
  std::string json = PlanToJson({std::get<QueryStatement>(*bound).plan});
  auto read = PlanFromJson(json);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(PlanToJson(*read), json);
}

}  // namespace
}  // namespace forebay::sql
