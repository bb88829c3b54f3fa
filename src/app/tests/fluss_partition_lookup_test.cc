#include "app/tests/fluss_handler_fixture.h"

namespace forebay::serve {
namespace {

using model::DataType;

/// A table (day DATE, id BIGINT, name STRING) with a partition a day.
class FlussPartitionLookupTest : public FlussHandlerTest {
 protected:
  void SetUp() override {
    FlussHandlerTest::SetUp();
    model::TableDescriptor table;
    table.schema.columns = {{"day", DataType::Date().NotNull()},
                            {"id", DataType::Bigint().NotNull()},
                            {"name", DataType::String()}};
    table.schema.primary_key = {"day", "id"};
    table.partition_keys = {"day"};
    auto created = connection_->admin().CreateTable(kPath, table);
    ASSERT_TRUE(created.ok()) << created.message();
    id_ = created->id.value();
    auto partition = connection_->admin().CreatePartition(kPath, {{"day", "2024-02-29"}}, false);
    ASSERT_TRUE(partition.ok()) << partition.message();
    partition_ = partition->id.value();
  }
  /// The row of a key, which is made when `inserts`; empty when there is none.
  std::string Lookup(int64_t key, bool inserts) {
    auto keys = format::EncodeKeys(std::vector{Rows({{key, ""}}).columns[0]});
    rpc::LookupRequest request;
    request.table_id = id_;
    request.insert_if_not_exists = inserts;
    request.buckets_req.push_back(
        {partition_, 0, {rpc::Payload::Own(std::string((*keys)[0]))}, {}, {}});
    auto part = Ask<rpc::LookupResponse>(ApiKey::kLookup, request).buckets_resp.at(0);
    EXPECT_EQ(part.error_code, std::nullopt) << part.error_message.value_or("");
    if (part.values.size() != 1 || !part.values[0].values.has_value()) return "";
    return std::string(part.values[0].values->bytes);
  }

  const model::TablePath kPath{"db", "visits"};
  int64_t id_ = 0;
  int64_t partition_ = 0;
};

TEST_F(FlussPartitionLookupTest, InsertsTheKeyAndThePartitionsValues) {
  EXPECT_EQ(Lookup(7, false), "");
  model::BatchBuilder builder({DataType::Date(), DataType::Bigint(), DataType::String()});
  builder.column(0).Append(int32_t{19782});  // 2024-02-29
  builder.column(1).Append(int64_t{7});
  builder.column(2).AppendNull();
  builder.FinishRow();
  std::string expected("\x01\0", 2);
  ASSERT_TRUE(format::AppendCompactedRow(builder.Finish(), 0, expected).ok());
  EXPECT_EQ(Lookup(7, true), expected);
  EXPECT_EQ(Lookup(7, true), expected) << "once";
  EXPECT_EQ(Lookup(7, false), expected);
  EXPECT_EQ(Lookup(8, false), "");
}

}  // namespace
}  // namespace forebay::serve
