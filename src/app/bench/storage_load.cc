#include "app/bench/storage_load.h"

#include <chrono>
#include <random>
#include <thread>

#include "client/local_connection.h"

namespace forebay::app {
namespace {

/// With three numbers of 8 bytes each a row has 100 bytes.
constexpr size_t kTextBytes = 76;
/// Batches that a thread makes before the time counts, and writes in turn.
constexpr int kBatchesOfThread = 16;
constexpr int kWritesUnderWay = 16;

model::TableDescriptor TableOf(bool primary_key, int buckets, const std::string& compression) {
  model::TableDescriptor table;
  table.schema.columns = {{"id", model::DataType::Bigint().NotNull()},
                          {"s", model::DataType::String()},
                          {"v", model::DataType::Bigint()},
                          {"x", model::DataType::Double()}};
  if (primary_key) table.schema.primary_key = {"id"};
  table.bucket_count = buckets;
  table.properties = {{"table.log.arrow.compression.type", compression}};
  return table;
}

void ChangeKeysAndValues(model::Batch& batch, int64_t keys, std::mt19937_64& random) {
  model::BatchBuilder builder({model::DataType::Bigint().NotNull(), model::DataType::Bigint()},
                              batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    builder.column(0).Append(static_cast<int64_t>(random() % static_cast<uint64_t>(keys)));
    builder.column(1).Append(static_cast<int64_t>(random() >> 1));
    builder.FinishRow();
  }
  model::Batch fresh = builder.Finish();
  batch.columns[0] = std::move(fresh.columns[0]);
  batch.columns[2] = std::move(fresh.columns[1]);
}

std::vector<std::pair<int, model::Batch>> Split(client::TableWriter& writer,
                                                const model::Batch& batch, int buckets) {
  auto places = writer.BucketsOf(batch);
  std::vector<std::vector<uint32_t>> rows(buckets);
  for (int row = 0; places.ok() && row < batch.num_rows; ++row) {
    rows[(*places)[row].bucket].push_back(static_cast<uint32_t>(row));
  }
  std::vector<std::pair<int, model::Batch>> parts;
  for (int bucket = 0; bucket < buckets; ++bucket) {
    if (!rows[bucket].empty()) parts.emplace_back(bucket, batch.Gather(rows[bucket]));
  }
  return parts;
}

}  // namespace

void WriteWindow::Write(client::TableWriter& writer, int bucket, const model::Batch& batch,
                        std::function<void()> on_ack) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return free_ > 0; });
    --free_;
  }
  writer.WriteBucket(bucket, batch, {},
                     [this, on_ack = std::move(on_ack)](Result<client::WriteAck> ack) {
                       if (on_ack) on_ack();
                       Done(ack.status());
                     });
}

void WriteWindow::Done(const Status& status) {
  std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  ++free_;
  changed_.notify_all();
}

Status WriteWindow::Finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return free_ == size_; });
  return failure_;
}

Result<std::unique_ptr<StorageLoad>> StorageLoad::Open(const std::string& directory, int buckets,
                                                       const std::string& compression) {
  std::unique_ptr<StorageLoad> load(new StorageLoad());
  load->buckets_ = buckets;
  load->fs_ = io::MakePosixFileSystem();
  storage::StorageOptions options;
  options.data_dir = directory;
  ASSIGN_OR_RETURN(load->storage_, storage::StorageServer::Open(options, *load->fs_));
  load->connection_ = client::LocalConnection::Open(*load->storage_);
  client::Admin& admin = load->connection_->admin();
  RETURN_IF_ERROR(admin.CreateDatabase("bench", true));
  for (bool primary_key : {false, true}) {
    auto made = admin.CreateTable(Path(primary_key ? "pk" : "log"),
                                  TableOf(primary_key, buckets, compression));
    if (!made.ok() && made.kind() != ErrorKind::kAlreadyExists) return made.status();
  }
  return load;
}

std::vector<model::Batch> StorageLoad::MakeBatches(uint64_t seed, int count, int64_t keys,
                                                   int rows) {
  std::mt19937_64 random(seed);
  std::vector<model::Batch> batches;
  for (int i = 0; i < count; ++i) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull(), model::DataType::String(),
                                 model::DataType::Bigint(), model::DataType::Double()});
    for (int row = 0; row < rows; ++row) {
      std::string text(kTextBytes, ' ');
      for (char& letter : text) letter = "abcdefghijklmnop"[random() % 16];
      builder.column(0).Append(static_cast<int64_t>(random() % static_cast<uint64_t>(keys)));
      builder.column(1).AppendString(text);
      builder.column(2).Append(static_cast<int64_t>(random() % 100'000));
      builder.column(3).Append(static_cast<double>(random() % 1000) / 7);
      builder.FinishRow();
    }
    batches.push_back(builder.Finish());
  }
  return batches;
}

Status StorageLoad::WriteRows(const std::string& table, int64_t rows, int64_t keys, int threads) {
  std::vector<std::thread> running;
  std::vector<Status> results(threads);
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] { results[i] = WriteSome(table, rows / threads, keys, i); });
  }
  for (std::thread& thread : running) thread.join();
  for (const Status& result : results) RETURN_IF_ERROR(result);
  return {};
}

Status StorageLoad::WriteSome(const std::string& table, int64_t rows, int64_t keys, int thread) {
  ASSIGN_OR_RETURN(auto writer, connection_->OpenWriter(Path(table)));
  std::vector<model::Batch> batches = MakeBatches(7 + thread, kBatchesOfThread, keys);
  std::mt19937_64 random(1000 + thread);
  WriteWindow window(kWritesUnderWay);
  int64_t written = 0;
  for (size_t next = 0; written < rows; next = (next + 1) % batches.size()) {
    model::Batch& batch = batches[next];
    written += batch.num_rows;
    if (table == "log") {
      window.Write(*writer, thread % buckets_, batch);
      continue;
    }
    // An upsert of what is there already would change nothing.
    ChangeKeysAndValues(batch, keys, random);
    for (const auto& [bucket, part] : Split(*writer, batch, buckets_)) {
      window.Write(*writer, bucket, part);
    }
  }
  return window.Finish();
}

}  // namespace forebay::app
