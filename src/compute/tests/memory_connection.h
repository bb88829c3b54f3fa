#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "client/connection.h"
#include "compute/state/hash_batch.h"

namespace forebay::compute {

/// A storage core in memory for tests of sources and sinks: tables with buckets, idempotent
/// writers, faults on demand. It keeps client's promises on duplicates and fails loudly where a
/// real core would reject a write. Thread-safe.
class MemoryConnection : public client::Connection, public client::Admin {
 public:
  struct Table {
    model::TableInfo info;
    std::vector<std::vector<model::Batch>> logs;  ///< by bucket: one-row batches
    /// (writer, bucket) -> last sequence
    std::map<std::pair<int64_t, int>, int32_t> sequences;
  };

  /// Writes from the `count`th on fail with `kind` until FailWrites(-1, ...).
  void FailWrites(int count, ErrorKind kind) {
    std::lock_guard lock(mutex_);
    writes_until_failure_ = count;
    failure_kind_ = kind;
  }
  int64_t duplicates() {
    std::lock_guard lock(mutex_);
    return duplicates_;
  }

  model::TableInfo Create(const std::string& name, model::Schema schema, int buckets) {
    model::TableDescriptor descriptor;
    descriptor.schema = std::move(schema);
    descriptor.bucket_count = buckets;
    return CreateTable({"db", name}, descriptor).value();
  }

  void Append(const std::string& name, int bucket, const model::Batch& batch) {
    std::lock_guard lock(mutex_);
    AppendLocked(tables_.at({"db", name}), bucket, batch);
  }

  /// Every stored row as text, in no order.
  template <typename F>
  void ForEachRow(const std::string& name, F f) {
    std::lock_guard lock(mutex_);
    for (auto& log : tables_.at({"db", name}).logs) {
      for (const model::Batch& row : log) f(row);
    }
  }

  client::Admin& admin() override { return *this; }
  Result<std::unique_ptr<client::TableWriter>> OpenWriter(const model::TablePath& path,
                                                          std::vector<int>) override {
    return std::unique_ptr<client::TableWriter>(std::make_unique<Writer>(*this, path));
  }
  Result<std::unique_ptr<client::LogScanner>> OpenLogScanner(
      const model::TablePath& path, std::optional<std::vector<int>> projection) override {
    return std::unique_ptr<client::LogScanner>(
        std::make_unique<Scanner>(*this, path, std::move(projection)));
  }
  Result<std::unique_ptr<client::Lookuper>> OpenLookuper(const model::TablePath&,
                                                         std::optional<std::vector<int>>) override {
    return NotSupported("lookup");
  }
  Result<std::unique_ptr<client::SnapshotScanner>> OpenSnapshotScanner(
      const model::TablePath&, const model::BucketId&, std::optional<std::vector<int>>) override {
    return NotSupported("snapshot");
  }

  Status CreateDatabase(const std::string&, bool) override { return Status::Ok(); }
  Status DropDatabase(const std::string&, bool, bool) override { return Status::Ok(); }
  Result<std::vector<std::string>> ListDatabases() override { return std::vector<std::string>(); }
  Result<bool> DatabaseExists(const std::string&) override { return true; }
  Result<model::TableInfo> CreateTable(const model::TablePath& path,
                                       const model::TableDescriptor& descriptor) override {
    std::lock_guard lock(mutex_);
    Table& table = tables_[path];
    table.info.path = path;
    table.info.descriptor = descriptor;
    table.logs.resize(descriptor.bucket_count);
    return table.info;
  }
  Status DropTable(const model::TablePath&) override { return Status::Ok(); }
  Result<std::vector<std::string>> ListTables(const std::string&) override {
    return std::vector<std::string>();
  }
  Result<model::TableInfo> GetTable(const model::TablePath& path) override {
    std::lock_guard lock(mutex_);
    return tables_.at(path).info;
  }
  Result<std::vector<model::PartitionInfo>> ListPartitions(const model::TablePath&) override {
    return NotSupported("partitions");
  }
  Result<model::PartitionInfo> CreatePartition(const model::TablePath&, const model::PartitionSpec&,
                                               bool) override {
    return NotSupported("partitions");
  }
  Status DropPartition(const model::TablePath&, const model::PartitionSpec&, bool) override {
    return NotSupported("partitions");
  }
  Result<std::vector<model::LogOffset>> ListOffsets(const model::TablePath& path,
                                                    model::LogOffset which,
                                                    std::optional<model::PartitionId>) override {
    std::lock_guard lock(mutex_);
    std::vector<model::LogOffset> offsets;
    for (auto& log : tables_.at(path).logs) {
      offsets.push_back(which == model::kLatestOffset ? static_cast<int64_t>(log.size()) : 0);
    }
    return offsets;
  }
  Result<std::vector<model::LogOffset>> ListOffsetsAt(const model::TablePath&, int64_t,
                                                      std::optional<model::PartitionId>) override {
    return NotSupported("offsets by time");
  }
  Status PutObject(const std::string&, const std::string&, const std::string&, bool) override {
    return Status::Ok();
  }
  Status DropObject(const std::string&, const std::string&) override { return Status::Ok(); }
  Result<std::string> GetObject(const std::string&, const std::string&) override {
    return NotFound("object");
  }
  Result<std::vector<std::string>> ListObjects(const std::string&) override {
    return std::vector<std::string>();
  }
  Status SetLakeOffsets(const model::TablePath&, const std::vector<model::LogOffset>&,
                        std::optional<model::PartitionId>) override {
    return Status::Ok();
  }
  Result<int64_t> AllocateWriterId() override {
    std::lock_guard lock(mutex_);
    return next_writer_++;
  }

