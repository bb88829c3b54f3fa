#include <random>

#include "app/tests/fluss_handler_fixture.h"

namespace forebay::serve {
namespace {

TEST_F(FlussHandlerTest, SaysWhichServersThereAre) {
  int64_t id = Create("t", true, 3);
  auto metadata =
      Ask<rpc::MetadataResponse>(ApiKey::kGetMetadata, rpc::MetadataRequest{{{"db", "t"}}, {}, {}});
  EXPECT_EQ(metadata.coordinator_server->host, "10.1.2.3");
  EXPECT_EQ(metadata.coordinator_server->port, 11);
  EXPECT_EQ(metadata.tablet_servers.at(0).port, 12);
  EXPECT_EQ(metadata.table_metadata.at(0).table_id, id);
  EXPECT_EQ(metadata.table_metadata.at(0).bucket_metadata.size(), 3u);
  auto versions =
      Ask<rpc::ApiVersionsResponse>(ApiKey::kApiVersions, rpc::ApiVersionsRequest{"test", "1"});
  EXPECT_EQ(versions.server_type, 2);
  EXPECT_EQ(ErrorOf(ApiKey::kGetMetadata, rpc::MetadataRequest{{{"db", "none"}}, {}, {}}), 7);
}

TEST_F(FlussHandlerTest, StoresProducedBatchesOnce) {
  int64_t id = Create("t", false);
  EXPECT_EQ(Append(id, LogBatch({{1, "a"}, {2, "b"}}, 5, 0)).base_offset, 0);
  EXPECT_EQ(Append(id, LogBatch({{3, "c"}}, 5, 1)).base_offset, 2);
  EXPECT_EQ(Append(id, LogBatch({{1, "a"}, {2, "b"}}, 5, 0)).base_offset, 0);
  EXPECT_EQ(Append(id, LogBatch({{9, "z"}}, 5, 7)).error_code, 31);
  EXPECT_EQ(Append(id, LogBatch({{9, "z"}}, -1, -1, 2)).error_code, 9);
  EXPECT_EQ(Append(id, LogBatch({{9, "z"}}), 1).error_code, 21);
  EXPECT_EQ(Append(id + 100, LogBatch({{9, "z"}})).error_code, 21);
  std::string damaged = LogBatch({{9, "z"}});
  damaged.back() ^= 1;
  EXPECT_EQ(Append(id, damaged).error_code, 14);
  EXPECT_EQ(Append(id, "").error_code, 14);
  EXPECT_THAT(ReadAll({"db", "t"}, 0, 0), ElementsAre("+I 1 a", "+I 2 b", "+I 3 c"));
}

/// The layouts of newer clients become the stored one.
TEST_F(FlussHandlerTest, TakesBatchesOfEveryVersion) {
  int64_t id = Create("t", false);
  std::string v0 = LogBatch({{1, "a"}});
  std::string statistics = "statistics";
  for (int magic : {1, 2}) {
    std::string batch = v0.substr(0, 21);
    batch[12] = static_cast<char>(magic);
    if (magic == 2) batch += std::string("\x07\0\0\0", 4);
    std::string checked = v0.substr(25, 23);
    ByteWriter length;
    length.Write(static_cast<int32_t>(statistics.size()));
    checked += std::string(length.view()) + statistics + v0.substr(48);
    ByteWriter crc;
    crc.Write(Crc32c(checked));
    batch += std::string(crc.view()) + checked;
    StoreLe(batch.data() + 8, static_cast<int32_t>(batch.size() - 12));
    EXPECT_EQ(Append(id, batch).base_offset, magic - 1) << magic;
    EXPECT_EQ(Append(id, batch.substr(0, batch.size() - 1)).error_code, 14);
  }
  EXPECT_THAT(ReadAll({"db", "t"}, 0, 0), ElementsAre("+I 1 a", "+I 1 a"));
}

TEST_F(FlussHandlerTest, FetchesFromAnyOffset) {
  int64_t id = Create("t", false);
  Append(id, LogBatch({{1, "a"}, {2, "b"}}));
  Append(id, LogBatch({{3, "c"}}));
  auto read = [&](int64_t offset) {
    auto response = Ask<rpc::FetchLogResponse>(ApiKey::kFetchLog, Fetch(id, offset));
    return response.tables_resp.at(0).buckets_resp.at(0);
  };
  auto all = read(-2);
  EXPECT_EQ(all.high_watermark, 3);
  EXPECT_EQ(format::ParseLogBatchHeader(all.records->bytes)->record_count, 2);
  EXPECT_EQ(format::ParseLogBatchHeader(read(2).records->bytes)->base_offset, 2);
  auto end = read(3);
  ASSERT_TRUE(end.records.has_value());  // or clients lose the answer
  EXPECT_EQ(end.records->bytes, "");
  EXPECT_EQ(read(4).error_code, 19);
  auto request = Fetch(id, 0);
  request.tables_req[0].projection_pushdown_enabled = true;
  for (const std::vector<int32_t>& bad : {std::vector<int32_t>{}, {1, 0}, {0, 0}, {2}, {-1}}) {
    request.tables_req[0].projected_fields = bad;
    auto response = Ask<rpc::FetchLogResponse>(ApiKey::kFetchLog, request);
    EXPECT_EQ(response.tables_resp.at(0).buckets_resp.at(0).error_code, 34);
  }
  request.tables_req[0].projected_fields = {1};
  auto response = Ask<rpc::FetchLogResponse>(ApiKey::kFetchLog, request);
  std::string_view bytes = response.tables_resp.at(0).buckets_resp.at(0).records->bytes;
  auto header = format::ParseLogBatchHeader(bytes);
  ASSERT_TRUE(header.ok());
  ASSERT_TRUE(format::VerifyLogBatch(bytes.substr(0, header->size_bytes())).ok());
  auto batch = format::DecodeLogBatch(bytes.substr(0, header->size_bytes()),
                                      {model::DataType::String()}, nullptr, nullptr);
  ASSERT_TRUE(batch.ok()) << batch.message();
  EXPECT_EQ(batch->columns[0].GetString(1), "b");
}

TEST_F(FlussHandlerTest, AFetchWaitsForRows) {
  int64_t id = Create("t", false);
  auto waiting = Start(ApiKey::kFetchLog, rpc::MessageToBytes(Fetch(id, 0, 30'000)));
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  Append(id, LogBatch({{1, "a"}}));
  ASSERT_EQ(waiting.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  auto response = Parse<rpc::FetchLogResponse>(waiting.get());
  EXPECT_GT(response.tables_resp.at(0).buckets_resp.at(0).records->bytes.size(), 0u);
  auto empty = Start(ApiKey::kFetchLog, rpc::MessageToBytes(Fetch(id, 1, 30'000)));
  scheduler_.RunDelayed();
  ASSERT_EQ(empty.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  response = Parse<rpc::FetchLogResponse>(empty.get());
  EXPECT_EQ(response.tables_resp.at(0).buckets_resp.at(0).records->bytes, "");
}

TEST_F(FlussHandlerTest, AFilterMovesAClientOnAtOnce) {
  int64_t id = Create("t", false);
  format::LogBatchOptions options;
  options.append_only = true;
  options.magic = 1;
  options.statistics_columns = {0};
  Append(id, *format::EncodeLogBatch(Rows({{1, "a"}, {2, "b"}}), options));
  rpc::PbLeafPredicate greater{4, 0, {}};  // GREATER_THAN, the column with id 0
  greater.literals.push_back({4, false, {}, {}, 100, {}, {}, {}, {}, {}, {}, {}, {}});  // BIGINT
  auto request = Fetch(id, 0, 30'000);
  request.tables_req[0].filter_predicate = rpc::PbPredicate{0, greater, {}};
  request.tables_req[0].filter_schema_id = 1;
  auto answer = [&] {
    auto response = Ask<rpc::FetchLogResponse>(ApiKey::kFetchLog, request);
    return response.tables_resp.at(0).buckets_resp.at(0);
  };
  auto nothing = answer();  // which does not wait for the 30 s
  EXPECT_EQ(nothing.filtered_end_offset, 2);
  ASSERT_TRUE(nothing.records.has_value());
  EXPECT_EQ(nothing.records->bytes, "");
  // What cannot be understood filters nothing.
  request.tables_req[0].filter_predicate->leaf->field_id = 7;
  EXPECT_GT(answer().records->bytes.size(), 0u);
  request.tables_req[0].filter_predicate->leaf->field_id = 0;
  request.tables_req[0].filter_schema_id = 9;
  EXPECT_GT(answer().records->bytes.size(), 0u);
  rpc::PbPredicate deep = *request.tables_req[0].filter_predicate;
  for (int i = 0; i < 30; ++i) {
    rpc::PbCompoundPredicate all{0, {deep}};
    deep = rpc::PbPredicate{1, {}, all};
  }
  request.tables_req[0].filter_predicate = deep;
  request.tables_req[0].filter_schema_id = 1;
  EXPECT_EQ(answer().filtered_end_offset, 2);
}

TEST_F(FlussHandlerTest, OnlyLogsInArrowAreProjected) {
  model::TableDescriptor table = Table(false);
  table.properties["table.log.format"] = "INDEXED";
  auto info = connection_->admin().CreateTable({"db", "t"}, table);
  ASSERT_TRUE(info.ok()) << info.message();
  auto request = Fetch(info->id.value(), 0);
  request.tables_req[0].projection_pushdown_enabled = true;
  request.tables_req[0].projected_fields = {0};
  auto response = Ask<rpc::FetchLogResponse>(ApiKey::kFetchLog, request);
  EXPECT_EQ(response.tables_resp.at(0).buckets_resp.at(0).error_code, 34);
}

TEST_F(FlussHandlerTest, TablesAndDatabasesAreAltered) {
  Create("t", false);
  rpc::AlterTableRequest add{{"db", "t"}, false, {}, {}, {}, {}, {}, {}};
  add.add_columns.push_back(
      {"age", rpc::Payload::Own(R"({"type":"INTEGER"})"), "years", 0, {}, {}});
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, add), 0);
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, add), 56);  // again
  EXPECT_EQ(connection_->admin().GetTable({"db", "t"})->descriptor.schema.columns[2].comment,
            "years");
  rpc::GetTableSchemaRequest schema{{"db", "t"}, 1};
  EXPECT_EQ(Ask<rpc::GetTableSchemaResponse>(ApiKey::kGetTableSchema, schema).schema_id, 1);
  schema.schema_id = 3;
  EXPECT_EQ(ErrorOf(ApiKey::kGetTableSchema, schema), 9);
  rpc::AlterTableRequest drop{{"db", "t"}, false, {}, {}, {{"age"}}, {}, {}, {}};
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, drop), 56);
  rpc::AlterTableRequest set{{"db", "t"}, false, {{"table.log.ttl", "1h", 0}}, {}, {}, {}, {}, {}};
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, set), 0);
  set.config_changes[0].config_value = "never";
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, set), 39);
  set.table_path.table_name = "none";
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, set), 7);
  set.ignore_if_not_exists = true;
  EXPECT_EQ(ErrorOf(ApiKey::kAlterTable, set), 0);
  rpc::AlterDatabaseRequest database{"db", false, {{"owner", "me", 0}}, "altered"};
  EXPECT_EQ(ErrorOf(ApiKey::kAlterDatabase, database), 0);
  auto json = Ask<rpc::GetDatabaseInfoResponse>(ApiKey::kGetDatabaseInfo,
                                                rpc::GetDatabaseInfoRequest{"db"});
  EXPECT_EQ(json.database_json.bytes,
            R"({"version":1,"custom_properties":{"owner":"me"},"comment":"altered"})");
  database.database_name = "none";
  EXPECT_EQ(ErrorOf(ApiKey::kAlterDatabase, database), 4);
  rpc::AlterClusterConfigsRequest cluster{{{"some.option", "1", 0}}};
  EXPECT_EQ(ErrorOf(ApiKey::kAlterClusterConfigs, cluster), 64);
}

