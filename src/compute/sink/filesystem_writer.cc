#include "compute/sink/filesystem_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/failpoint.h"

namespace forebay::compute {

using model::Batch;

namespace {

/// What one writer keeps of files in memory: beyond it files end early.
constexpr int64_t kBufferedBytesMax = int64_t{256} << 20;
/// Likewise of files that are open.
constexpr int kDescriptorsMax = 64;
/// The table of a writer's state: "<shard>/<partition>" -> since, version.
constexpr std::string_view kPendingTable = "pending";

std::string KeyOf(int shard, const std::string& partition) {
  return fmt::format("{}/{}", shard, partition);
}

std::string ValueOf(const PendingPartition& pending) {
  ByteWriter bytes;
  bytes.Write(pending.since_ms);
  bytes.Write(pending.version);
  return std::string(bytes.view());
}

}  // namespace

void PartitionBoard::Done(int shard, const std::string& partition, uint64_t version) {
  std::lock_guard lock(mutex_);
  done_[shard][partition] = version;
}

std::map<std::string, uint64_t> PartitionBoard::TakeDone(int shard) {
  std::lock_guard lock(mutex_);
  return std::exchange(done_[shard], {});
}

FilesystemWriter::~FilesystemWriter() {
  Epoch unfinished(target_);
  unfinished.open.swap(open_);
  unfinished.written = std::move(written_);
}

FilesystemWriter::Epoch::~Epoch() {
  for (const auto& [partition, file] : open) written.push_back(file.name);
  for (const std::string& name : written) {
    Status gone = target.fs.Remove(target.StagedPath(name));
    static_cast<void>(gone);  // swept when the job runs again, or not begun
  }
}

Status FilesystemWriter::Process(int, Batch batch) {
  bool takes_changes = target_.encoding.format == FileFormat::kChangeJson;
  if (!batch.IsInsertOnly() && !takes_changes) {
    return Internal("the filesystem sink was given updates");
  }
  std::map<std::string, std::vector<uint32_t>> rows_of;
  std::string last;
  std::vector<uint32_t>* rows_of_last = nullptr;
  std::vector<bool> changes = target_.PartitionChanges(batch);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (row == 0 || changes[static_cast<size_t>(row)]) {
      last = target_.PartitionOf(batch, row);
      rows_of_last = &rows_of[last];
    }
    rows_of_last->push_back(static_cast<uint32_t>(row));
  }
  Batch cells = batch.Project(target_.file_columns);
  for (const auto& [partition, rows] : rows_of) {
    RETURN_IF_ERROR(Write(partition, cells, rows));
  }
  if (target_.grouped && open_.size() > 1) {
    // Of sorted rows no others follow in the partitions before the last one.
    RETURN_IF_ERROR(EndThose([&](const auto& open) { return open.first != last; }));
  }
  return EndLargest();
}

Status FilesystemWriter::Write(const std::string& partition, const Batch& cells,
                               const std::vector<uint32_t>& rows) {
  int64_t now_ms = NowMs();
  auto open = open_.find(partition);
  if (open == open_.end()) {
    RETURN_IF_ERROR(EnsureStaging());
    std::string name = partition + UniqueFileName(shard_, target_.encoding.extension());
    open = open_.try_emplace(partition, target_, std::move(name)).first;
    open->second.opened_ms = now_ms;
  }
  OpenFile& file = open->second;
  file.written_ms = now_ms;
  CountMemory(file, -1);
  RETURN_IF_ERROR(file.encoder.Add(cells, rows, text_));
  CountMemory(file, 1);
  if (file.encoder.bytes() < target_.rolling.file_bytes) return {};
  RETURN_IF_ERROR(EndFile(partition, file));
  open_.erase(open);
  return {};
}

void FilesystemWriter::CountMemory(const OpenFile& file, int sign) {
  buffered_ += sign * file.encoder.buffered_bytes();
  if (file.encoder.is_open()) descriptors_ += sign;
}

Status FilesystemWriter::EndThose(const std::function<bool(OpenFiles::const_reference)>& wanted) {
  for (auto open = open_.begin(); open != open_.end();) {
    if (!wanted(*open)) {
      ++open;
      continue;
    }
    RETURN_IF_ERROR(EndFile(open->first, open->second));
    open = open_.erase(open);
  }
  return {};
}

Status FilesystemWriter::EndLargest() {
  while ((buffered_ > kBufferedBytesMax || descriptors_ > kDescriptorsMax) && !open_.empty()) {
    auto largest = std::max_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.encoder.bytes() < b.second.encoder.bytes();
    });
    RETURN_IF_ERROR(EndFile(largest->first, largest->second));
    open_.erase(largest);
  }
  return {};
}

Status FilesystemWriter::EndFile(const std::string& partition, OpenFile& file) {
  CountMemory(file, -1);
  written_.push_back(file.name);
  RETURN_IF_ERROR(file.encoder.Finish());
  Failpoint("file_sink.staged");
  if (target_.commit.success_file().empty() || partition.empty()) return {};
  auto [pending, is_new] = pending_.try_emplace(partition, PendingPartition{NowMs(), 0});
  pending->second.version = ++version_;
  changed_.insert(partition);
  forgotten_.erase(KeyOf(shard_, partition));
  return {};
}

