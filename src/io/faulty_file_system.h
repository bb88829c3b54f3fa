#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "io/file_system.h"

namespace forebay::io {

/// For tests: a file system over another one that can fail, and that can lose what was not synced,
/// as a power failure does. It works on the real files below a directory, so that other code may
/// use them too. Thread-safe.
class FaultyFileSystem : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& base) : base_(base) {}

  /// Writes from now on fail with ENOSPC after `bytes` more; -1: never.
  void FailWritesAfter(int64_t bytes);
  /// All syncs of files from now on fail with EIO, or work again.
  void FailSyncs(bool fail);
  /// Puts every file back to its last sync: written bytes behind it are gone, or (torn) a random
  /// part of them stays; new files and renames in directories that were not synced are undone.
  /// Close all files first.
  Status LoseUnsynced(std::mt19937& random, bool torn);

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<bool> Exists(const std::string& path) override { return base_.Exists(path); }
  Result<uint64_t> FileSize(const std::string& path) override { return base_.FileSize(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override {
    return base_.List(directory);
  }
  Result<bool> IsDirectory(const std::string& path) override { return base_.IsDirectory(path); }
  Status CreateDirectories(const std::string& path) override {
    return base_.CreateDirectories(path);
  }
  Status SyncDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveAll(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return base_.Lock(path);
  }

 private:
  class FaultyFile;
  struct State {
    uint64_t synced_bytes = 0;
    bool entry_synced = false;  ///< the name is durable
  };
  /// What a name was before an unsynced rename over it.
  struct Replaced {
    bool existed = false;
    std::string content;
  };

  /// ENOSPC when the bytes no longer fit.
  Status TakeSpace(int64_t bytes, const std::string& path);
  void OnSynced(const std::string& path, uint64_t bytes);
  void OnTruncated(const std::string& path, uint64_t bytes);

  FileSystem& base_;
  std::mutex mutex_;  ///< guards all below
  int64_t space_left_ = -1;
  bool syncs_fail_ = false;
  std::map<std::string, State> files_;
  std::map<std::string, Replaced> replaced_;
};

}  // namespace forebay::io
