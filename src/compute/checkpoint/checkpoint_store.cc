#include "compute/checkpoint/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/crc32c.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "compute/checkpoint/checkpoint_merge.h"

namespace forebay::compute {
namespace {

constexpr std::string_view kManifestSuffix = ".manifest";
constexpr int kManifestVersion = 1;

std::string FileName(std::string_view kind, int64_t id, std::string_view suffix) {
  return fmt::format("{}-{:012}{}", kind, id, suffix);
}

/// The checkpoint id in "manifest name", or -1.
int64_t IdOfManifest(std::string_view name) {
  if (!name.starts_with("checkpoint-") || !name.ends_with(kManifestSuffix)) return -1;
  std::string_view digits = name.substr(11, name.size() - 11 - kManifestSuffix.size());
  int64_t id = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  return error == std::errc() && end == digits.data() + digits.size() ? id : -1;
}

CheckpointFileKind KindOf(std::string_view name) {
  if (name.starts_with("base")) return CheckpointFileKind::kBase;
  if (name.starts_with("run")) return CheckpointFileKind::kRun;
  return name.starts_with("commit") ? CheckpointFileKind::kCommit : CheckpointFileKind::kDelta;
}

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(io::FileSystem& fs,
                                                               std::string directory,
                                                               std::string plan_hash) {
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  return std::unique_ptr<CheckpointStore>(
      new CheckpointStore(fs, std::move(directory), std::move(plan_hash)));
}

CheckpointStore::~CheckpointStore() {
  if (compaction_.valid()) compaction_.wait();
}

std::string CheckpointStore::ToJson(const Manifest& manifest) {
  nlohmann::json json;
  json["version"] = kManifestVersion;
  json["checkpoint"] = manifest.id;
  json["plan"] = manifest.plan_hash;
  json["state"] = nlohmann::json::array();
  for (const DataFile& file : manifest.state_files) {
    json["state"].push_back({{"file", file.name}, {"bytes", file.bytes}});
  }
  if (manifest.commit_file.has_value()) {
    json["commit"] = {{"file", manifest.commit_file->name}, {"bytes", manifest.commit_file->bytes}};
  }
  json["positions"] = nlohmann::json::array();
  for (const auto& [split, position] : manifest.positions) {
    json["positions"].push_back(
        {{"source", split.first}, {"split", split.second}, {"position", position}});
  }
  if (manifest.is_savepoint) json["savepoint"] = true;
  std::string text = json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  return fmt::format("{}\n{:08x}\n", text, Crc32c(text));
}

Result<CheckpointStore::Manifest> CheckpointStore::FromJson(std::string_view text) {
  constexpr size_t kTrailer = 10;  // newline, eight digits, newline
  if (text.size() < kTrailer) return Corruption("manifest of {} bytes is cut short", text.size());
  std::string_view body = text.substr(0, text.size() - kTrailer);
  if (fmt::format("\n{:08x}\n", Crc32c(body)) != text.substr(body.size())) {
    return Corruption("manifest checksum does not match");
  }
  nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_discarded()) return Corruption("manifest is no JSON");
  try {
    Manifest manifest;
    if (json.at("version") > kManifestVersion) {
      return NotSupported("manifest version {}", json.at("version").get<int>());
    }
    manifest.id = json.at("checkpoint");
    manifest.plan_hash = json.at("plan");
    for (const auto& file : json.at("state")) {
      manifest.state_files.push_back({file.at("file"), file.at("bytes")});
    }
    if (json.contains("commit")) {
      manifest.commit_file = DataFile{json["commit"].at("file"), json["commit"].at("bytes")};
    }
    for (const auto& item : json.at("positions")) {
      manifest.positions[{item.at("source"), item.at("split")}] = item.at("position");
    }
    manifest.is_savepoint = json.value("savepoint", false);
    return manifest;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("manifest: {}", error.what());
  }
}

Result<CheckpointStore::Manifest> CheckpointStore::ReadManifest(const std::string& name) const {
  ASSIGN_OR_RETURN(std::string text, io::ReadFile(fs_, PathOf(name)));
  ASSIGN_OR_RETURN(Manifest manifest, FromJson(text));
  if (manifest.id != IdOfManifest(name))
    return Corruption("manifest of checkpoint {}", manifest.id);
  return manifest;
}

Status ShardSnapshot::WriteLate() {
  for (auto& [operator_id, write] : late) {
    commits.SetOperator(operator_id);
    state.SetOperator(operator_id);
    RETURN_IF_ERROR(write(commits, state));
  }
  late.clear();
  return Status::Ok();
}

Status CheckpointStore::LoadFile(const DataFile& file, StateMap& into) const {
  // An entry counts more than a removal of its key in the same file, wherever that stands.
  auto load = [&](bool removed) -> Status {
    ASSIGN_OR_RETURN(auto bytes, fs_.Open(PathOf(file.name), io::OpenMode::kRead));
    if (bytes->size() != file.bytes) {
      return Corruption("the file has {} bytes, the manifest says {}", bytes->size(), file.bytes);
    }
    ASSIGN_OR_RETURN(auto reader, CheckpointFileReader::Open(*bytes));
    if (reader->kind() != KindOf(file.name)) return Corruption("the file is of another kind");
    while (true) {
      ASSIGN_OR_RETURN(bool more, reader->Next());
      if (!more) return Status::Ok();
      if (reader->entry().removed == removed) into.Apply(reader->entry());
    }
  };
  Status status = KindOf(file.name) == CheckpointFileKind::kCommit ? Status::Ok() : load(true);
  if (status.ok()) status = load(false);
  return status.WithContext(PathOf(file.name));
}

/// All state in one sorted file, which stands for the manifest's files from now on.
Result<std::shared_ptr<const SortedState>> CheckpointStore::Sort(Manifest& manifest) const {
  std::vector<DataFile>& files = manifest.state_files;
  if (files.size() > 1 || KindOf(files[0].name) != CheckpointFileKind::kBase) {
    std::vector<std::string> paths;
    for (const DataFile& file : files) paths.push_back(PathOf(file.name));
    std::string name = FileName("base", manifest.id, "-restored.state");
    ASSIGN_OR_RETURN(uint64_t size, MergeCheckpointFiles(fs_, paths, PathOf(name),
                                                         CheckpointFileKind::kBase, manifest.id));
    files = {{name, size}};
  }
  return SortedState::Open(fs_, PathOf(files[0].name));
}

Result<RestoredCheckpoint> CheckpointStore::Load(Manifest& manifest) const {
  RestoredCheckpoint restored;
  restored.id = manifest.id;
  restored.positions = manifest.positions;
  restored.is_savepoint = manifest.is_savepoint;
  uint64_t bytes = 0;
  for (const DataFile& file : manifest.state_files) bytes += file.bytes;
  if (bytes > kMappedBytesMax) {
    ASSIGN_OR_RETURN(restored.sorted, Sort(manifest));
  } else {
    for (const DataFile& file : manifest.state_files) {
      RETURN_IF_ERROR(LoadFile(file, restored.state));
    }
  }
  if (manifest.commit_file.has_value()) {
    RETURN_IF_ERROR(LoadFile(*manifest.commit_file, restored.commits));
  }
  return restored;
}

/// The newest first.
Result<std::vector<std::string>> CheckpointStore::ManifestsIn(io::FileSystem& fs,
                                                              const std::string& directory) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(directory));
  std::erase_if(names, [](const std::string& name) { return IdOfManifest(name) < 0; });
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return IdOfManifest(a) > IdOfManifest(b);
  });
  return names;
}

