#include "app/tests/fluss_handler_fixture.h"
#include "storage/remote/remote_storage.h"

namespace forebay::serve {
namespace {

/// Requests as "root", who is a super user, or as "ada", who needs rights.
class FlussAccessTest : public FlussHandlerTest {
 protected:
  static constexpr int kDenied = 48;

  void SetUp() override {
    FlussHandlerTest::SetUp();
    for (const char* user : {"root", "ada"}) EXPECT_TRUE(users_.Add(user, "word").ok());
    Reopen();
    id_ = Create("t", false);
    Create("other", false);
  }
  void Reopen() {
    access_ = AccessControl::Open(connection_->admin(), {"root"}).value();
    MakeHandler();
  }
  void Be(const std::string& user, const std::string& address = "1.2.3.4") {
    session_ = std::make_shared<rpc::Session>();
    session_->user = user;
    session_->peer_address = address;
  }
  /// As root, what `operation` is to ada.
  void Grant(Operation operation, const Resource& resource, const std::string& host = "*") {
    Be("root");
    rpc::CreateAclsRequest request;
    request.acl.push_back({resource.name, static_cast<int32_t>(resource.kind), "ada", "User", host,
                           static_cast<int32_t>(operation), 2});
    EXPECT_EQ(Ask<rpc::CreateAclsResponse>(ApiKey::kCreateAcls, request).aclRes.size(), 1u);
    Be("ada");
  }
  int ProduceError() { return ErrorOf(ApiKey::kProduceLog, Produce(id_, LogBatch({{1, "a"}}))); }
  int FetchError() {
    auto response = Ask<rpc::FetchLogResponse>(ApiKey::kFetchLog, Fetch(id_, 0));
    return response.tables_resp.at(0).buckets_resp.at(0).error_code.value_or(0);
  }
  int DescribeError() {
    return ErrorOf(ApiKey::kGetTableInfo, rpc::GetTableInfoRequest{{"db", "t"}});
  }

