#include "serve/http/ingest_handler.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/failpoint.h"
#include "client/tests/local_fixture.h"

namespace forebay::serve {
namespace {

class IngestHandlerTest : public client::LocalFixture {
 protected:
  void Start() {
    auto opened = IngestHandler::Open(*connection_, *fs_, directory_ + "/data/ingest");
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    handler_ = std::move(*opened);
  }
  void TearDown() override {
    handler_.reset();
    LocalFixture::TearDown();
  }
  void Restart() {
    handler_.reset();
    Reopen();
    Start();
  }
  void Create(const std::string& name, bool primary_key, int buckets) {
    ASSERT_TRUE(connection_->admin().CreateTable({"db", name}, Table(primary_key, buckets)).ok());
  }
  static HttpRequest Request(const std::string& table, std::string body, std::string key = "",
                             std::string type = "application/x-ndjson") {
    HttpRequest request;
    request.method = "POST";
    request.path = "/ingest/v1/db/" + table;
    request.headers["content-type"] = std::move(type);
    if (!key.empty()) request.headers["idempotency-key"] = std::move(key);
    request.body = std::move(body);
    return request;
  }
  nlohmann::json Post(const HttpRequest& request, int status = 200) {
    HttpResponse response = handler_->Handle(request);
    EXPECT_EQ(response.status, status) << response.body;
    return nlohmann::json::parse(response.body);
  }
  int64_t RowsIn(const std::string& table) {
    int64_t rows = 0;
    auto ends = connection_->admin().ListOffsets({"db", table}, model::kLatestOffset);
    for (int64_t end : *ends) rows += end;
    return rows;
  }
  static std::string Lines(int from, int to) {
    std::string body;
    for (int i = from; i < to; ++i) {
      body += R"({"id":)" + std::to_string(i) + R"(,"name":"row )" + std::to_string(i) + "\"}\n";
    }
    return body;
  }

  std::unique_ptr<IngestHandler> handler_;
};

TEST_F(IngestHandlerTest, FormatsAndAnswers) {
  Start();
  Create("t", false, 1);
  auto answer = Post(Request("t", Lines(0, 3)));
  EXPECT_EQ(
      answer.dump(),
      R"({"duplicate":false,"offsets":[{"base_offset":0,"bucket":0,"next_offset":3}],"rows":3})");
  Post(Request("t", R"([{"id":1},{"id":2}])", "", "application/json; charset=utf-8"));
  Post(Request("t", "name,id\nx,7\n", "", "text/csv"));
  HttpRequest csv = Request("t", "8,x\n", "", "text/plain");
  csv.query = {{"format", "csv"}, {"header", "false"}};
  Post(csv);
  EXPECT_EQ(RowsIn("t"), 7);
  EXPECT_EQ(Post(Request("t", ""))["rows"], 0);
  EXPECT_EQ(handler_->metrics().rows, 7);
}

TEST_F(IngestHandlerTest, BadRequestsStoreNothing) {
  Start();
  Create("clicks", false, 1);
  auto error = Post(Request("clicks", Lines(0, 2) + R"({"id":"x"})"), 400)["error"];
  EXPECT_EQ(error["row"], 3);
  EXPECT_EQ(error["column"], "id");
  EXPECT_EQ(error["message"], "row 3, column 'id': 'x' is not a BIGINT");
  EXPECT_EQ(Post(Request("clicks", "{\"id\":1"), 400)["error"]["row"], 1);
  EXPECT_EQ(Post(Request("clicks", "id\n1\n\"", "", "text/csv"), 400)["error"]["row"], 2);
  EXPECT_EQ(Post(Request("click", Lines(0, 1)), 404)["error"]["hint"], "did you mean 'clicks'?");
  Post(Request("clicks", "x", "", "image/png"), 400);
  Post(Request("clicks/more", "x"), 404);
  HttpRequest get = Request("clicks", "");
  get.method = "GET";
  Post(get, 405);
  EXPECT_EQ(RowsIn("clicks"), 0);
}

TEST_F(IngestHandlerTest, KeysHoldAcrossRestarts) {
  Start();
  Create("t", false, 4);
  Create("k", true, 4);
  for (std::string table : {"t", "k"}) {
    auto first = Post(Request(table, Lines(0, 50), "key-1"));
    EXPECT_FALSE(first["duplicate"]);
    Restart();
    auto again = Post(Request(table, Lines(0, 50), "key-1"));
    EXPECT_TRUE(again["duplicate"]) << table;
    EXPECT_EQ(again["offsets"], first["offsets"]);
    EXPECT_FALSE(Post(Request(table, Lines(50, 60), "key-2"))["duplicate"]);
    EXPECT_EQ(RowsIn(table), 60) << table;
  }
}

TEST_F(IngestHandlerTest, AKeyWithAnotherBodyIsRefused) {
  Start();
  Create("t", false, 4);
  Create("k", true, 4);
  for (std::string table : {"t", "k"}) {
    // The second key has rows of one bucket only, and the other body rows of other ones.
    for (int rows : {50, 1}) {
      std::string key = "key-" + std::to_string(rows);
      Post(Request(table, Lines(0, rows), key));
      int64_t stored = RowsIn(table);
      for (int from = 0; from < 20; ++from) {
        auto error = Post(Request(table, Lines(from, from + 2), key), 422)["error"];
        EXPECT_EQ(error["code"], "conflict");
        EXPECT_EQ(error["message"],
                  "a request with another body was stored under this Idempotency-Key");
      }
      EXPECT_EQ(RowsIn(table), stored);
      Restart();
      Post(Request(table, Lines(7, 8), key), 422);
      EXPECT_TRUE(Post(Request(table, Lines(0, rows), key))["duplicate"]);
      EXPECT_EQ(RowsIn(table), stored);
    }
  }
}

/// Passes everything on, but one bucket takes no rows for a while.
class HoldingConnection : public client::Connection {
 public:
  HoldingConnection(client::Connection& base, int bucket) : base_(base), bucket_(bucket) {}
  client::Admin& admin() override { return base_.admin(); }
  Result<std::unique_ptr<client::TableWriter>> OpenWriter(const model::TablePath& path,
                                                          std::vector<int>) override {
    ASSIGN_OR_RETURN(auto writer, base_.OpenWriter(path));
    return std::unique_ptr<client::TableWriter>(std::make_unique<Writer>(*this, std::move(writer)));
  }
  Result<std::unique_ptr<client::LogScanner>> OpenLogScanner(
      const model::TablePath& path, std::optional<std::vector<int>> projection) override {
    return base_.OpenLogScanner(path, std::move(projection));
  }
  Result<std::unique_ptr<client::Lookuper>> OpenLookuper(
      const model::TablePath& path, std::optional<std::vector<int>> projection) override {
    return base_.OpenLookuper(path, std::move(projection));
  }
  Result<std::unique_ptr<client::SnapshotScanner>> OpenSnapshotScanner(
      const model::TablePath& path, const model::BucketId& bucket,
      std::optional<std::vector<int>> projection) override {
    return base_.OpenSnapshotScanner(path, bucket, std::move(projection));
  }
  std::atomic<bool> holding = true;