TEST_F(FlussHandlerTest, PutsAndLooksUpRows) {
  int64_t id = Create("t", true);
  EXPECT_EQ(Put(id, KvBatch({{1, "a"}, {2, "b"}}, 9, 0)).log_end_offset, 2);
  EXPECT_EQ(Put(id, KvBatch({{1, "a"}, {2, "b"}}, 9, 0)).log_end_offset, 2);
  EXPECT_EQ(Put(id, KvBatch({{1, "c"}, {2, {}}}, 9, 1)).log_end_offset, 5);
  EXPECT_EQ(Put(id, KvBatch({{1, "x"}}, 9, 5)).error_code, 31);
  EXPECT_THAT(ReadAll({"db", "t"}, 0, 0),
              ElementsAre("+I 1 a", "+I 2 b", "-U 1 a", "+U 1 c", "-D 2 b"));
  std::string damaged = KvBatch({{1, "x"}});
  damaged.back() ^= 1;
  EXPECT_EQ(Put(id, damaged).error_code, 14);
  EXPECT_EQ(Put(id, KvBatch({{1, "x"}}), {1}).error_code, 35);  // without the key
  EXPECT_EQ(Put(id, KvBatch({{1, "x"}}), {0, 1}).error_code, std::nullopt);
  rpc::LookupRequest lookup{id, {}, {}, {}, {}};
  auto keys = format::EncodeKeys(std::vector{Rows({{1, ""}, {2, ""}}).columns[0]});
  lookup.buckets_req.push_back(
      {{}, 0, {rpc::Payload{(*keys)[0], nullptr}, rpc::Payload{(*keys)[1], nullptr}}, {}, {}});
  auto found = Ask<rpc::LookupResponse>(ApiKey::kLookup, lookup).buckets_resp.at(0);
  ASSERT_EQ(found.values.size(), 2u);
  std::string expected("\x01\0", 2);
  EXPECT_TRUE(format::AppendCompactedRow(Rows({{1, "x"}}), 0, expected).ok());
  EXPECT_EQ(found.values[0].values->bytes, expected);
  EXPECT_FALSE(found.values[1].values.has_value());
}