Result<std::optional<RestoredCheckpoint>> CheckpointStore::Restore() {
  ASSIGN_OR_RETURN(std::vector<std::string> names, ManifestsIn(fs_, directory_));
  if (names.empty()) return std::optional<RestoredCheckpoint>();
  bool is_fallback = false;
  for (const std::string& name : names) {
    last_id_ = std::max(last_id_, IdOfManifest(name));
    Result<Manifest> manifest = ReadManifest(name);
    if (manifest.ok() && manifest->plan_hash != plan_hash_) {
      return Conflict("{} was made by another plan", PathOf(name));
    }
    Result<RestoredCheckpoint> restored =
        manifest.ok() ? Load(*manifest) : Result<RestoredCheckpoint>(manifest.status());
    if (restored.ok()) {
      restored->is_fallback = is_fallback;
      state_files_ = manifest->state_files;
      positions_ = manifest->positions;
      return std::optional<RestoredCheckpoint>(std::move(*restored));
    }
    Log(LogLevel::kError, "compute",
        "CHECKPOINT DAMAGED, trying the one before: file={} error=\"{}\"", PathOf(name),
        restored.message());
    is_fallback = true;
  }
  return Corruption("none of the {} checkpoints in {} can be read", names.size(), directory_);
}

Result<CheckpointStore::DataFile> CheckpointStore::WriteFile(
    const std::string& name, int64_t id, const std::vector<const CheckpointEntries*>& parts,
    std::unique_ptr<CheckpointFileWriter> writer) const {
  if (writer == nullptr) {
    ASSIGN_OR_RETURN(writer, CheckpointFileWriter::Create(fs_, PathOf(name), KindOf(name), id));
  }
  for (const CheckpointEntries* part : parts) {
    uint64_t count = part->count();  // told with the first piece
    RETURN_IF_ERROR(part->ForEachPart(
        [&](std::string_view bytes) { return writer->Append(bytes, std::exchange(count, 0)); }));
  }
  ASSIGN_OR_RETURN(uint64_t size, writer->Finish());
  return DataFile{name, size};
}

Result<std::unique_ptr<CheckpointFileWriter>> CheckpointStore::CreateDelta(int64_t id) const {
  return CheckpointFileWriter::Create(fs_, PathOf(FileName("delta", id, ".state")),
                                      CheckpointFileKind::kDelta, id);
}

