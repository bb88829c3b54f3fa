#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/connection.h"
#include "storage/storage_server.h"

namespace forebay::app {

/// Lets a thread have some writes under way at the same time, and waits for their end. Must outlive
/// the writes. Thread-safe.
class WriteWindow {
 public:
  explicit WriteWindow(int size) : free_(size), size_(size) {}
  /// Waits for a place.
  /// `on_ack` is called when the rows are durable.
  void Write(client::TableWriter& writer, int bucket, const model::Batch& batch,
             std::function<void()> on_ack = nullptr);
  /// The first error of all writes.
  Status Finish();

 private:
  void Done(const Status& status);

  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;
  const int size_;
  Status failure_;
};

/// A storage core in a directory, with the tables of the benchmark: `log` and `pk`, rows of about
/// 100 bytes. Thread-safe.
class StorageLoad {
 public:
  static constexpr int kBatchRows = 2048;
  static Result<std::unique_ptr<StorageLoad>> Open(const std::string& directory, int buckets,
                                                   const std::string& compression);

  client::Connection& connection() { return *connection_; }
  storage::StorageServer& storage() { return *storage_; }
  int buckets() const { return buckets_; }
  /// Batches of random rows, keys in [0, keys).
  static std::vector<model::Batch> MakeBatches(uint64_t seed, int count, int64_t keys,
                                               int rows = kBatchRows);
  /// Appends about `rows` rows to `log` or upserts them into `pk`, with some threads.
  Status WriteRows(const std::string& table, int64_t rows, int64_t keys, int threads);
  static model::TablePath Path(const std::string& table) { return {"bench", table}; }

 private:
  StorageLoad() = default;
  Status WriteSome(const std::string& table, int64_t rows, int64_t keys, int thread);

  std::unique_ptr<io::FileSystem> fs_;
  std::unique_ptr<storage::StorageServer> storage_;
  std::unique_ptr<client::Connection> connection_;
  int buckets_ = 1;
};

}  // namespace forebay::app