 private:
  class Writer : public client::TableWriter {
   public:
    Writer(HoldingConnection& owner, std::unique_ptr<client::TableWriter> base)
        : owner_(owner), base_(std::move(base)) {}
    Result<std::vector<model::BucketId>> BucketsOf(const model::Batch& batch) override {
      return base_->BucketsOf(batch);
    }
    void WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                     client::WriterIdentity identity, client::WriteCallback done) override {
      if (bucket.bucket == owner_.bucket_ && owner_.holding) return done(Unavailable("held"));
      base_->WriteBucket(bucket, batch, identity, std::move(done));
    }
    Result<std::vector<client::WriteAck>> Write(const model::Batch& batch) override {
      return base_->Write(batch);
    }

   private:
    HoldingConnection& owner_;
    const std::unique_ptr<client::TableWriter> base_;
  };
  client::Connection& base_;
  const int bucket_;
};

TEST_F(IngestHandlerTest, ARequestThatWaitsForABucketIsFinishedInTheBackground) {
  Create("k", true, 4);
  HoldingConnection holding(*connection_, 2);
  std::string journal = directory_ + "/data/ingest";
  IngestHandler::Options options{.complete_timeout_ms = 50, .finish_pause_ms = 10};
  handler_ = std::move(*IngestHandler::Open(holding, *fs_, journal, options));
  auto error = Post(Request("k", Lines(0, 100), "key"), 503)["error"];
  EXPECT_EQ(error["message"], "only some buckets have their rows: held");
  int64_t stored = RowsIn("k");
  EXPECT_GT(stored, 0);
  EXPECT_LT(stored, 100);
  holding.holding = false;
  for (int64_t deadline = MonotonicMs() + 10'000; MonotonicMs() < deadline;) {
    if (RowsIn("k") == 100 && std::filesystem::is_empty(journal)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(RowsIn("k"), 100);
  EXPECT_TRUE(std::filesystem::is_empty(journal));
  EXPECT_TRUE(Post(Request("k", Lines(0, 100), "key"))["duplicate"]);
  handler_.reset();
}

TEST_F(IngestHandlerTest, KilledBetweenBucketsAllRowsFollow) {
  Create("k", true, 4);
  Shut();
  pid_t child = fork();
  if (child == 0) {
    Open();
    Start();
    if (!ArmFailpoints("ingest.between_buckets=2").ok()) _exit(1);
    handler_->Handle(Request("k", Lines(0, 100)));
    _exit(2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus);
  Open();
  Start();
  EXPECT_EQ(RowsIn("k"), 100);
  Restart();
  EXPECT_EQ(RowsIn("k"), 100);
}

TEST_F(IngestHandlerTest, ManyThreadsAndSpeed) {
  Start();
  Create("t", false, 2);
  Create("k", true, 3);
  std::string body = Lines(0, 1000);
  int64_t begin = MonotonicMs();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) handler_->Handle(Request("t", body));
    });
  }
  for (std::thread& thread : threads) thread.join();
  int64_t elapsed = std::max<int64_t>(1, MonotonicMs() - begin);
  RecordProperty("rows_per_second", std::to_string(100'000'000 / elapsed));
  printf("rows/s %lld\n", static_cast<long long>(100'000'000 / elapsed));
  EXPECT_EQ(RowsIn("t"), 100'000);
  threads.clear();
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        handler_->Handle(Request("k", Lines(i * 1000 + j * 10, i * 1000 + j * 10 + 10)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(RowsIn("k"), 400);
  EXPECT_EQ(handler_->metrics().failed_requests, 0);
}

}  // namespace
}  // namespace forebay::serve