Status FilesystemWriter::EnsureStaging() {
  if (!has_staging_) RETURN_IF_ERROR(target_.fs.CreateDirectories(target_.staging));
  has_staging_ = true;
  return {};
}

Status FilesystemWriter::EndAll() {
  for (auto& [partition, file] : open_) RETURN_IF_ERROR(EndFile(partition, file));
  open_.clear();
  return {};
}

Status FilesystemWriter::Tick(int64_t now_ms) {
  if (now_ms - checked_ms_ < target_.rolling.check_ms) return {};
  checked_ms_ = now_ms;
  return EndThose([&](const auto& open) {
    return now_ms - open.second.opened_ms >= target_.rolling.rollover_ms ||
           now_ms - open.second.written_ms >= target_.rolling.inactivity_ms;
  });
}

Status FilesystemWriter::ProcessWatermark(Watermark watermark) {
  watermark_ = std::max(watermark_, watermark);
  return {};
}

/// Files are encoded and synced by the coordinator, unless their partitions are to be committed:
/// what is known of those is the shard's.
Result<SinkWriter::EpochWork> FilesystemWriter::EndEpoch() {
  auto epoch = std::make_shared<Epoch>(target_);
  if (!target_.commit.success_file().empty()) {
    RETURN_IF_ERROR(EndAll());
    ReportPartitions(epoch->reports);
  }
  epoch->open.swap(open_);
  buffered_ = 0;
  descriptors_ = 0;
  epoch->written.swap(written_);
  if (epoch->open.empty() && epoch->written.empty() && epoch->reports.empty()) return EpochWork();
  return EpochWork(
      [epoch](CheckpointEntries& commits, StateWriter&) { return epoch->Write(commits); });
}

Status FilesystemWriter::Epoch::Write(CheckpointEntries& commits) {
  for (auto& [partition, file] : open) {
    written.push_back(file.name);
    RETURN_IF_ERROR(file.encoder.Finish());
    Failpoint("file_sink.staged");
  }
  open.clear();
  for (const std::string& name : written) commits.Put(kCommitTable, kUnkeyed, name, {});
  for (const Entry& entry : reports) commits.Put(entry.table, kUnkeyed, entry.key, entry.value);
  if (!written.empty()) RETURN_IF_ERROR(target.fs.SyncDirectory(target.staging));
  written.clear();
  return Status::Ok();
}

void FilesystemWriter::ReportPartitions(std::vector<Entry>& entries) {
  for (const auto& [partition, version] : board_.TakeDone(shard_)) {
    auto pending = pending_.find(partition);
    if (pending == pending_.end()) continue;
    if (pending->second.version == version) {
      pending_.erase(pending);
      changed_.erase(partition);
      forgotten_.insert(KeyOf(shard_, partition));
    } else {  // written again meanwhile
      pending->second.since_ms = NowMs();
      changed_.insert(partition);
    }
  }
  for (const auto& [partition, pending] : pending_) {
    entries.push_back({kPartitionTable, KeyOf(shard_, partition), ValueOf(pending)});
  }
  ByteWriter progress;
  progress.Write(watermark_);
  progress.Write(static_cast<uint8_t>(idle_));
  // An idle job must have nothing to write, so that it costs no disk writes.
  if (pending_.empty() && progress.view() == reported_) return;
  reported_ = progress.view();
  entries.push_back({kWatermarkTable, std::to_string(shard_), reported_});
}

Status FilesystemWriter::BeginSnapshot(StateWriter& state) {
  for (const std::string& key : forgotten_) state.Delete(kPendingTable, kUnkeyed, key);
  for (const std::string& partition : changed_) {
    state.Put(kPendingTable, kUnkeyed, KeyOf(shard_, partition), ValueOf(pending_.at(partition)));
  }
  forgotten_.clear();
  changed_.clear();
  return {};
}

Status FilesystemWriter::Restore(StateReader& state) {
  return state.ForEach(kPendingTable, [this](std::string_view key, std::string_view value) {
    size_t slash = key.find('/');
    if (slash == std::string_view::npos) return Status(Corruption("a sink's state"));
    // Of shards that there were before the parallelism changed, too.
    int shard = std::atoi(std::string(key.substr(0, slash)).c_str());
    if (shard % std::max(board_.writers(), 1) != shard_) return Status::Ok();
    ByteReader bytes(value);
    PendingPartition pending;
    ASSIGN_OR_RETURN(pending.since_ms, bytes.Read<int64_t>());
    ASSIGN_OR_RETURN(pending.version, bytes.Read<uint64_t>());
    version_ = std::max(version_, pending.version);
    std::string partition(key.substr(slash + 1));
    pending_[partition] = pending;
    if (shard == shard_) return Status::Ok();
    forgotten_.insert(std::string(key));
    changed_.insert(partition);
    return Status::Ok();
  });
}

}  // namespace forebay::compute
