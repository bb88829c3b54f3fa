// Plans of the Nexmark queries. The expected operators and changelog modes are those of Apache
// Flink's EXPLAIN CHANGELOG_MODE, without exchanges, with two-phase aggregations as one and without
// Calcs that only rename.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sql/explain/explain.h"
#include "sql/plan/plan_json.h"
#include "sql/tests/map_catalog.h"

namespace forebay::sql {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDatagen =
    "CREATE TABLE datagen (event_type INT, person ROW<id BIGINT, name VARCHAR, emailAddress "
    "VARCHAR, "
    "creditCard VARCHAR, city VARCHAR, state VARCHAR, `dateTime` TIMESTAMP(3), extra VARCHAR>, "
    "auction ROW<id BIGINT, itemName VARCHAR, description VARCHAR, initialBid BIGINT, reserve "
    "BIGINT, "
    "`dateTime` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra "
    "VARCHAR>, "
    "bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, "
    "`dateTime` TIMESTAMP(3), extra VARCHAR>, "
    "`dateTime` AS CASE WHEN event_type = 0 THEN person.`dateTime` WHEN event_type = 1 THEN "
    "auction.`dateTime` ELSE bid.`dateTime` END, "
    "WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND) WITH ('connector' = 'nexmark')";

class NexmarkPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Create(kDatagen);
    Create(
        "CREATE VIEW person AS SELECT person.id, person.name, person.emailAddress, "
        "person.creditCard, person.city, person.state, `dateTime`, person.extra FROM datagen "
        "WHERE event_type = 0");
    Create(
        "CREATE VIEW auction AS SELECT auction.id, auction.itemName, auction.description, "
        "auction.initialBid, auction.reserve, `dateTime`, auction.expires, auction.seller, "
        "auction.category, auction.extra FROM datagen WHERE event_type = 1");
    Create(
        "CREATE VIEW bid AS SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, "
        "`dateTime`, bid.extra FROM datagen WHERE event_type = 2");
  }

  void Create(const std::string& sql) {
    Status status = catalog_.Run(sql);
    ASSERT_TRUE(status.ok()) << sql << "\n" << status.ToString();
  }

  // "Calc[I] Scan[I]", depth first; a node seen before is "^Name".
  static void Shape(const PlanNode& node, std::set<const PlanNode*>& seen, std::string& text) {
    static constexpr const char* kNames[] = {
        "Scan",        "Values",          "Calc", "Watermark", "Aggregate",
        "WindowTable", "WindowAggregate", "Join", "Lookup",    "Rank",
        "Deduplicate", "Union",           "Sort", "Limit",     "Sink"};
    std::string name = kNames[static_cast<int>(node.kind)];
    if (node.kind == PlanKind::kJoin && static_cast<const JoinNode&>(node).windowed) {
      name = "WindowJoin";
    }
    if (!text.empty()) text += ' ';
    if (!seen.insert(&node).second) {
      text += "^" + name;
      return;
    }
    text += name;
    if (node.kind != PlanKind::kSink) text += node.changelog.ToString();
    for (const PlanPtr& input : node.inputs) Shape(*input, seen, text);
  }

  std::string Plan(const std::string& sink, const std::string& query) {
    Create("CREATE TABLE sink (" + sink + ") WITH ('connector' = 'blackhole')");
    auto bound = AnalyzeSql("INSERT INTO sink " + query, catalog_, {});
    if (!bound.ok()) return bound.status().ToString();
    sinks_ = std::get<InsertStatement>(*bound).sinks;
    // What is stored with a job gives the same plan back.
    std::string json = PlanToJson(sinks_);
    auto again = PlanFromJson(json);
    EXPECT_TRUE(again.ok());
    if (again.ok()) {
      EXPECT_EQ(PlanToJson(*again), json);
      EXPECT_EQ(ExplainPlan(*again, true), ExplainPlan(sinks_, true));
    }
    std::set<const PlanNode*> seen;
    std::string text;
    Shape(*sinks_[0], seen, text);
    return text;
  }

  std::string Explain() const { return ExplainPlan(sinks_, true); }

  MapCatalog catalog_;
  std::vector<PlanPtr> sinks_;
};