  int64_t id_ = 0;
};

TEST_F(FlussAccessTest, NobodyMayDoAnythingWithoutARight) {
  Be("ada");
  EXPECT_EQ(ProduceError(), kDenied);
  EXPECT_EQ(FetchError(), kDenied);
  EXPECT_EQ(DescribeError(), kDenied);
  EXPECT_EQ(ErrorOf(ApiKey::kCreateDatabase, rpc::CreateDatabaseRequest{"more", false, {}}),
            kDenied);
  EXPECT_EQ(ErrorOf(ApiKey::kInitWriter, rpc::InitWriterRequest{{{"db", "t"}}}), kDenied);
  EXPECT_THAT(Ask<rpc::ListDatabasesResponse>(ApiKey::kListDatabases, rpc::ListDatabasesRequest())
                  .database_name,
              ElementsAre());
  EXPECT_FALSE(
      Ask<rpc::TableExistsResponse>(ApiKey::kTableExists, rpc::TableExistsRequest{{"db", "t"}})
          .exists);
  auto metadata =
      Ask<rpc::MetadataResponse>(ApiKey::kGetMetadata, rpc::MetadataRequest{{{"db", "t"}}, {}, {}});
  EXPECT_TRUE(metadata.table_metadata.empty());
  Be("root");
  EXPECT_EQ(ProduceError(), 0);
  EXPECT_EQ(FetchError(), 0);
}

TEST_F(FlussAccessTest, ARightHoldsForItsOperationAndResource) {
  Grant(Operation::kWrite, Resource::Table({"db", "t"}));
  EXPECT_EQ(ProduceError(), 0);
  EXPECT_EQ(FetchError(), kDenied);
  EXPECT_EQ(DescribeError(), 0) << "who may write may describe";
  EXPECT_EQ(ErrorOf(ApiKey::kDropTable, rpc::DropTableRequest{{"db", "t"}, false}), kDenied);
  auto tables =
      Ask<rpc::ListTablesResponse>(ApiKey::kListTables, rpc::ListTablesRequest{"db"}).table_name;
  EXPECT_THAT(tables, ElementsAre("t"));
  Grant(Operation::kRead, Resource::Database("db"));
  EXPECT_EQ(FetchError(), 0) << "a right on a database holds for its tables";
}

TEST_F(FlussAccessTest, RightsOfOneHostAndOfEverything) {
  Grant(Operation::kAll, {ResourceKind::kTable, "*"}, "5.6.7.8");
  EXPECT_EQ(ProduceError(), kDenied);
  Be("ada", "5.6.7.8");
  EXPECT_EQ(ProduceError(), 0);
  EXPECT_EQ(ErrorOf(ApiKey::kCreateDatabase, rpc::CreateDatabaseRequest{"more", false, {}}),
            kDenied);
  Grant(Operation::kCreate, Resource::Cluster());
  EXPECT_EQ(ErrorOf(ApiKey::kCreateDatabase, rpc::CreateDatabaseRequest{"more", false, {}}), 0);
}

TEST_F(FlussAccessTest, RightsLastUntilTheyAreDropped) {
  Grant(Operation::kWrite, Resource::Table({"db", "t"}));
  Grant(Operation::kRead, Resource::Table({"db", "t"}));
  rpc::CreateAclsRequest own{{{"t", 4, "ada", "User", "*", 2, 2}}};
  EXPECT_EQ(ErrorOf(ApiKey::kCreateAcls, own), kDenied) << "nobody gives rights to himself";
  Reopen();
  EXPECT_EQ(ProduceError(), 0);
  Be("root");
  rpc::PbAclFilter writes{{}, 1, {}, {}, {}, 4, 1};
  auto listed = Ask<rpc::ListAclsResponse>(ApiKey::kListAcls, rpc::ListAclsRequest{writes});
  ASSERT_EQ(listed.acl.size(), 1u);
  EXPECT_EQ(listed.acl[0].resource_name, "db.t");
  auto dropped = Ask<rpc::DropAclsResponse>(ApiKey::kDropAcls, rpc::DropAclsRequest{{writes}});
  EXPECT_EQ(dropped.filter_results.at(0).matching_acls.size(), 1u);
  Reopen();
  Be("ada");
  EXPECT_EQ(ProduceError(), kDenied);
  EXPECT_EQ(FetchError(), 0);
}

TEST_F(FlussAccessTest, RowsAreLookedUpByWhoMayRead) {
  int64_t rows = Create("rows", true);
  Be("root");
  EXPECT_EQ(Put(rows, KvBatch({{1, "a"}})).error_code.value_or(0), 0);
  auto keys = format::EncodeKeys(std::vector{Rows({{1, ""}}).columns[0]});
  rpc::LookupRequest request;
  request.table_id = rows;
  request.buckets_req.push_back({{}, 0, {rpc::Payload::Own(std::string((*keys)[0]))}, {}, {}});
  Be("ada");
  EXPECT_EQ(ErrorOf(ApiKey::kLookup, request), kDenied);
  Grant(Operation::kRead, Resource::Table({"db", "rows"}));
  EXPECT_EQ(ErrorOf(ApiKey::kLookup, request), 0);
  request.insert_if_not_exists = true;
  EXPECT_EQ(ErrorOf(ApiKey::kLookup, request), kDenied) << "it may write";
  Grant(Operation::kWrite, Resource::Table({"db", "rows"}));
  EXPECT_EQ(ErrorOf(ApiKey::kLookup, request), 0);
}

TEST_F(FlussAccessTest, LeasesAreOfWhoMayReadTheirTables) {
  int64_t rows = Create("rows", true);
  rpc::AcquireKvSnapshotLeaseRequest acquire{"lease", 60'000, {{rows, {{{}, 0, 7}}}}};
  rpc::ReleaseKvSnapshotLeaseRequest release{"lease", {{rows, {}, 0}}};
  Be("ada");
  EXPECT_EQ(ErrorOf(ApiKey::kAcquireKvSnapshotLease, acquire), kDenied);
  EXPECT_EQ(ErrorOf(ApiKey::kReleaseKvSnapshotLease, release), kDenied);
  rpc::DropKvSnapshotLeaseRequest drop{"lease"};
  EXPECT_EQ(ErrorOf(ApiKey::kDropKvSnapshotLease, drop), 0) << "there is no such lease";
  auto& leases = storage_->remote().leases();
  ASSERT_TRUE(leases.Acquire("lease", 60'000, {{{model::TableId(rows), {}, 0}, 7}}).ok());
  EXPECT_EQ(ErrorOf(ApiKey::kDropKvSnapshotLease, drop), kDenied);
  Grant(Operation::kRead, Resource::Table({"db", "rows"}));
  EXPECT_EQ(ErrorOf(ApiKey::kAcquireKvSnapshotLease, acquire), 0);
  EXPECT_EQ(ErrorOf(ApiKey::kReleaseKvSnapshotLease, release), 0);
  EXPECT_EQ(ErrorOf(ApiKey::kDropKvSnapshotLease, drop), 0);
}

TEST_F(FlussAccessTest, ProducerOffsetsAreOfWhoMayWriteTheirTables) {
  rpc::RegisterProducerOffsetsRequest request;
  request.producer_id = "job";
  for (int64_t id : {id_, id_ + 1}) {
    auto& table = request.table_offsets.emplace_back();
    table.table_id = id;
    table.bucket_offsets.push_back({{}, 0, 5});
  }
  Grant(Operation::kWrite, Resource::Table({"db", "t"}));
  EXPECT_EQ(ErrorOf(ApiKey::kRegisterProducerOffsets, request), kDenied) << "of both tables";
  Grant(Operation::kWrite, Resource::Table({"db", "other"}));
  EXPECT_EQ(ErrorOf(ApiKey::kRegisterProducerOffsets, request), 0);
  auto seen = [&] {
    std::vector<int64_t> tables;
    auto found = Ask<rpc::GetProducerOffsetsResponse>(ApiKey::kGetProducerOffsets,
                                                      rpc::GetProducerOffsetsRequest{"job"});
    for (const auto& table : found.table_offsets) tables.push_back(table.table_id);
    return tables;
  };
  EXPECT_THAT(seen(), ElementsAre());
  Grant(Operation::kRead, Resource::Table({"db", "t"}));
  EXPECT_THAT(seen(), ElementsAre(id_));
  Be("root");
  EXPECT_THAT(seen(), ElementsAre(id_, id_ + 1));
  session_->user = "eve";
  rpc::DeleteProducerOffsetsRequest remove{"job"};
  EXPECT_EQ(ErrorOf(ApiKey::kDeleteProducerOffsets, remove), kDenied);
  Be("ada");
  EXPECT_EQ(ErrorOf(ApiKey::kDeleteProducerOffsets, remove), 0);
}

TEST_F(FlussAccessTest, DroppingNeedsTheRightToAllWhereSomethingIsAskedFor) {
  Grant(Operation::kRead, Resource::Table({"db", "t"}));
  Grant(Operation::kAll, Resource::Database("other"));
  rpc::PbAclFilter of_tables{{}, 4, {}, {}, {}, 4, 1};
  EXPECT_EQ(ErrorOf(ApiKey::kDropAcls, rpc::DropAclsRequest{{of_tables}}), kDenied)
      << "no entry is meant, but the table has one";
  rpc::PbAclFilter of_database{"other", 3, {}, {}, {}, 4, 1};
  EXPECT_EQ(ErrorOf(ApiKey::kDropAcls, rpc::DropAclsRequest{{of_database}}), 0);
}

TEST_F(FlussAccessTest, WritersAreOfWhoMayWriteATable) {
  Grant(Operation::kWrite, Resource::Table({"db", "t"}));
  EXPECT_EQ(ErrorOf(ApiKey::kInitWriter, rpc::InitWriterRequest{{{"db", "other"}}}), kDenied);
  EXPECT_EQ(ErrorOf(ApiKey::kInitWriter, rpc::InitWriterRequest{{{"db", "other"}, {"db", "t"}}}),
            0);
  EXPECT_EQ(ErrorOf(ApiKey::kInitWriter, rpc::InitWriterRequest()), kDenied) << "of no table";
}

TEST_F(FlussAccessTest, EverybodyFindsTheDatabaseWhereCatalogsBegin) {
  Be("root");
  EXPECT_EQ(ErrorOf(ApiKey::kCreateDatabase, rpc::CreateDatabaseRequest{"fluss", false, {}}), 0);
  Be("ada");
  auto exists = [&](const char* name) {
    return Ask<rpc::DatabaseExistsResponse>(ApiKey::kDatabaseExists,
                                            rpc::DatabaseExistsRequest{name})
        .exists;
  };
  EXPECT_TRUE(exists("fluss"));
  EXPECT_FALSE(exists("db"));
}

TEST_F(FlussAccessTest, PartitionsAreOfWhoMayDescribeTheirTable) {
  model::TableDescriptor table;
  table.schema.columns = {{"day", model::DataType::String()}, {"id", model::DataType::Bigint()}};
  table.partition_keys = {"day"};
  const model::TablePath path{"db", "days"};
  ASSERT_TRUE(connection_->admin().CreateTable(path, table).ok());
  auto partition = connection_->admin().CreatePartition(path, {{"day", "monday"}}, false);
  ASSERT_TRUE(partition.ok()) << partition.message();
  auto seen = [&] {
    return Ask<rpc::MetadataResponse>(ApiKey::kGetMetadata,
                                      rpc::MetadataRequest{{}, {}, {partition->id.value()}})
        .partition_metadata.size();
  };
  Be("ada");
  EXPECT_EQ(seen(), 0u);
  Grant(Operation::kDescribe, Resource::Table(path));
  EXPECT_EQ(seen(), 1u);
}

TEST_F(FlussAccessTest, RightsThatSayAnyAllowNothing) {
  Be("root");
  std::vector<rpc::PbAclInfo> useless = {{"any", 1, "ada", "User", "*", 4, 2},
                                         {"db.t", 4, "ada", "User", "*", 1, 2},
                                         {"db.t", 4, "ada", "User", "*", 4, 1}};
  EXPECT_EQ(ErrorOf(ApiKey::kCreateAcls, rpc::CreateAclsRequest{useless}), 0);
  Reopen();
  auto listed = Ask<rpc::ListAclsResponse>(ApiKey::kListAcls,
                                           rpc::ListAclsRequest{{{}, 1, {}, {}, {}, 1, 1}});
  EXPECT_EQ(listed.acl.size(), 3u);
  listed = Ask<rpc::ListAclsResponse>(ApiKey::kListAcls,
                                      rpc::ListAclsRequest{{{}, 1, {}, {}, {}, 1, 2}});
  EXPECT_EQ(listed.acl.size(), 2u) << "what says that it allows";
  Be("ada");
  EXPECT_EQ(ProduceError(), kDenied);
  EXPECT_EQ(DescribeError(), kDenied);
}

TEST_F(FlussAccessTest, BadRightsAreRefused) {
  Be("root");
  for (const rpc::PbAclInfo& bad : {rpc::PbAclInfo{"db.t", 5, "ada", "User", "*", 4, 2},
                                    rpc::PbAclInfo{"db.t", 4, "ada", "User", "*", 0, 2},
                                    rpc::PbAclInfo{"db.t", 4, "ada", "User", "*", 99, 2},
                                    rpc::PbAclInfo{"db.t", 4, "ada", "User", "*", 4, 3}}) {
    EXPECT_NE(ErrorOf(ApiKey::kCreateAcls, rpc::CreateAclsRequest{{bad}}), 0);
  }
  access_.reset();
  MakeHandler();
  EXPECT_EQ(ErrorOf(ApiKey::kListAcls, rpc::ListAclsRequest{{{}, 1, {}, {}, {}, 1, 1}}), 47);
}

}  // namespace
}  // namespace forebay::serve
