#include "compute/sink/filesystem_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "base/duration.h"
#include "base/random.h"
#include "compute/sink/file_encoder.h"
#include "compute/source/file_rows.h"
#include "model/value_text.h"

namespace forebay::compute {
namespace {

using model::Batch;

constexpr int64_t kDefaultFileBytes = int64_t{128} << 20;

/// What a table's options say beside its format.
struct FilesystemTarget {
  io::FileSystem& fs;
  std::string directory;
  FileEncoding encoding;
  std::vector<int> file_columns;
  std::vector<std::pair<std::string, int>> partition_columns;
  std::string default_partition;
  int64_t file_bytes = kDefaultFileBytes;  ///< a file ends when it has this many
  std::string success_file;                ///< of a committed partition; empty: none
};

/// "128MB", "1 kb", "1024": Flink's MemorySize.
Result<int64_t> ParseSizeBytes(const std::string& text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  std::erase(unit, ' ');
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view kUnits = "bkmgt";
  size_t power = unit.empty() ? 0 : kUnits.find(unit[0]);
  bool known = unit.size() <= 1 || (unit.size() == 2 && unit[1] == 'b' && power > 0);
  if (error != std::errc() || number <= 0 || power == std::string_view::npos || !known) {
    return InvalidArgument("'{}' is no size, such as 128MB", text);
  }
  size_t shift = 10 * power;
  if (number > std::numeric_limits<int64_t>::max() >> shift) {
    return InvalidArgument("'{}' is too large", text);
  }
  return number << shift;
}

/// A name that no other file of any job has.
std::string UniqueName(int shard, const char* extension) {
  return fmt::format("part-{}-{:016x}{:016x}{}", shard, RandomBits(), RandomBits(), extension);
}

/// "dt=2024-03-01/.part-0-…": the same file while nobody may read it.
std::string HiddenPath(const std::string& directory, std::string_view relative) {
  size_t slash = relative.rfind('/');
  size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  return io::JoinPath(directory,
                      fmt::format("{}.{}", relative.substr(0, name), relative.substr(name)));
}

class FilesystemWriter : public SinkWriter {
 public:
  FilesystemWriter(const FilesystemTarget& target, int shard) : target_(target), shard_(shard) {}

  Status Process(int, Batch batch) override {
    bool takes_changes = target_.encoding.format == FileFormat::kChangeJson;
    if (!batch.IsInsertOnly() && !takes_changes) {
      return Internal("the filesystem sink was given updates");
    }
    std::map<std::string, std::vector<uint32_t>> rows_of;
    if (target_.partition_columns.empty()) {
      auto& rows = rows_of[""];
      for (int row = 0; row < batch.num_rows; ++row) rows.push_back(static_cast<uint32_t>(row));
    }
    for (int row = 0; !target_.partition_columns.empty() && row < batch.num_rows; ++row) {
      rows_of[PartitionOf(batch, row)].push_back(static_cast<uint32_t>(row));
    }
    Batch cells = batch.Project(target_.file_columns);
    for (const auto& [partition, rows] : rows_of) {
      FileEncoder& encoder = encoders_.try_emplace(partition, target_.encoding).first->second;
      RETURN_IF_ERROR(encoder.Add(cells, rows));
      if (encoder.bytes() >= target_.file_bytes) RETURN_IF_ERROR(EndFile(partition, encoder));
    }
    return Status::Ok();
  }

  Status PrepareCommit(CheckpointEntries& commits) override {
    for (auto& [partition, encoder] : encoders_) {
      if (!encoder.empty()) RETURN_IF_ERROR(EndFile(partition, encoder));
    }
    encoders_.clear();
    for (const std::string& name : written_) commits.Put(kCommitTable, kUnkeyed, name, {});
    written_.clear();
    for (const std::string& directory : directories_) {
      RETURN_IF_ERROR(target_.fs.SyncDirectory(directory));
    }
    directories_.clear();
    return Status::Ok();
  }

 private:
  /// "dt=2024-03-01/hr=1/".
  std::string PartitionOf(const Batch& batch, int row) const {
    std::string path;
    for (const auto& [name, index] : target_.partition_columns) {
      const model::Column& column = batch.columns[static_cast<size_t>(index)];
      std::string value;
      if (!column.IsNull(row)) model::AppendText(value, column, row);
      if (value.empty()) value = target_.default_partition;
      path += EscapePathName(name) + "=" + EscapePathName(value) + "/";
    }
    return path;
  }

  Status EndFile(const std::string& partition, FileEncoder& encoder) {
    std::string name = partition + UniqueName(shard_, target_.encoding.extension());
    std::string directory = io::JoinPath(target_.directory, partition);
    if (directories_.insert(directory).second) {
      RETURN_IF_ERROR(target_.fs.CreateDirectories(directory));
    }
    RETURN_IF_ERROR(encoder.WriteTo(target_.fs, HiddenPath(target_.directory, name)));
    written_.push_back(std::move(name));
    return {};
  }