TEST_F(NexmarkPlanTest, Q0) {
  EXPECT_EQ(
      Plan("auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra VARCHAR",
           "SELECT auction, bidder, price, `dateTime`, extra FROM bid"),
      "Sink Calc[I] Watermark[I] Calc[I] Scan[I]");
  EXPECT_THAT(Explain(),
              HasSubstr("Calc(select=[bid.auction AS auction, bid.bidder AS bidder, bid.price "
                        "AS price, dateTime, bid.extra AS extra], where=[=(event_type, 2)]"));
  EXPECT_THAT(Explain(), HasSubstr("watermark=[-(dateTime, 4000:INTERVAL SECOND)]"));
}

TEST_F(NexmarkPlanTest, Q1) {
  EXPECT_EQ(
      Plan("auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), `dateTime` TIMESTAMP(3), extra "
           "VARCHAR",
           "SELECT auction, bidder, 0.908 * price as price, `dateTime`, extra FROM bid"),
      "Sink Calc[I] Watermark[I] Calc[I] Scan[I]");
  EXPECT_THAT(Explain(),
              HasSubstr("CAST(*(0.908, CAST(bid.price AS DECIMAL(19, 0))) AS DECIMAL(23, 3))"));
}

TEST_F(NexmarkPlanTest, Q2) {
  EXPECT_EQ(Plan("auction BIGINT, price BIGINT",
                 "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0"),
            "Sink Calc[I] Watermark[I] Calc[I] Scan[I]");
}

