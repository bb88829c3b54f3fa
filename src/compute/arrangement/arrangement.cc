#include "compute/arrangement/arrangement.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>

#include "base/clock.h"
#include "base/log.h"

namespace forebay::compute {
namespace {

constexpr int kPollTimeoutMs = 500;
constexpr int64_t kPollBytes = 4 << 20;
/// How long a join waits for the index to reach what its own source has read already.
constexpr auto kWaitMax = std::chrono::seconds(10);
constexpr int64_t kPastWaitMs = 30'000;

}  // namespace

std::string ArrangementSpec::Identity() const {
  return fmt::format("{} {} {} by {}", table.path.ToString(), table.id.value(),
                     table.schema_id.value(), fmt::join(key_columns, ","));
}

std::string ArrangementSpec::ToString() const {
  std::vector<std::string> names;
  for (int column : key_columns) names.push_back(table.descriptor.schema.columns[column].name);
  return fmt::format("{} by ({})", table.path.ToString(), fmt::join(names, ", "));
}

Result<std::shared_ptr<Arrangement>> Arrangement::Make(const ComputeEnvironment& environment,
                                                       ArrangementSpec spec) {
  std::shared_ptr<Arrangement> made(new Arrangement(environment, std::move(spec)));
  JobContext defaults;
  ASSIGN_OR_RETURN(std::shared_ptr<StateBudget> budget, defaults.MakeStateBudget());
  std::string directory = environment.spill_directory;
  if (directory.empty()) directory = std::filesystem::temp_directory_path();
  made->memory_ = std::make_unique<StateMemory>(std::move(budget), 1, directory);
  StateMemory::Scope scope(made->memory_.get());
  made->rows_ = std::make_unique<VersionedRows>(made->spec_.table.descriptor.schema.Types(),
                                                made->spec_.key_columns, made->num_buckets());
  return made;
}

Arrangement::~Arrangement() {
  stop_ = true;
  if (scanner_ != nullptr) scanner_->Wakeup();
  if (thread_.joinable()) thread_.join();
}

std::vector<int> Arrangement::AllColumns() const {
  std::vector<int> columns(spec_.table.descriptor.schema.columns.size());
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

Status Arrangement::Load() {
  if (loaded_) return Status::Ok();
  base_.assign(static_cast<size_t>(num_buckets()), 0);
  for (int bucket = 0; bucket < num_buckets(); ++bucket) RETURN_IF_ERROR(ReadSnapshot(bucket));
  ASSIGN_OR_RETURN(scanner_,
                   environment_.connection->OpenLogScanner(spec_.table.path, AllColumns()));
  for (int bucket = 0; bucket < num_buckets(); ++bucket) {
    RETURN_IF_ERROR(scanner_->Subscribe(bucket, base_[bucket]));
  }
  applied_ = base_;
  bytes_ = rows_->bytes();
  loaded_ = true;
  thread_ = std::thread([this] { Follow(); });
  return Status::Ok();
}

Status Arrangement::ReadSnapshot(int bucket) {
  ASSIGN_OR_RETURN(auto snapshot, environment_.connection->OpenSnapshotScanner(
                                      spec_.table.path, bucket, AllColumns()));
  std::unique_lock lock(mutex_);
  StateMemory::Scope scope(memory_.get());
  while (true) {
    ASSIGN_OR_RETURN(model::Batch batch, snapshot->Next());
    if (batch.num_rows == 0) break;
    rows_->AddSnapshot(bucket, batch);
  }
  base_[bucket] = snapshot->log_offset();
  return memory_->status();
}

void Arrangement::Follow() {
  Status status;
  while (status.ok() && !stop_) {
    auto all = scanner_->Poll(kPollTimeoutMs, kPollBytes);
    status = internal::ToStatus(all);
    for (size_t i = 0; status.ok() && i < all->size(); ++i) status = Take(std::move((*all)[i]));
  }
  if (status.ok()) return;
  Log(LogLevel::kWarning, "compute", "arrangement failed table={} error=\"{}\"",
      spec_.table.path.ToString(), status.message());
  std::unique_lock lock(mutex_);
  status_ = std::move(status);
  moved_.notify_all();
}

Status Arrangement::Take(client::ScanRecords records) {
  int bucket = records.bucket.bucket;
  model::LogOffset from = std::max(applied_[bucket], records.base_offset);
  int rows = records.batch.num_rows;
  for (int begin = static_cast<int>(std::min<int64_t>(from - records.base_offset, rows));
       begin < rows;) {
    int count = std::min(model::Batch::kMaxRows, rows - begin);
    LogPiece piece{records.batch.Slice(begin, count), records.base_offset + begin};
    begin += count;
    RETURN_IF_ERROR(TakePiece(bucket, piece, records.base_offset + begin));
  }
  return TakePiece(bucket, {}, records.next_offset);
}

Status Arrangement::TakePiece(int bucket, const LogPiece& piece, model::LogOffset next) {
  std::unique_lock lock(mutex_);
  StateMemory::Scope scope(memory_.get());
  if (piece.batch.num_rows > 0) RETURN_IF_ERROR(rows_->Apply(bucket, piece));
  applied_[bucket] = std::max(applied_[bucket], next);
  Compact();
  moved_.notify_all();
  return memory_->status();
}

void Arrangement::Compact() {
  Frontier needed = applied_;
  for (const auto& [id, frontier] : readers_) {
    for (size_t i = 0; i < needed.size(); ++i) needed[i] = std::min(needed[i], frontier[i]);
  }
  for (size_t i = 0; i < needed.size(); ++i) base_[i] = std::max(base_[i], needed[i]);
  rows_->Compact(base_);
  bytes_ = rows_->bytes();
}

Result<Frontier> Arrangement::Attach(int64_t id, const std::optional<Frontier>& from) {
  std::lock_guard attach(attach_mutex_);
  {
    std::shared_lock lock(mutex_);
    RETURN_IF_ERROR(status_);
  }
  if (Status loaded = Load(); !loaded.ok()) {
    // It may hold a part of the rows: the next reader gets another arrangement.
    std::unique_lock lock(mutex_);
    return status_ = loaded;
  }
  Frontier base, wanted;
  {
    std::unique_lock lock(mutex_);
    RETURN_IF_ERROR(status_);
    wanted = from.value_or(applied_);
    if (wanted.size() != applied_.size()) return Internal("a frontier of other buckets");
    readers_[id] = wanted;  // from now on the base stays
    base = base_;
  }
  Status deepened = Deepen(base, wanted);
  if (deepened.ok()) return wanted;
  Detach(id);
  return deepened;
}

Status Arrangement::Deepen(const Frontier& base, const Frontier& from) {
  for (int bucket = 0; bucket < num_buckets(); ++bucket) {
    if (from[bucket] >= base[bucket]) continue;
    ASSIGN_OR_RETURN(std::vector<LogPiece> pieces, ReadPast(bucket, from[bucket], base[bucket]));
    std::unique_lock lock(mutex_);
    StateMemory::Scope scope(memory_.get());
    Status applied = rows_->ApplyPast(bucket, pieces, base[bucket]);
    if (!applied.ok()) return status_ = applied;
    base_[bucket] = from[bucket];
    bytes_ = rows_->bytes();
    RETURN_IF_ERROR(memory_->status());
  }
  return Status::Ok();
}

Result<std::vector<LogPiece>> Arrangement::ReadPast(int bucket, model::LogOffset from,
                                                    model::LogOffset to) {
  ASSIGN_OR_RETURN(auto scanner,
                   environment_.connection->OpenLogScanner(spec_.table.path, AllColumns()));
  RETURN_IF_ERROR(scanner->Subscribe(bucket, from));
  std::vector<LogPiece> pieces;
  int64_t deadline = MonotonicMs() + kPastWaitMs;
  for (model::LogOffset next = from; next < to;) {
    if (stop_ || MonotonicMs() > deadline) {
      return Unavailable("the changes of {} from offset {} of bucket {} could not be read",
                         spec_.table.path.ToString(), next, bucket);
    }
    ASSIGN_OR_RETURN(auto all, scanner->Poll(kPollTimeoutMs, kPollBytes));
    for (client::ScanRecords& records : all) {
      int begin = static_cast<int>(
          std::clamp<int64_t>(next - records.base_offset, 0, records.batch.num_rows));
      next = std::max(next, records.next_offset);
      if (begin == records.batch.num_rows) continue;
      pieces.push_back({records.batch.Slice(begin, records.batch.num_rows - begin),
                        records.base_offset + begin});
    }
  }
  return pieces;
}

void Arrangement::Confirm(int64_t id, Frontier frontier) {
  std::unique_lock lock(mutex_);
  auto reader = readers_.find(id);
  if (reader == readers_.end() || reader->second == frontier) return;
  reader->second = std::move(frontier);
  StateMemory::Scope scope(memory_.get());
  Compact();
}

void Arrangement::Detach(int64_t id) {
  std::unique_lock lock(mutex_);
  readers_.erase(id);
}

Status Arrangement::Find(const EncodedKeys& keys, std::span<const uint32_t> rows,
                         const Frontier& frontier, FoundVersions& found) {
  std::shared_lock lock(mutex_);
  auto is_there = [&] {
    if (!status_.ok()) return true;
    for (size_t i = 0; i < frontier.size(); ++i) {
      if (applied_[i] < frontier[i]) return false;
    }
    return true;
  };
  bool reached = moved_.wait_for(lock, kWaitMax, is_there);
  if (!status_.ok()) {
    return Unavailable("the index of {} is out of order: {}", spec_.ToString(), status_.message());
  }
  if (!reached) return Unavailable("the index of {} does not keep up", spec_.ToString());
  rows_->Find(keys, rows, frontier, found);
  return Status::Ok();
}

int Arrangement::num_readers() const {
  std::shared_lock lock(mutex_);
  return static_cast<int>(readers_.size());
}

bool Arrangement::IsSound() const {
  std::shared_lock lock(mutex_);
  return status_.ok();
}

}  // namespace forebay::compute
