#include "compute/sink/filesystem_commit.h"

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "base/log.h"

namespace forebay::compute {

Status ShowStagedFile(const FilesystemTarget& target, std::string_view name,
                      std::set<std::string>& directories) {
  std::string shown = io::JoinPath(target.directory, name);
  std::string directory(io::ParentPath(shown));
  if (directories.insert(directory).second) {
    RETURN_IF_ERROR(target.fs.CreateDirectories(directory));
  }
  ASSIGN_OR_RETURN(bool committed, target.fs.Exists(shown));
  if (committed) return {};
  std::string staged = target.StagedPath(name);
  ASSIGN_OR_RETURN(bool waits, target.fs.Exists(staged));
  if (!waits) {
    // It was synced before its name was written down: somebody took it since it was committed.
    Log(LogLevel::kWarning, "compute", "committed file is gone file={}", shown);
    return {};
  }
  RETURN_IF_ERROR(target.fs.Rename(staged, shown));
  Failpoint("file_sink.after_rename");
  return {};
}

Status WriteSuccessFile(io::FileSystem& fs, const std::string& path) {
  Failpoint("file_sink.before_success_file");
  RETURN_IF_ERROR(fs.Open(path, io::OpenMode::kTruncate).status());
  return fs.SyncDirectory(io::ParentPath(path));
}

Status EpochCommitter::Commit(StateReader& commits, const std::atomic<bool>&) {
  RETURN_IF_ERROR(ShowFiles(commits));
  return target_.commit.success_file().empty() ? Status::Ok() : CommitPartitions(commits);
}

Status EpochCommitter::ShowFiles(StateReader& commits) {
  std::set<std::string> directories;
  RETURN_IF_ERROR(commits.ForEach(kCommitTable, [&](std::string_view name, std::string_view) {
    return ShowStagedFile(target_, name, directories);
  }));
  for (const std::string& directory : directories) {
    RETURN_IF_ERROR(target_.fs.SyncDirectory(directory));
  }
  return Status::Ok();
}

Result<std::vector<EpochCommitter::Report>> EpochCommitter::ReadReports(StateReader& commits) {
  std::vector<Report> reports;
  auto add = [&](std::string_view key, std::string_view value) {
    size_t slash = std::min(key.find('/'), key.size());
    Report report;
    report.shard = std::atoi(std::string(key.substr(0, slash)).c_str());
    report.partition = key.substr(std::min(slash + 1, key.size()));
    ByteReader bytes(value);
    ASSIGN_OR_RETURN(report.pending.since_ms, bytes.Read<int64_t>());
    ASSIGN_OR_RETURN(report.pending.version, bytes.Read<uint64_t>());
    reports.push_back(std::move(report));
    return Status::Ok();
  };
  RETURN_IF_ERROR(commits.ForEach(kPartitionTable, add));
  auto note = [&](std::string_view key, std::string_view value) {
    ByteReader bytes(value);
    Progress progress;
    ASSIGN_OR_RETURN(progress.watermark, bytes.Read<int64_t>());
    ASSIGN_OR_RETURN(uint8_t idle, bytes.Read<uint8_t>());
    progress.idle = idle != 0;
    progress_[std::atoi(std::string(key).c_str())] = progress;
    return Status::Ok();
  };
  RETURN_IF_ERROR(commits.ForEach(kWatermarkTable, note));
  return reports;
}

std::optional<Watermark> EpochCommitter::SinkWatermark() const {
  std::optional<Watermark> smallest;
  for (int shard = 0; shard < board_.writers(); ++shard) {
    auto found = progress_.find(shard);
    if (found == progress_.end()) return std::nullopt;
    if (found->second.idle) continue;
    smallest = std::min(smallest.value_or(kMaxWatermark), found->second.watermark);
  }
  return smallest;
}

Status EpochCommitter::CommitPartitions(StateReader& commits) {
  ASSIGN_OR_RETURN(std::vector<Report> reports, ReadReports(commits));
  // An epoch that a restart commits again has writers no more: theirs report once more.
  if (board_.writers() == 0) return {};
  watermark_ = std::max(watermark_, SinkWatermark().value_or(kMinWatermark));
  std::map<std::string, bool> done;
  int64_t now_ms = now_ms_();
  for (const Report& report : reports) {
    bool is_done = watermark_ == kMaxWatermark;  // the input has ended
    if (!is_done) {
      ASSIGN_OR_RETURN(is_done, target_.commit.IsDone(report.partition, report.pending.since_ms,
                                                      now_ms, watermark_));
    }
    bool& any = done[report.partition];
    any = any || is_done;
  }
  for (const auto& [partition, is_done] : done) {
    if (!is_done) continue;
    std::string directory = io::JoinPath(target_.directory, partition);
    RETURN_IF_ERROR(target_.fs.CreateDirectories(directory));
    RETURN_IF_ERROR(
        WriteSuccessFile(target_.fs, io::JoinPath(directory, target_.commit.success_file())));
  }
  for (const Report& report : reports) {
    if (done[report.partition]) board_.Done(report.shard, report.partition, report.pending.version);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
