#include "sql/catalog/materialized_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyzer/analyzer.h"
#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MaterializedTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Status status = catalog_.Run("CREATE TABLE o (id INT NOT NULL, shop STRING NOT NULL, n INT)");
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  CreateMaterializedTableStatement Create(const std::string& rest) {
    auto bound = AnalyzeSql("CREATE MATERIALIZED TABLE m " + rest, catalog_, {});
    EXPECT_TRUE(bound.ok()) << bound.status().ToString();
    return bound.ok() ? std::get<CreateMaterializedTableStatement>(*bound)
                      : CreateMaterializedTableStatement();
  }
  std::string Failure(const std::string& statement) {
    auto bound = AnalyzeSql(statement, catalog_, {});
    return bound.ok() ? "" : bound.message();
  }
  static std::vector<std::string> Columns(const CreateMaterializedTableStatement& create) {
    std::vector<std::string> columns;
    for (const auto& column : create.table.ref.info.descriptor.schema.columns) {
      columns.push_back(column.name + " " + column.type.ToString());
    }
    return columns;
  }
  MapCatalog catalog_;
};

TEST_F(MaterializedTableTest, TheQueryGivesColumnsAndKey) {
  auto create = Create(
      "FRESHNESS = INTERVAL '3' MINUTES REFRESH_MODE = FULL AS\n"
      "SELECT shop, SUM(n) AS total FROM o GROUP BY shop");
  EXPECT_THAT(Columns(create), ElementsAre("shop STRING NOT NULL", "total INT"));
  EXPECT_THAT(create.table.ref.info.descriptor.schema.primary_key, ElementsAre("shop"));
  EXPECT_EQ(create.definition.query, "SELECT shop, SUM(n) AS total FROM o GROUP BY shop");
  EXPECT_THAT(create.definition.columns, ElementsAre("shop", "total"));
  EXPECT_EQ(create.definition.freshness->Milliseconds(), 180'000);
  EXPECT_EQ(create.definition.refresh_mode, RefreshMode::kFull);
}

TEST_F(MaterializedTableTest, TheStatementOrdersAndTypesThem) {
  EXPECT_THAT(Columns(Create("(n, id) AS SELECT id, n FROM o")),
              ElementsAre("n INT", "id INT NOT NULL"));
  EXPECT_THAT(Columns(Create("(n BIGINT, PRIMARY KEY (id) NOT ENFORCED) AS SELECT id, n FROM o")),
              ElementsAre("id INT NOT NULL", "n BIGINT"));
  EXPECT_THAT(Failure("CREATE MATERIALIZED TABLE m (x INT) AS SELECT id FROM o"),
              HasSubstr("'x' is defined in the DDL, but is not used"));
}

TEST_F(MaterializedTableTest, RowsThatChangeNeedAKeyWithoutNulls) {
  std::string by_nullable = "AS SELECT n, COUNT(*) AS c FROM o GROUP BY n";
  EXPECT_THAT(Failure("CREATE MATERIALIZED TABLE m " + by_nullable), HasSubstr("PRIMARY KEY"));
  EXPECT_THAT(Failure("CREATE MATERIALIZED TABLE m REFRESH_MODE = FULL AS SELECT id FROM o"),
              HasSubstr("PRIMARY KEY"));
  auto create = Create("(PRIMARY KEY (n) NOT ENFORCED) " + by_nullable);
  EXPECT_THAT(Columns(create), ElementsAre("n INT NOT NULL", "c BIGINT NOT NULL"));
}

TEST_F(MaterializedTableTest, AlterTakesItsOwnClauses) {
  using Kind = AlterMaterializedTableAst::Kind;
  auto kind = [&](const std::string& rest) {
    auto bound = AnalyzeSql("ALTER MATERIALIZED TABLE m " + rest, catalog_, {});
    EXPECT_TRUE(bound.ok()) << rest;
    return bound.ok() ? std::get<AlterMaterializedTableStatement>(*bound).kind : Kind::kSuspend;
  };
  EXPECT_EQ(kind("SUSPEND"), Kind::kSuspend);
  EXPECT_EQ(kind("RESUME WITH ('a' = 'b')"), Kind::kResume);
  EXPECT_EQ(kind("REFRESH PARTITION (shop = 'x')"), Kind::kRefresh);
  EXPECT_EQ(kind("AS SELECT id FROM o"), Kind::kQuery);
  EXPECT_THAT(Failure("ALTER MATERIALIZED TABLE m SET FRESHNESS = INTERVAL '1' SECOND"),
              HasSubstr("not supported"));
}

TEST(Freshness, OfFullRefreshesFitsTheClock) {
  EXPECT_EQ(FullRefreshProblem({15, "MINUTE"}), "");
  EXPECT_EQ(FullRefreshProblem({1, "DAY"}), "");
  EXPECT_THAT(FullRefreshProblem({7, "HOUR"}), HasSubstr("factors of 24"));
  EXPECT_THAT(FullRefreshProblem({60, "SECOND"}), HasSubstr("less than 60"));
  EXPECT_THAT(FullRefreshProblem({2, "DAY"}), HasSubstr("must be 1"));
}

}  // namespace
}  // namespace forebay::sql
