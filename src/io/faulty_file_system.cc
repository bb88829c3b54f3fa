#include "io/faulty_file_system.h"

#include <algorithm>
#include <cerrno>

namespace forebay::io {

class FaultyFileSystem::FaultyFile : public File {
 public:
  FaultyFile(FaultyFileSystem& owner, std::string path, std::unique_ptr<File> base)
      : owner_(owner), path_(std::move(path)), base_(std::move(base)) {}

  using File::Append;
  Status Append(std::span<const std::string_view> parts) override {
    int64_t bytes = 0;
    for (std::string_view part : parts) bytes += std::ssize(part);
    RETURN_IF_ERROR(owner_.TakeSpace(bytes, path_));
    return base_->Append(parts);
  }
  Status WriteAt(uint64_t offset, std::string_view bytes) override {
    return base_->WriteAt(offset, bytes);
  }
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) override {
    return base_->ReadAt(offset, size, out);
  }
  Status Sync() override {
    {
      std::lock_guard lock(owner_.mutex_);
      if (owner_.syncs_fail_) return ErrnoError(EIO, "sync", path_);
    }
    owner_.OnSynced(path_, base_->size());
    return {};  // the bytes need not reach a disk to survive LoseUnsynced
  }
  Status Truncate(uint64_t size) override {
    RETURN_IF_ERROR(base_->Truncate(size));
    owner_.OnTruncated(path_, size);
    return {};
  }
  uint64_t size() const override { return base_->size(); }

 private:
  FaultyFileSystem& owner_;
  const std::string path_;
  const std::unique_ptr<File> base_;
};

void FaultyFileSystem::FailWritesAfter(int64_t bytes) {
  std::lock_guard lock(mutex_);
  space_left_ = bytes;
}

void FaultyFileSystem::FailSyncs(bool fail) {
  std::lock_guard lock(mutex_);
  syncs_fail_ = fail;
}

Status FaultyFileSystem::TakeSpace(int64_t bytes, const std::string& path) {
  std::lock_guard lock(mutex_);
  if (space_left_ < 0) return {};
  if (space_left_ < bytes) return ErrnoError(ENOSPC, "write", path);
  space_left_ -= bytes;
  return {};
}

void FaultyFileSystem::OnSynced(const std::string& path, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  files_[path].synced_bytes = bytes;
}

void FaultyFileSystem::OnTruncated(const std::string& path, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  State& state = files_[path];
  state.synced_bytes = std::min(state.synced_bytes, bytes);
}

Result<std::unique_ptr<File>> FaultyFileSystem::Open(const std::string& path, OpenMode mode) {
  ASSIGN_OR_RETURN(bool existed, base_.Exists(path));
  ASSIGN_OR_RETURN(auto file, base_.Open(path, mode));
  std::lock_guard lock(mutex_);
  if (!files_.contains(path)) files_[path] = {existed ? file->size() : 0, existed};
  if (mode == OpenMode::kTruncate || mode == OpenMode::kDirect) files_[path].synced_bytes = 0;
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, path, std::move(file)));
}

Status FaultyFileSystem::SyncDirectory(const std::string& directory) {
  std::lock_guard lock(mutex_);
  for (auto& [path, state] : files_) {
    if (ParentPath(path) == directory) state.entry_synced = true;
  }
  std::erase_if(replaced_, [&](const auto& entry) { return ParentPath(entry.first) == directory; });
  return {};
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(bool existed, base_.Exists(to));
  std::string content;
  if (existed) {
    ASSIGN_OR_RETURN(bool directory, base_.IsDirectory(to));
    if (!directory) {
      ASSIGN_OR_RETURN(content, ReadFile(base_, to));
    }
  }
  RETURN_IF_ERROR(base_.Rename(from, to));
  std::lock_guard lock(mutex_);
  replaced_.try_emplace(to, Replaced{existed, std::move(content)});
  files_[to] = files_[from];
  files_.erase(from);
  return {};
}

Status FaultyFileSystem::Remove(const std::string& path) {
  RETURN_IF_ERROR(base_.Remove(path));
  std::lock_guard lock(mutex_);
  files_.erase(path);
  return {};
}

Status FaultyFileSystem::RemoveAll(const std::string& path) {
  RETURN_IF_ERROR(base_.RemoveAll(path));
  std::lock_guard lock(mutex_);
  std::erase_if(files_, [&](const auto& entry) { return entry.first.starts_with(path + "/"); });
  return {};
}

Status FaultyFileSystem::LoseUnsynced(std::mt19937& random, bool torn) {
  std::lock_guard lock(mutex_);
  for (const auto& [path, before] : replaced_) {
    if (!before.existed) {
      RETURN_IF_ERROR(base_.Remove(path));
    } else {
      ASSIGN_OR_RETURN(auto file, base_.Open(path, OpenMode::kTruncate));
      RETURN_IF_ERROR(file->Append(before.content));
    }
    files_.erase(path);
  }
  replaced_.clear();
  for (const auto& [path, state] : files_) {
    ASSIGN_OR_RETURN(bool exists, base_.Exists(path));
    if (!exists) continue;
    if (!state.entry_synced) {
      RETURN_IF_ERROR(base_.Remove(path));
      continue;
    }
    ASSIGN_OR_RETURN(auto file, base_.Open(path, OpenMode::kReadWrite));
    if (file->size() <= state.synced_bytes) continue;
    uint64_t unsynced = file->size() - state.synced_bytes;
    uint64_t kept = torn ? random() % (unsynced + 1) : 0;
    RETURN_IF_ERROR(file->Truncate(state.synced_bytes + kept));
    if (kept > 0 && random() % 2 == 0) {
      // The file has grown, but a sector of it was never written.
      RETURN_IF_ERROR(file->WriteAt(state.synced_bytes + kept - 1, std::string_view("\0", 1)));
    }
  }
  files_.clear();
  return {};
}

}  // namespace forebay::io