TEST_F(FlussHandlerTest, ScansAllRowsInPieces) {
  int64_t id = Create("t", true);
  std::vector<std::pair<int64_t, std::optional<std::string>>> rows;
  for (int i = 0; i < 100; ++i) rows.push_back({i, "row"});
  Put(id, KvBatch(rows));
  rpc::ScanKvRequest request;
  request.bucket_scan_req = rpc::PbScanReqForBucket{id, {}, 0, {}, {}};
  request.batch_size_bytes = 200;
  request.call_seq_id = 0;
  int seen = 0, calls = 0;
  while (true) {
    auto response = Ask<rpc::ScanKvResponse>(ApiKey::kScanKv, request);
    ASSERT_EQ(response.error_code, std::nullopt) << *response.error_message;
    if (calls == 0) {
      EXPECT_EQ(response.log_offset, 100);
    }
    seen += LoadLe<int32_t>(response.records->bytes.data() + 5);
    ++calls;
    if (!*response.has_more_results) break;
    request = {};
    request.scanner_id = rpc::Payload::Own(std::string(response.scanner_id->bytes));
    request.batch_size_bytes = 200;
    request.call_seq_id = calls;
  }
  EXPECT_EQ(seen, 100);
  EXPECT_GT(calls, 5);
  EXPECT_EQ(Ask<rpc::ScanKvResponse>(ApiKey::kScanKv, request).error_code, 67);
}