 private:
  class Writer : public client::TableWriter {
   public:
    Writer(MemoryConnection& core, model::TablePath path) : core_(core), path_(std::move(path)) {}

    Result<std::vector<model::BucketId>> BucketsOf(const model::Batch& batch) override {
      model::TableInfo info = core_.GetTable(path_).value();
      int count = info.descriptor.bucket_count;
      std::vector<int> key = info.descriptor.schema.PrimaryKeyIndexes();
      if (key.empty()) return std::vector<model::BucketId>{next_++ % count};
      std::vector<uint64_t> hashes;
      HashRows(batch, key, hashes);
      std::vector<model::BucketId> buckets;
      for (uint64_t hash : hashes) buckets.push_back(static_cast<int>(hash % count));
      return buckets;
    }
    void WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                     client::WriterIdentity identity, client::WriteCallback done) override {
      done(core_.Write(path_, bucket.bucket, batch, identity));
    }
    Result<std::vector<client::WriteAck>> Write(const model::Batch&) override {
      return NotSupported("write");
    }

   private:
    MemoryConnection& core_;
    const model::TablePath path_;
    std::atomic<int> next_{0};
  };

  class Scanner : public client::LogScanner {
   public:
    Scanner(MemoryConnection& core, model::TablePath path,
            std::optional<std::vector<int>> projection)
        : core_(core), path_(std::move(path)), projection_(std::move(projection)) {}

    Status Subscribe(const model::BucketId& bucket, model::LogOffset offset) override {
      offsets_[bucket.bucket] = offset;
      return Status::Ok();
    }
    Status Unsubscribe(const model::BucketId& bucket) override {
      offsets_.erase(bucket.bucket);
      return Status::Ok();
    }
    Result<std::vector<client::ScanRecords>> Poll(int timeout_ms, int64_t) override {
      std::unique_lock lock(core_.mutex_);
      core_.condition_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                [this] { return woken_ || HasRows(); });
      std::vector<client::ScanRecords> all;
      for (auto& [bucket, offset] : offsets_) {
        auto& log = core_.tables_.at(path_).logs[bucket];
        if (offset >= static_cast<int64_t>(log.size())) continue;
        // Few rows at a time, so that tests have many places to stop at.
        int64_t end = std::min<int64_t>(offset + 7, static_cast<int64_t>(log.size()));
        client::ScanRecords records;
        records.bucket.bucket = bucket;
        records.base_offset = offset;
        records.next_offset = end;
        model::BatchBuilder builder(core_.tables_.at(path_).info.descriptor.schema.Types());
        for (; offset < end; ++offset) builder.AppendRow(log[offset], 0);
        records.batch = builder.Finish();
        if (projection_.has_value()) records.batch = records.batch.Project(*projection_);
        all.push_back(std::move(records));
      }
      return all;
    }
    void Wakeup() override {
      std::lock_guard lock(core_.mutex_);
      woken_ = true;
      core_.condition_.notify_all();
    }

   private:
    bool HasRows() {
      for (auto& [bucket, offset] : offsets_) {
        if (offset < static_cast<int64_t>(core_.tables_.at(path_).logs[bucket].size())) return true;
      }
      return false;
    }

    MemoryConnection& core_;
    const model::TablePath path_;
    const std::optional<std::vector<int>> projection_;
    std::map<int, int64_t> offsets_;
    bool woken_ = false;
  };

  void AppendLocked(Table& table, int bucket, const model::Batch& batch) {
    for (int row = 0; row < batch.num_rows; ++row) {
      model::BatchBuilder builder(table.info.descriptor.schema.Types());
      builder.AppendRow(batch, row);
      table.logs[bucket].push_back(builder.Finish());
    }
    condition_.notify_all();
  }

  Result<client::WriteAck> Write(const model::TablePath& path, int bucket,
                                 const model::Batch& batch, client::WriterIdentity identity) {
    std::lock_guard lock(mutex_);
    if (writes_until_failure_ >= 0 && writes_until_failure_-- == 0) {
      writes_until_failure_ = 0;
      return MakeError(failure_kind_, "injected");
    }
    Table& table = tables_.at(path);
    if (identity.writer_id >= 0) {
      auto [last, fresh] = table.sequences.try_emplace({identity.writer_id, bucket}, -1);
      if (identity.sequence <= last->second) {
        ++duplicates_;
        return client::WriteAck{.duplicate = true};
      }
      if (identity.sequence != last->second + 1) {
        return OutOfRange("sequence {} after {}", identity.sequence, last->second);
      }
      last->second = identity.sequence;
    }
    AppendLocked(table, bucket, batch);
    return client::WriteAck{};
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  std::map<model::TablePath, Table> tables_;
  int64_t next_writer_ = 1;
  int64_t duplicates_ = 0;
  int writes_until_failure_ = -1;
  ErrorKind failure_kind_ = ErrorKind::kUnavailable;
};

}  // namespace forebay::compute
