#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "client/tests/local_fixture.h"
#include "format/batch/kv_batch.h"
#include "format/batch/log_batch.h"
#include "format/row/compacted_row.h"
#include "format/row/row_key.h"
#include "serve/fluss/fluss_handler.h"

namespace forebay::serve {

using rpc::ApiKey;
using testing::ElementsAre;

/// Runs what is posted at once, and what is delayed when the test says so.
class TestScheduler : public rpc::Scheduler {
 public:
  void Post(std::function<void()> task) override { task(); }
  void PostAfter(int64_t, std::function<void()> task) override {
    std::lock_guard lock(mutex_);
    delayed_.push_back(std::move(task));
  }
  void RunDelayed() {
    std::vector<std::function<void()>> tasks;
    {
      std::lock_guard lock(mutex_);
      tasks.swap(delayed_);
    }
    for (const auto& task : tasks) task();
  }

 private:
  std::mutex mutex_;
  std::vector<std::function<void()>> delayed_;
};

class FlussHandlerTest : public client::LocalFixture {
 protected:
  void SetUp() override {
    LocalFixture::SetUp();
    gateway_ = client::TabletGateway::Open(*storage_);
    addresses_ = {"", 11, 12};
    MakeHandler();
  }
  void MakeHandler() {
    handler_ = std::make_unique<FlussHandler>(FlussRole::kTablet, connection_->admin(), *gateway_,
                                              lake_, addresses_, users_, access_.get());
  }
  void TearDown() override {
    handler_.reset();
    gateway_.reset();
    LocalFixture::TearDown();
  }

  /// The response's payload, as soon as it comes.
  std::future<std::string> Start(ApiKey key, std::string message) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    rpc::Responder responder(1, [promise](const rpc::OutgoingFrame& frame, bool) {
      std::string bytes;
      for (const rpc::Payload& piece : frame) bytes.append(piece.bytes);
      promise->set_value(bytes.substr(rpc::kLengthBytes));
    });
    auto frame = std::make_shared<const std::string>(std::move(message));
    auto session = std::make_shared<rpc::Session>();
    session->local_address = "10.1.2.3";
    if (session_ != nullptr) session = session_;
    const rpc::ApiInfo* api = rpc::FindApi(static_cast<int16_t>(key));
    handler_->Handle({api, 0, *frame, frame, session}, scheduler_, std::move(responder));
    return future;
  }
  std::string Call(ApiKey key, std::string message) {
    auto future = Start(key, std::move(message));
    EXPECT_EQ(future.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    return future.get();
  }
  template <typename Response, typename Request>
  Response Ask(ApiKey key, const Request& request) {
    return Parse<Response>(Call(key, rpc::MessageToBytes(request)));
  }
  template <typename Response>
  static Response Parse(std::string payload) {
    static std::string kept;  // Payloads point into it
    kept = std::move(payload);
    std::string_view rest = kept;
    auto header = rpc::ReadResponseHeader(rest);
    EXPECT_TRUE(header.ok());
    EXPECT_EQ(header->type, rpc::ResponseHeader::kSuccess) << rest;
    auto response = rpc::ParseMessage<Response>(rest, 1 << 24);
    EXPECT_TRUE(response.ok()) << response.message();
    return response.ok() ? *response : Response();
  }
  template <typename Request>
  int ErrorOf(ApiKey key, const Request& request) {
    std::string payload = Call(key, rpc::MessageToBytes(request));
    std::string_view rest = payload;
    if (rpc::ReadResponseHeader(rest)->type == rpc::ResponseHeader::kSuccess) return 0;
    return rpc::ParseMessage<rpc::ErrorResponse>(rest, 1 << 20)->error_code;
  }

  int64_t Create(const std::string& name, bool primary_key, int buckets = 1) {
    auto info = connection_->admin().CreateTable({"db", name}, Table(primary_key, buckets));
    EXPECT_TRUE(info.ok()) << info.message();
    return info->id.value();
  }
  static std::string LogBatch(const std::vector<std::pair<int64_t, std::string>>& rows,
                              int64_t writer = -1, int sequence = -1, int schema = 1) {
    format::LogBatchOptions options;
    options.schema_id = model::SchemaId(schema);
    options.writer_id = writer;
    options.batch_sequence = sequence;
    options.append_only = true;
    return *format::EncodeLogBatch(Rows(rows), options);
  }
  static rpc::ProduceLogRequest Produce(int64_t table, std::string batch, int bucket = 0) {
    rpc::ProduceLogRequest request{-1, table, 1000, {}};
    request.buckets_req.push_back({{}, bucket, rpc::Payload::Own(std::move(batch)), {}, {}});
    return request;
  }
  rpc::PbProduceLogRespForBucket Append(int64_t table, std::string batch, int bucket = 0) {
    auto response =
        Ask<rpc::ProduceLogResponse>(ApiKey::kProduceLog, Produce(table, std::move(batch), bucket));
    return response.buckets_resp.at(0);
  }
  static rpc::FetchLogRequest Fetch(int64_t table, int64_t offset, int wait_ms = 0) {
    rpc::FetchLogRequest request;
    request.follower_server_id = -1;
    request.max_bytes = 1 << 20;
    request.min_bytes = 1;
    request.max_wait_ms = wait_ms;
    request.tables_req.push_back({table, false, {}, {{{}, 0, offset, 1 << 20, {}}}, {}, {}});
    return request;
  }

  /// A batch of writes: a row without a name is a delete.
  static std::string KvBatch(
      const std::vector<std::pair<int64_t, std::optional<std::string>>>& writes,
      int64_t writer = -1, int sequence = -1) {
    ByteWriter records;
    for (const auto& [id, name] : writes) {
      auto keys = format::EncodeKeys(std::vector{Rows({{id, ""}}).columns[0]});
      std::string record;
      record.push_back(static_cast<char>((*keys)[0].size()));
      record.append((*keys)[0]);
      if (name.has_value()) {
        EXPECT_TRUE(format::AppendCompactedRow(Rows({{id, *name}}), 0, record).ok());
      }
      records.Write(static_cast<int32_t>(record.size()));
      records.WriteBytes(record);
    }
    ByteWriter checked;
    checked.Write(int16_t{1});
    checked.Write(int8_t{0});
    checked.Write(writer);
    checked.Write(sequence);
    checked.Write(static_cast<int32_t>(writes.size()));
    checked.WriteBytes(records.view());
    ByteWriter batch;
    batch.Write(static_cast<int32_t>(checked.size() + 5));
    batch.Write(int8_t{0});
    batch.Write(Crc32c(checked.view()));
    batch.WriteBytes(checked.view());
    return batch.Take();
  }
  rpc::PbPutKvRespForBucket Put(int64_t table, std::string batch,
                                std::vector<int32_t> targets = {}) {
    rpc::PutKvRequest request{-1, table, 1000, std::move(targets), {}, {}};
    request.buckets_req.push_back({{}, 0, rpc::Payload::Own(std::move(batch)), {}, {}});
    return Ask<rpc::PutKvResponse>(ApiKey::kPutKv, request).buckets_resp.at(0);
  }

  std::unique_ptr<client::TabletGateway> gateway_;
  LakeView lake_;
  FlussAddresses addresses_;
  FlussUsers users_;
  std::unique_ptr<AccessControl> access_;
  std::shared_ptr<rpc::Session> session_;  ///< null: a new one for each request
  TestScheduler scheduler_;
  std::unique_ptr<FlussHandler> handler_;
};

}  // namespace forebay::serve
