#include "client/tablet_gateway.h"
#include "client/tests/keyed_fixture.h"
#include "format/row/lake_key.h"

namespace forebay::client {
namespace {

class LakeBucketTest : public KeyedFixture {
 protected:
  static constexpr int kBuckets = 100;
  /// Of the key 34, by Iceberg's specification (its hash is 2017239379).
  static constexpr int kBucketOf34 = 79;

  int BucketOf34() {
    auto writer = connection_->OpenWriter(kKeyed);
    auto buckets = (*writer)->BucketsOf(BatchOf({{Int(34), Text("a")}}));
    EXPECT_TRUE(buckets.ok()) << buckets.status().ToString();
    return buckets.ok() ? (*buckets)[0].bucket : -1;
  }
};

TEST_F(LakeBucketTest, TablesMadeForTheLakeHaveItsBuckets) {
  Create({{"v", model::DataType::String()}}, {{"table.datalake.enabled", "true"}}, {}, kBuckets);
  EXPECT_EQ(Info().descriptor.properties.at("table.datalake.format"), "iceberg");
  EXPECT_EQ(BucketOf34(), kBucketOf34);
  Put({{Int(34), Text("a")}, {Int(-1), Text("b")}});
  EXPECT_EQ(Find(34), "34|a");
  EXPECT_EQ(Find(-1), "-1|b");
  EXPECT_EQ(Find(35), "-");
  Reopen();
  EXPECT_EQ(BucketOf34(), kBucketOf34);
  EXPECT_EQ(Find(34), "34|a");
}

/// The buckets that rows have been given stay.
TEST_F(LakeBucketTest, OtherTablesKeepFlussBuckets) {
  Create({{"v", model::DataType::String()}}, {}, {}, kBuckets);
  int before = BucketOf34();
  EXPECT_NE(before, kBucketOf34);
  model::TableChanges changes;
  changes.set_options["table.datalake.enabled"] = "true";
  ASSERT_TRUE(connection_->admin().AlterTable(kKeyed, changes).ok());
  EXPECT_EQ(BucketOf34(), before);
  EXPECT_FALSE(Info().descriptor.properties.contains("table.datalake.format"));
}

}  // namespace
}  // namespace forebay::client
