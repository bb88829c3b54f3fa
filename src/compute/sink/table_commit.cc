#include "compute/sink/table_commit.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "format/batch/log_batch.h"

namespace forebay::compute {
namespace {

constexpr int kRetryMsMin = 5;
constexpr int kRetryMsMax = 1000;

bool IsBusy(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kNoSpace ||
         kind == ErrorKind::kTimeout;
}

/// Waits for the callbacks of several writes. Shared with the callbacks, which may outlive an
/// aborted wait.
class WriteBarrier {
 public:
  explicit WriteBarrier(size_t count) : pending_(count), results_(count) {}

  void Done(size_t index, const Result<client::WriteAck>& result) {
    std::lock_guard lock(mutex_);
    if (!result.ok()) results_[index] = result.status();
    --pending_;
    condition_.notify_all();
  }
  std::vector<Status> Wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return pending_ == 0; });
    return results_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  size_t pending_;
  std::vector<Status> results_;
};

class TableCommitter : public Committer {
 public:
  TableCommitter(const model::TableInfo& table, std::shared_ptr<client::TableWriter> writer)
      : table_(table), types_(table.descriptor.schema.Types()), writer_(std::move(writer)) {}

  Status Commit(StateReader& commits, const std::atomic<bool>& cancelled) override {
    std::vector<TableCommit> parts;
    RETURN_IF_ERROR(
        commits.ForEach(kCommitTable, [&](std::string_view key, std::string_view value) {
          ASSIGN_OR_RETURN(TableCommit part, TableCommit::Parse(key, value));
          parts.push_back(std::move(part));
          return Status::Ok();
        }));
    size_t rounds = 0;
    for (const TableCommit& part : parts) rounds = std::max(rounds, part.batches.size());
    // A bucket's batches go one after another, those of different buckets at once.
    for (size_t round = 0; round < rounds; ++round) {
      std::vector<const TableCommit*> wanted;
      for (const TableCommit& part : parts) {
        if (round < part.batches.size()) wanted.push_back(&part);
      }
      RETURN_IF_ERROR(WriteRound(std::move(wanted), round, cancelled));
      Failpoint("table_sink.between_rounds");
    }
    return Status::Ok();
  }

 private:
  Status WriteRound(std::vector<const TableCommit*> parts, size_t round,
                    const std::atomic<bool>& cancelled) {
    int pause_ms = kRetryMsMin;
    while (true) {
      ASSIGN_OR_RETURN(std::vector<Status> results, WriteOnce(parts, round));
      std::vector<const TableCommit*> again;
      for (size_t i = 0; i < parts.size(); ++i) {
        if (results[i].ok() || IsDropped(*parts[i], results[i])) continue;
        if (!IsBusy(results[i].kind())) {
          return results[i].WithContext("write to " + table_.path.ToString());
        }
        again.push_back(parts[i]);
      }
      if (again.empty()) return Status::Ok();
      if (cancelled) return Cancelled("commit to {} was cancelled", table_.path.ToString());
      if (pause_ms == kRetryMsMax) {
        Log(LogLevel::kWarning, "compute", "table takes no rows, trying on table={}",
            table_.path.ToString());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
      pause_ms = std::min(pause_ms * 2, kRetryMsMax);
      parts = std::move(again);
    }
  }

  bool IsDropped(const TableCommit& part, const Status& result) const {
    if (!part.bucket.partition || result.kind() != ErrorKind::kNotFound) return false;
    Log(LogLevel::kWarning, "compute",
        "rows of a dropped partition are left out table={} bucket={}", table_.path.ToString(),
        part.bucket.ToString());
    return true;
  }

  Result<std::vector<Status>> WriteOnce(const std::vector<const TableCommit*>& parts,
                                        size_t round) {
    std::vector<model::Batch> batches;
    for (const TableCommit* part : parts) {
      ASSIGN_OR_RETURN(model::Batch batch, format::DecodeLogBatch(part->batches[round].second,
                                                                  types_, nullptr, nullptr));
      batches.push_back(std::move(batch));
    }
    auto barrier = std::make_shared<WriteBarrier>(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      client::WriterIdentity identity{parts[i]->writer_id, parts[i]->batches[round].first};
      writer_->WriteBucket(
          parts[i]->bucket, batches[i], identity,
          [barrier, i](Result<client::WriteAck> result) { barrier->Done(i, result); });
    }
    return barrier->Wait();
  }

  const model::TableInfo& table_;
  const std::vector<model::DataType> types_;
  const std::shared_ptr<client::TableWriter> writer_;
};

}  // namespace

std::string TableCommit::Key() const {
  ByteWriter key;
  key.Write(static_cast<int32_t>(shard));
  key.Write(static_cast<int32_t>(bucket.bucket));
  if (bucket.partition) key.Write(bucket.partition->value());
  return key.Take();
}

std::string TableCommit::Value() const {
  ByteWriter value;
  value.Write(writer_id);
  value.WriteVarint(batches.size());
  for (const auto& [sequence, bytes] : batches) {
    value.Write(sequence);
    value.WriteString(bytes);
  }
  return value.Take();
}

Result<TableCommit> TableCommit::Parse(std::string_view key, std::string_view value) {
  TableCommit commit;
  ByteReader key_reader(key), reader(value);
  ASSIGN_OR_RETURN(commit.shard, key_reader.Read<int32_t>());
  ASSIGN_OR_RETURN(commit.bucket.bucket, key_reader.Read<int32_t>());
  if (key_reader.remaining() > 0) {
    ASSIGN_OR_RETURN(int64_t partition, key_reader.Read<int64_t>());
    commit.bucket.partition = model::PartitionId(partition);
  }
  ASSIGN_OR_RETURN(commit.writer_id, reader.Read<int64_t>());
  ASSIGN_OR_RETURN(uint64_t count, reader.ReadVarint());
  for (uint64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(int32_t sequence, reader.Read<int32_t>());
    ASSIGN_OR_RETURN(std::string_view bytes, reader.ReadString());
    commit.batches.emplace_back(sequence, std::string(bytes));
  }
  return commit;
}

std::unique_ptr<Committer> MakeTableCommitter(const model::TableInfo& table,
                                              std::shared_ptr<client::TableWriter> writer) {
  return std::make_unique<TableCommitter>(table, std::move(writer));
}

}  // namespace forebay::compute
