// Savepoints: checkpoints that stand for themselves. The rest of CheckpointStore is in
// checkpoint_store.cc.

#include "base/crc32c.h"
#include "compute/checkpoint/checkpoint_merge.h"
#include "compute/checkpoint/checkpoint_store.h"

namespace forebay::compute {
namespace {

std::string ManifestName(int64_t id) { return fmt::format("checkpoint-{:012}.manifest", id); }

Status CopyFile(io::FileSystem& fs, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(auto source, fs.Open(from, io::OpenMode::kRead));
  ASSIGN_OR_RETURN(auto target, fs.Open(to, io::OpenMode::kTruncate));
  std::string piece(1 << 20, 0);
  for (uint64_t at = 0; at < source->size();) {
    ASSIGN_OR_RETURN(size_t read, source->ReadAt(at, piece.size(), piece.data()));
    if (read == 0) return Corruption("{} ends at {}", from, at);
    RETURN_IF_ERROR(target->Append(std::string_view(piece).substr(0, read)));
    at += read;
  }
  return target->Sync();
}

}  // namespace

Status CheckpointStore::WriteSavepoint(const std::string& directory) {
  if (compaction_.valid()) compaction_.wait();
  TakeCompaction();
  RETURN_IF_ERROR(fs_.CreateDirectories(directory));
  Manifest manifest;
  manifest.id = std::max<int64_t>(last_id_, 1);
  manifest.plan_hash = plan_hash_;
  manifest.positions = positions_;
  manifest.is_savepoint = true;
  if (!state_files_.empty()) {
    std::vector<std::string> paths;
    for (const DataFile& file : state_files_) paths.push_back(PathOf(file.name));
    std::string name = fmt::format("base-{:012}.state", manifest.id);
    ASSIGN_OR_RETURN(uint64_t size, MergeCheckpointFiles(fs_, paths, io::JoinPath(directory, name),
                                                         CheckpointFileKind::kBase, manifest.id));
    manifest.state_files.push_back({name, size});
  }
  return io::WriteFileAtomically(fs_, io::JoinPath(directory, ManifestName(manifest.id)),
                                 ToJson(manifest));
}

Status CheckpointStore::ImportSavepoint(io::FileSystem& fs, const std::string& savepoint,
                                        const std::string& directory,
                                        const std::string& plan_hash) {
  auto names = ManifestsIn(fs, savepoint);
  if (!names.ok() || names->empty()) return NotFound("there is no savepoint in {}", savepoint);
  std::string path = io::JoinPath(savepoint, names->front());
  ASSIGN_OR_RETURN(std::string text, io::ReadFile(fs, path));
  auto read = FromJson(text);
  if (!read.ok()) return read.status().WithContext(path);
  Manifest manifest = std::move(*read);
  if (manifest.plan_hash != plan_hash) {
    Error error =
        Conflict("the savepoint {} is of another statement or of other tables", savepoint);
    error.hint = "a job starts from a savepoint of the same statement over the same tables";
    return error;
  }
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  for (const DataFile& file : manifest.state_files) {
    RETURN_IF_ERROR(
        CopyFile(fs, io::JoinPath(savepoint, file.name), io::JoinPath(directory, file.name)));
  }
  // What was committed is no business of the new job's.
  manifest.commit_file.reset();
  manifest.is_savepoint = true;
  return io::WriteFileAtomically(fs, io::JoinPath(directory, ManifestName(manifest.id)),
                                 ToJson(manifest));
}

}  // namespace forebay::compute
