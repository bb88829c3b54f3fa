#include "rpc/message_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "rpc/messages.h"

namespace forebay::rpc {
namespace {

using testing::HasSubstr;

constexpr int64_t kBudget = 1 << 20;

/// Bytes as protoc's encoder makes them, written down by hand.
TEST(MessageCodecTest, WritesTheProtobufEncoding) {
  PbTablePath path{"db", "t1"};
  EXPECT_EQ(MessageToBytes(path), std::string("\x0a\x02"
                                              "db"
                                              "\x12\x02"
                                              "t1"));
  InitWriterResponse response{300};
  EXPECT_EQ(MessageToBytes(response), std::string("\x08\xac\x02"));
  PbKvSnapshot negative{-1, {}, -2};
  EXPECT_EQ(MessageToBytes(negative), std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                                  "\x18\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(MessageCodecTest, ReadsWhatItWrote) {
  FetchLogRequest request;
  request.follower_server_id = -1;
  request.max_bytes = 16 << 20;
  request.max_wait_ms = 500;
  PbFetchLogReqForTable table;
  table.table_id = 1LL << 40;
  table.projection_pushdown_enabled = true;
  table.projected_fields = {0, 3, 200};
  table.buckets_req = {{{}, 1, -2, 1 << 20, {}}, {7, 2, 5, 1, 4}};
  request.tables_req = {table};
  std::string bytes = MessageToBytes(request);
  EXPECT_EQ(bytes.size(), MessageSize(request));
  auto read = ParseMessage<FetchLogRequest>(bytes, kBudget);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(read->max_wait_ms, 500);
  EXPECT_FALSE(read->min_bytes.has_value());
  ASSERT_EQ(read->tables_req.size(), 1u);
  EXPECT_EQ(read->tables_req[0].projected_fields, (std::vector<int32_t>{0, 3, 200}));
  EXPECT_EQ(read->tables_req[0].buckets_req[0].fetch_offset, -2);
  EXPECT_EQ(read->tables_req[0].buckets_req[1].partition_id, 7);
  EXPECT_EQ(MessageToBytes(*read), bytes);
}

TEST(MessageCodecTest, ReadsUnpackedNumbersAndSkipsUnknownFields) {
  // table_id 5, target_columns 1 and 2 one by one, an unknown field 50 of each wire type.
  std::string bytes = std::string("\x08\x05\x18\x01\x18\x02", 6) + std::string("\x90\x03\x07", 3) +
                      std::string(
                          "\x91\x03"
                          "12345678") +
                      std::string(
                          "\x92\x03\x01"
                          "x") +
                      std::string(
                          "\x95\x03"
                          "1234");
  auto read = ParseMessage<GetTableStatsRequest>(bytes, kBudget);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(read->target_columns, (std::vector<int32_t>{1, 2}));
}

TEST(MessageCodecTest, RefusesWhatIsNoMessage) {
  auto missing = ParseMessage<PbTablePath>(
      "\x0a\x02"
      "db",
      kBudget);
  EXPECT_THAT(missing.message(), HasSubstr("a PbTablePath lacks required fields"));
  for (const std::string& bytes :
       {std::string("\x0a\x7f"
                    "db"),
        std::string("\x0b"), std::string("\x08"), std::string("\x00\x01", 2),
        std::string("\x0d"
                    "12"),
        std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")}) {
    EXPECT_EQ(ParseMessage<PbTablePath>(bytes, kBudget).kind(), ErrorKind::kCorruption);
  }
}

TEST(MessageCodecTest, BoundsWhatAMessageMayTake) {
  // Two bytes each stand for a struct of hundreds.
  std::string bytes = "\x10\x01";
  for (int i = 0; i < 100'000; ++i) bytes += std::string("\x2a\x00", 2);
  auto read = ParseMessage<PbLookupRespForBucket>(bytes, kBudget);
  EXPECT_THAT(read.message(), HasSubstr("more memory than a frame may have"));
  std::string nested;
  for (int i = 0; i < 100; ++i) {
    PbPredicate inner;
    std::string compound = "\x08\x01";
    if (!nested.empty()) {
      compound += "\x12";
      compound += static_cast<char>(nested.size());
      compound += nested;
    }
    nested = std::string("\x08\x01\x1a") + static_cast<char>(compound.size()) + compound;
    if (nested.size() > 100) break;
  }
  EXPECT_TRUE(ParseMessage<PbPredicate>(nested, kBudget).ok());
}

TEST(MessageCodecTest, LargePayloadsAreNotCopied) {
  auto owner = std::make_shared<const std::string>(std::string(100'000, 'x'));
  LimitScanResponse response;
  response.is_log_table = true;
  response.records = Payload::Of(*owner, owner);
  MessageWriter writer;
  WriteMessage(response, writer);
  auto pieces = writer.Finish();
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[1].bytes.data(), owner->data());
  EXPECT_EQ(pieces[0].bytes.size() + pieces[1].bytes.size(), MessageSize(response));
}

/// Every message with all its fields set, in both directions, and hundreds of mutations of each.
class EveryField {
 public:
  template <typename T>
  void operator()(uint32_t, const T& value) {
    Fill(const_cast<T&>(value));
  }

 private:
  void Fill(int32_t& value) { value = 77; }
  void Fill(int64_t& value) { value = -77; }
  void Fill(bool& value) { value = true; }
  void Fill(float& value) { value = 1.5F; }
  void Fill(double& value) { value = -2.5; }
  void Fill(std::string& value) { value = "text"; }
  void Fill(Payload& value) { value = Payload::Own("bytes"); }
  template <typename T>
  void Fill(std::optional<T>& value) {
    if (depth_ < 6) Fill(value.emplace());
  }
  template <typename T>
  void Fill(std::vector<T>& values) {
    if (depth_ < 6) Fill(values.emplace_back());
    if (depth_ < 3) Fill(values.emplace_back());
  }
  template <typename M>
    requires requires { M::kRequired; }
  void Fill(M& message) {
    ++depth_;
    message.ForEachField(*this);
    --depth_;
  }

  int depth_ = 0;
};

template <typename M>
class EveryMessageTest : public testing::Test {};

using Requests = testing::Types<
    ApiVersionsRequest, AuthenticateRequest, CreateDatabaseRequest, DropDatabaseRequest,
    AlterDatabaseRequest, ListDatabasesRequest, DatabaseExistsRequest, GetDatabaseInfoRequest,
    CreateTableRequest, DropTableRequest, AlterTableRequest, GetTableInfoRequest, ListTablesRequest,
    TableExistsRequest, GetTableSchemaRequest, GetTableStatsRequest, CreatePartitionRequest,
    DropPartitionRequest, ListPartitionInfosRequest, MetadataRequest, GetClusterHealthRequest,
    DescribeClusterConfigsRequest, AlterClusterConfigsRequest, InitWriterRequest, ProduceLogRequest,
    FetchLogRequest, ListOffsetsRequest, ListRemoteLogManifestsRequest, PutKvRequest, LookupRequest,
    PrefixLookupRequest, LimitScanRequest, ScanKvRequest, GetLatestKvSnapshotsRequest,
    GetKvSnapshotMetadataRequest, ListKvSnapshotsRequest, AcquireKvSnapshotLeaseRequest,
    ReleaseKvSnapshotLeaseRequest, DropKvSnapshotLeaseRequest>;
using MoreMessages = testing::Types<
    GetFileSystemSecurityTokenRequest, GetLakeSnapshotRequest, PrepareLakeTableSnapshotRequest,
    CommitLakeTableSnapshotRequest, LakeTieringHeartbeatRequest, RegisterProducerOffsetsRequest,
    GetProducerOffsetsRequest, DeleteProducerOffsetsRequest, CreateAclsRequest, ListAclsRequest,
    DropAclsRequest, ErrorResponse, ApiVersionsResponse, MetadataResponse, ProduceLogResponse,
    FetchLogResponse, PutKvResponse, LookupResponse, PrefixLookupResponse, ScanKvResponse,
    ListOffsetsResponse, GetTableInfoResponse, ListPartitionInfosResponse,
    GetKvSnapshotMetadataResponse, LakeTieringHeartbeatResponse, GetLakeSnapshotResponse>;

template <typename M>
void CheckMessage() {
  M message;
  EveryField fill;
  message.ForEachField(fill);
  std::string bytes = MessageToBytes(message);
  EXPECT_EQ(bytes.size(), MessageSize(message));
  auto read = ParseMessage<M>(bytes, kBudget);
  ASSERT_TRUE(read.ok()) << M::kName << ": " << read.message();
  EXPECT_EQ(MessageToBytes(*read), bytes);
  std::mt19937 random(static_cast<uint32_t>(bytes.size()));
  for (int i = 0; i < 300; ++i) {
    std::string bad = bytes;
    for (size_t j = random() % 3; j < 3 && !bad.empty(); ++j) {
      size_t at = random() % bad.size();
      switch (random() % 3) {
        case 0: bad[at] = static_cast<char>(random()); break;
        case 1: bad.erase(at, 1 + random() % 4); break;
        default: bad.insert(at, 1, static_cast<char>(random()));
      }
    }
    auto outcome = ParseMessage<M>(bad, kBudget);
    if (outcome.ok()) continue;
    EXPECT_EQ(outcome.kind(), ErrorKind::kCorruption) << M::kName;
  }
}

TYPED_TEST_SUITE(EveryMessageTest, Requests);
TYPED_TEST(EveryMessageTest, RoundTripAndMutations) { CheckMessage<TypeParam>(); }

template <typename M>
class MoreMessagesTest : public testing::Test {};
TYPED_TEST_SUITE(MoreMessagesTest, MoreMessages);
TYPED_TEST(MoreMessagesTest, RoundTripAndMutations) { CheckMessage<TypeParam>(); }

}  // namespace
}  // namespace forebay::rpc