TEST_F(FlussHandlerTest, EveryOtherRequestHasAnAnswer) {
  for (const rpc::ApiInfo& api : rpc::AllApis()) {
    std::string payload = Call(api.key, "");
    std::string_view rest = payload;
    EXPECT_TRUE(rpc::ReadResponseHeader(rest).ok()) << api.name;
  }
}

/// Deterministic: whatever is sent, tables stay readable and what was stored stays there.
TEST_F(FlussHandlerTest, SurvivesMutatedRequests) {
  int64_t log = Create("log", false), rows = Create("rows", true);
  Append(log, LogBatch({{1, "a"}}));
  Put(rows, KvBatch({{1, "a"}}));
  rpc::PutKvRequest put{-1, rows, 1000, {}, {}, {}};
  put.buckets_req.push_back({{}, 0, rpc::Payload::Own(KvBatch({{1, "b"}, {2, {}}})), {}, {}});
  auto projected = Fetch(log, 0);
  projected.tables_req[0].projection_pushdown_enabled = true;
  projected.tables_req[0].projected_fields = {0};
  std::vector<std::pair<ApiKey, std::string>> seeds = {
      {ApiKey::kProduceLog, rpc::MessageToBytes(Produce(log, LogBatch({{2, "b"}, {3, "c"}})))},
      {ApiKey::kPutKv, rpc::MessageToBytes(put)},
      {ApiKey::kFetchLog, rpc::MessageToBytes(projected)},
      {ApiKey::kListOffsets,
       rpc::MessageToBytes(rpc::ListOffsetsRequest{-1, 1, log, {}, {0}, {}, {}})},
      {ApiKey::kCreateTable,
       rpc::MessageToBytes(rpc::CreateTableRequest{
           {"db", "made"},
           rpc::Payload::Own(R"({"version":1,"schema":{"version":1,"columns":[{"name":"a",)"
                             R"("data_type":{"type":"INTEGER"},"id":0}]},"partition_key":[],)"
                             R"("properties":{},"custom_properties":{}})"),
           true})}};
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    auto [key, bytes] = seeds[i % seeds.size()];
    for (size_t j = random() % 4; j < 4; ++j) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    Call(key, bytes);
    scheduler_.RunDelayed();
  }
  EXPECT_EQ(ReadAll({"db", "log"}, 0, 0).at(0), "+I 1 a");
  EXPECT_EQ(ReadAll({"db", "rows"}, 0, 0).at(0), "+I 1 a");
}

}  // namespace
}  // namespace forebay::serve