TEST_F(NexmarkPlanTest, ScansAreToldWhichFieldsAreRead) {
  Plan("auction BIGINT, price BIGINT",
       "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0");
  const PlanNode* node = sinks_[0].get();
  while (node->kind != PlanKind::kTableScan) node = node->inputs[0].get();
  const auto& scan = static_cast<const TableScanNode&>(*node);
  ASSERT_EQ(scan.used_fields.size(), 4u);
  EXPECT_TRUE(scan.used_fields[0].empty());  // event_type is no ROW
  // Of persons and auctions the time alone, which the watermark needs.
  EXPECT_EQ(scan.used_fields[1], std::vector<bool>({0, 0, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(scan.used_fields[2], std::vector<bool>({0, 0, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(scan.used_fields[3], std::vector<bool>({1, 0, 1, 0, 0, 1, 0}));
}

TEST_F(NexmarkPlanTest, AScanIsReadWholeWhenItsRowIs) {
  Plan(
      "b ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, "
      "`dateTime` TIMESTAMP(3), extra VARCHAR>",
      "SELECT bid FROM datagen WHERE bid.price > 10");
  const PlanNode* node = sinks_[0].get();
  while (node->kind != PlanKind::kTableScan) node = node->inputs[0].get();
  EXPECT_TRUE(static_cast<const TableScanNode&>(*node).used_fields.back().empty());
}

TEST_F(NexmarkPlanTest, Q3SharesTheSource) {
  EXPECT_EQ(Plan("name VARCHAR, city VARCHAR, state VARCHAR, id BIGINT",
                 "SELECT P.name, P.city, P.state, A.id FROM auction AS A INNER JOIN person AS P on "
                 "A.seller = P.id WHERE A.category = 10 and (P.state = 'OR' OR P.state = 'ID' OR "
                 "P.state = 'CA')"),
            "Sink Calc[I] Join[I] Calc[I] Watermark[I] Calc[I] Scan[I] Calc[I] ^Watermark");
  EXPECT_THAT(Explain(), HasSubstr("where=[=(seller, id)]"));
}

TEST_F(NexmarkPlanTest, Q4) {
  EXPECT_EQ(
      Plan("id BIGINT, final BIGINT",
           "SELECT Q.category, AVG(Q.final) FROM (SELECT MAX(B.price) AS final, A.category FROM "
           "auction A, bid B WHERE A.id = B.auction AND B.`dateTime` BETWEEN A.`dateTime` AND "
           "A.expires GROUP BY A.id, A.category) Q GROUP BY Q.category"),
      "Sink Aggregate[I,UA,D] Calc[I,UB,UA] Aggregate[I,UB,UA] Calc[I] Join[I] "
      "Calc[I] Watermark[I] Calc[I] Scan[I] Calc[I] ^Watermark");
  EXPECT_THAT(Explain(), HasSubstr("AVG_RETRACT(final)"));
}

TEST_F(NexmarkPlanTest, Q5SharesTheWindowAggregate) {
  EXPECT_EQ(
      Plan(
          "auction BIGINT, num BIGINT",
          "SELECT AuctionBids.auction, AuctionBids.num FROM (SELECT auction, count(*) AS num, "
          "window_start AS starttime, window_end AS endtime FROM TABLE(HOP(TABLE bid, "
          "DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) GROUP BY auction, "
          "window_start, window_end) AS AuctionBids JOIN (SELECT max(CountBids.num) AS maxn, "
          "CountBids.starttime, CountBids.endtime FROM (SELECT count(*) AS num, window_start AS "
          "starttime, window_end AS endtime FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), "
          "INTERVAL '2' SECOND, INTERVAL '10' SECOND)) GROUP BY auction, window_start, window_end) "
          "AS CountBids GROUP BY CountBids.starttime, CountBids.endtime) AS MaxBids ON "
          "AuctionBids.starttime = MaxBids.starttime AND AuctionBids.endtime = MaxBids.endtime AND "
          "AuctionBids.num >= MaxBids.maxn"),
      "Sink Calc[I] WindowJoin[I] WindowAggregate[I] Calc[I] Watermark[I] Calc[I] Scan[I] "
      "WindowAggregate[I] Calc[I] ^WindowAggregate");
  EXPECT_THAT(Explain(), HasSubstr("HOP(time_col=[dateTime], size=[10 s], slide=[2 s])"));
  EXPECT_THAT(Explain(), HasSubstr("HOP(win_start=["));
}

TEST_F(NexmarkPlanTest, Q7) {
  EXPECT_EQ(
      Plan("auction BIGINT, price BIGINT, bidder BIGINT, `dateTime` TIMESTAMP(3), extra VARCHAR",
           "SELECT B.auction, B.price, B.bidder, B.`dateTime`, B.extra from bid B JOIN (SELECT "
           "MAX(price) AS maxprice, window_end as `dateTime` FROM TABLE(TUMBLE(TABLE bid, "
           "DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end) B1 "
           "ON B.price = B1.maxprice WHERE B.`dateTime` BETWEEN B1.`dateTime` - INTERVAL '10' "
           "SECOND AND B1.`dateTime`"),
      "Sink Calc[I] Join[I] Calc[I] Watermark[I] Calc[I] Scan[I] WindowAggregate[I] Calc[I] "
      "^Watermark");
}

TEST_F(NexmarkPlanTest, Q8) {
  EXPECT_EQ(
      Plan("id BIGINT, name VARCHAR, stime TIMESTAMP(3)",
           "SELECT P.id, P.name, P.starttime FROM (SELECT id, name, window_start AS starttime, "
           "window_end AS endtime FROM TABLE(TUMBLE(TABLE person, DESCRIPTOR(`dateTime`), "
           "INTERVAL '10' SECOND)) GROUP BY id, name, window_start, window_end) P JOIN (SELECT "
           "seller, window_start AS starttime, window_end AS endtime FROM TABLE(TUMBLE(TABLE "
           "auction, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)) GROUP BY seller, "
           "window_start, window_end) A ON P.id = A.seller AND P.starttime = A.starttime AND "
           "P.endtime = A.endtime"),
      "Sink Calc[I] WindowJoin[I] WindowAggregate[I] Calc[I] Watermark[I] Calc[I] Scan[I] "
      "WindowAggregate[I] Calc[I] ^Watermark");
}

TEST_F(NexmarkPlanTest, Q11LegacySession) {
  EXPECT_EQ(
      Plan("bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)",
           "SELECT B.bidder, count(*) as bid_count, SESSION_START(B.`dateTime`, INTERVAL '10' "
           "SECOND) as starttime, SESSION_END(B.`dateTime`, INTERVAL '10' SECOND) as endtime "
           "FROM bid B GROUP BY B.bidder, SESSION(B.`dateTime`, INTERVAL '10' SECOND)"),
      "Sink WindowAggregate[I] Calc[I] Watermark[I] Calc[I] Scan[I]");
  EXPECT_THAT(Explain(), HasSubstr("SESSION(time_col=[dateTime], gap=[10 s])"));
}

TEST_F(NexmarkPlanTest, Q12Proctime) {
  Create("CREATE VIEW B AS SELECT *, PROCTIME() AS p_time FROM bid");
  EXPECT_EQ(
      Plan("bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)",
           "SELECT bidder, count(*) as bid_count, window_start AS starttime, window_end AS "
           "endtime FROM TABLE(TUMBLE(TABLE B, DESCRIPTOR(p_time), INTERVAL '10' SECOND)) GROUP "
           "BY bidder, window_start, window_end"),
      "Sink WindowAggregate[I] Calc[I] Watermark[I] Calc[I] Scan[I]");
  EXPECT_THAT(Explain(), HasSubstr("time_col=[p_time]"));
}

TEST_F(NexmarkPlanTest, Q17) {
  EXPECT_EQ(
      Plan(
          "auction BIGINT, `day` VARCHAR, total_bids BIGINT, rank1 BIGINT, rank2 BIGINT, rank3 "
          "BIGINT, min_price BIGINT, max_price BIGINT, avg_price BIGINT, sum_price BIGINT",
          "SELECT auction, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd') as `day`, count(*) AS total_bids, "
          "count(*) filter (where price < 10000), count(*) filter (where price >= 10000 and "
          "price < 1000000), count(*) filter (where price >= 1000000), min(price), max(price), "
          "avg(price), sum(price) FROM bid GROUP BY auction, DATE_FORMAT(`dateTime`, "
          "'yyyy-MM-dd')"),
      "Sink Aggregate[I,UA] Calc[I] Watermark[I] Calc[I] Scan[I]");
}

TEST_F(NexmarkPlanTest, Q18Deduplicates) {
  EXPECT_EQ(
      Plan("auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, `dateTime` "
           "TIMESTAMP(3), extra VARCHAR",
           "SELECT auction, bidder, price, channel, url, `dateTime`, extra FROM (SELECT *, "
           "ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY `dateTime` DESC) AS "
           "rank_number FROM bid) WHERE rank_number <= 1"),
      "Sink Deduplicate[I,UA,D] Calc[I] Watermark[I] Calc[I] Scan[I]");
  EXPECT_THAT(Explain(), HasSubstr("Deduplicate(keep=[LastRow], key=[bidder, auction]"));
}

TEST_F(NexmarkPlanTest, Q19TopN) {
  EXPECT_EQ(
      Plan("auction BIGINT, price BIGINT, rn BIGINT",
           "SELECT auction, price, rank_number FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "
           "auction ORDER BY price DESC) AS rank_number FROM bid) WHERE rank_number <= 10"),
      "Sink Rank[I,UA,D] Calc[I] Watermark[I] Calc[I] Scan[I]");
}

}  // namespace
}  // namespace forebay::sql