  const FilesystemTarget& target_;
  const int shard_;
  std::map<std::string, FileEncoder> encoders_;
  std::vector<std::string> written_;   ///< of this epoch, below the table's path
  std::set<std::string> directories_;  ///< that they are in
};

class FilesystemCommitter : public Committer {
 public:
  explicit FilesystemCommitter(const FilesystemTarget& target) : target_(target) {}

  Status Commit(StateReader& commits, const std::atomic<bool>&) override {
    std::set<std::string> directories = {target_.directory};
    RETURN_IF_ERROR(commits.ForEach(kCommitTable, [&](std::string_view name, std::string_view) {
      std::string shown = io::JoinPath(target_.directory, name);
      directories.insert(std::string(io::ParentPath(shown)));
      auto committed = target_.fs.Exists(shown);
      if (!committed.ok()) return committed.status();
      return *committed ? Status::Ok()
                        : target_.fs.Rename(HiddenPath(target_.directory, name), shown);
    }));
    for (const std::string& directory : directories) {
      bool partition = directory != target_.directory;
      if (partition && !target_.success_file.empty()) {
        std::string path = io::JoinPath(directory, target_.success_file);
        RETURN_IF_ERROR(target_.fs.Open(path, io::OpenMode::kReadWrite).status());
      }
      RETURN_IF_ERROR(target_.fs.SyncDirectory(directory));
    }
    return Status::Ok();
  }

 private:
  const FilesystemTarget& target_;
};

class FilesystemSink : public Sink {
 public:
  explicit FilesystemSink(FilesystemTarget target) : target_(std::move(target)) {}

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int, SinkControl&) override {
    RETURN_IF_ERROR(target_.fs.CreateDirectories(target_.directory));
    return std::unique_ptr<SinkWriter>(std::make_unique<FilesystemWriter>(target_, shard));
  }

  Result<std::unique_ptr<Committer>> MakeCommitter() override {
    return std::unique_ptr<Committer>(std::make_unique<FilesystemCommitter>(target_));
  }

 private:
  const FilesystemTarget target_;
};

void SplitColumns(const sql::TableRef& table, FilesystemTarget& target) {
  const auto& descriptor = table.info.descriptor;
  const auto& keys = descriptor.partition_keys;
  for (size_t i = 0; i < descriptor.schema.columns.size(); ++i) {
    const std::string& name = descriptor.schema.columns[i].name;
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      target.file_columns.push_back(static_cast<int>(i));
    }
  }
  for (const std::string& key : keys) {
    target.partition_columns.emplace_back(key, descriptor.schema.IndexOf(key));
  }
}

/// Flink's partition commit, as far as it does not wait: a file in each partition that got rows.
Status ReadPartitionCommit(const sql::TableRef& table, FilesystemTarget& target) {
  const std::string* policy = FindOption(table, "sink.partition-commit.policy.kind");
  if (policy == nullptr) return {};
  if (*policy != "success-file") {
    return NotSupported("'sink.partition-commit.policy.kind' = '{}' (there is: success-file)",
                        *policy);
  }
  const std::string* trigger = FindOption(table, "sink.partition-commit.trigger");
  if (trigger != nullptr && *trigger != "process-time") {
    return NotSupported("'sink.partition-commit.trigger' = '{}' (there is: process-time)",
                        *trigger);
  }
  if (const std::string* delay = FindOption(table, "sink.partition-commit.delay")) {
    ASSIGN_OR_RETURN(int64_t delay_ms, ParseDurationMs(*delay));
    if (delay_ms != 0) return NotSupported("'sink.partition-commit.delay' other than 0");
  }
  const std::string* name = FindOption(table, "sink.partition-commit.success-file.name");
  target.success_file = name == nullptr ? "_SUCCESS" : *name;
  return {};
}

}  // namespace

Result<std::unique_ptr<Sink>> MakeFilesystemSink(const sql::SinkNode& node,
                                                 const JobContext& context) {
  if (node.overwrite) return NotSupported("INSERT OVERWRITE into the filesystem connector");
  ASSIGN_OR_RETURN(std::string path, FilesystemPath(node.table));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  ASSIGN_OR_RETURN(FileEncoding encoding, FileEncoding::Of(node.table));
  FilesystemTarget target{
      .fs = *context.environment->file_system,
      .directory = std::move(path),
      .encoding = std::move(encoding),
      .file_columns = {},
      .partition_columns = {},
      .default_partition = DefaultPartitionName(node.table),
      .success_file = {},
  };
  SplitColumns(node.table, target);
  if (const std::string* size = FindOption(node.table, "sink.rolling-policy.file-size")) {
    ASSIGN_OR_RETURN(target.file_bytes, ParseSizeBytes(*size));
  }
  RETURN_IF_ERROR(ReadPartitionCommit(node.table, target));
  return std::unique_ptr<Sink>(std::make_unique<FilesystemSink>(std::move(target)));
}

}  // namespace forebay::compute