Status CheckpointStore::Write(int64_t id, const std::vector<ShardSnapshot>& shards,
                              std::unique_ptr<CheckpointFileWriter> delta) {
  TakeCompaction();
  Manifest manifest;
  manifest.id = id;
  manifest.plan_hash = plan_hash_;
  manifest.state_files = state_files_;
  std::vector<const CheckpointEntries*> state, commits;
  for (const ShardSnapshot& shard : shards) {
    if (shard.state.count() > 0) state.push_back(&shard.state);
    if (!shard.commits.empty()) commits.push_back(&shard.commits);
    for (const auto& [split, position] : shard.positions) manifest.positions[split] = position;
  }
  if (!state.empty() || delta != nullptr) {
    ASSIGN_OR_RETURN(DataFile file,
                     WriteFile(FileName("delta", id, ".state"), id, state, std::move(delta)));
    manifest.state_files.push_back(file);
  }
  if (!commits.empty()) {
    ASSIGN_OR_RETURN(manifest.commit_file,
                     WriteFile(FileName("commit", id, ".data"), id, commits, nullptr));
  }
  Failpoint("checkpoint.before_manifest");
  // Also syncs the directory, and with it the names of the data files.
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, PathOf(FileName("checkpoint", id, kManifestSuffix)),
                                          ToJson(manifest)));
  Failpoint("checkpoint.after_manifest");
  last_id_ = id;
  state_files_ = manifest.state_files;
  positions_ = manifest.positions;
  std::set<std::string>& needed = kept_[id];
  for (const DataFile& file : manifest.state_files) needed.insert(file.name);
  if (manifest.commit_file.has_value()) needed.insert(manifest.commit_file->name);
  RemoveUnused();
  StartCompaction(id);
  return Status::Ok();
}

void CheckpointStore::StartCompaction(int64_t id) {
  if (compaction_.valid()) return;
  // The longest tail whose first file is no larger than the others together: so sizes fall by half
  // from file to file, and an entry is written again only as often as its file doubles.
  size_t begin = state_files_.size();
  uint64_t behind = 0;
  for (size_t i = state_files_.size(); i-- > 0; behind += state_files_[i].bytes) {
    if (state_files_[i].bytes <= behind) begin = i;
  }
  if (state_files_.size() - begin < kMergedFilesMin) return;
  std::vector<DataFile> files(state_files_.begin() + static_cast<ptrdiff_t>(begin),
                              state_files_.end());
  merged_begin_ = begin;
  merged_end_ = state_files_.size();
  merged_name_ = FileName(begin == 0 ? "base" : "run", id, ".state");
  compaction_ = std::async(std::launch::async,
                           [this, id, files = std::move(files)] { return Compact(id, files); });
}

Result<CheckpointStore::DataFile> CheckpointStore::Compact(
    int64_t id, const std::vector<DataFile>& files) const {
  std::vector<std::string> paths;
  for (const DataFile& file : files) paths.push_back(PathOf(file.name));
  ASSIGN_OR_RETURN(uint64_t size, MergeCheckpointFiles(fs_, paths, PathOf(merged_name_),
                                                       KindOf(merged_name_), id));
  return DataFile{merged_name_, size};
}

void CheckpointStore::TakeCompaction() {
  if (!compaction_.valid() ||
      compaction_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;
  }
  Result<DataFile> merged = compaction_.get();
  if (!merged.ok()) {
    Log(LogLevel::kWarning, "compute", "checkpoint compaction failed directory={} error=\"{}\"",
        directory_, merged.message());
    return;
  }
  auto begin = state_files_.begin() + static_cast<ptrdiff_t>(merged_begin_);
  *begin = *merged;
  state_files_.erase(begin + 1, state_files_.begin() + static_cast<ptrdiff_t>(merged_end_));
}

void CheckpointStore::RemoveUnused() {
  while (kept_.size() > kKeptCheckpoints) kept_.erase(kept_.begin());
  std::set<std::string> needed;
  for (const auto& [id, files] : kept_) needed.insert(files.begin(), files.end());
  Result<std::vector<std::string>> names = fs_.List(directory_);
  if (!names.ok()) return;
  int64_t oldest_kept = kept_.begin()->first;
  // After a restart the checkpoints of the run before are kept until enough new ones stand.
  if (kept_.size() < kKeptCheckpoints) return;
  // Manifests go first: a manifest never names a file that is gone.
  for (const std::string& name : *names) {
    int64_t id = IdOfManifest(name);
    if (id >= 0 && id < oldest_kept) (void)fs_.Remove(PathOf(name));
  }
  for (const std::string& name : *names) {
    bool is_data = name.ends_with(".state") || name.ends_with(".data");
    bool is_being_made =
        compaction_.valid() && (name == merged_name_ || name.starts_with(kMergePiecePrefix));
    if (is_data && !is_being_made && !needed.contains(name)) (void)fs_.Remove(PathOf(name));
  }
}

}  // namespace forebay::compute
