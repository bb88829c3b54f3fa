#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace forebay::io {

enum class OpenMode {
  kRead,       ///< must exist; only ReadAt and size work
  kReadWrite,  ///< created when missing; appends go to the end
  kTruncate,   ///< like kReadWrite, but starts empty
  /// Like kTruncate, for appends only: those that are multiples of kDirectAlignment in memory and
  /// in the file go past the page cache, as long as all before them did and the disk can.
  kDirect,
};

inline constexpr size_t kDirectAlignment = 4096;

/// An open file that grows at its end. ReadAt may be called by any thread at any time; all else by
/// one thread at a time.
class File {
 public:
  virtual ~File() = default;
  /// Writes all parts at the end, or changes nothing: after a failure the file has its former size,
  /// unless cutting it back failed too (kCorruption).
  virtual Status Append(std::span<const std::string_view> parts) = 0;
  Status Append(std::string_view bytes) { return Append(std::span(&bytes, 1)); }
  /// Overwrites bytes that exist.
  virtual Status WriteAt(uint64_t offset, std::string_view bytes) = 0;
  /// Reads up to `size` bytes; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) = 0;
  /// Returns when all that was written is on the disk (fdatasync). After a failure nothing may be
  /// assumed of any byte written since the last success.
  virtual Status Sync() = 0;
  virtual Status Truncate(uint64_t size) = 0;
  virtual uint64_t size() const = 0;
};

/// A lock on a file that ends with the object or with the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// The operating system's files, as far as storage uses them; tests put a faulty one in its place.
/// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual Result<bool> Exists(const std::string& path) = 0;
  virtual Result<uint64_t> FileSize(const std::string& path) = 0;
  /// The names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual Result<bool> IsDirectory(const std::string& path) = 0;
  /// Makes the directory and its parents; existing ones are fine. The new entries are durable.
  virtual Status CreateDirectories(const std::string& path) = 0;
  /// Makes the names in `directory` durable.
  virtual Status SyncDirectory(const std::string& directory) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// kNotFound when there is no such file.
  virtual Status Remove(const std::string& path) = 0;
  /// Removes a directory with all in it; a missing one is fine.
  virtual Status RemoveAll(const std::string& path) = 0;
  /// Locks `path` (created when missing) for this process; kUnavailable names the process that
  /// holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

/// The real one.
std::unique_ptr<FileSystem> MakePosixFileSystem();

/// Replaces `path` by `bytes` so that after a crash the file has either its old or its new content:
/// a temporary file is written, synced and renamed, and the directory is synced.
Status WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view bytes);
Result<std::string> ReadFile(FileSystem& fs, const std::string& path);

/// What WriteFileAtomically appends to a path for its temporary file; leftovers may be removed at
/// start.
inline constexpr std::string_view kTemporarySuffix = ".tmp";

/// `directory`/`name`.
std::string JoinPath(std::string_view directory, std::string_view name);
/// The directory part of `path`, "." when there is none.
std::string ParentPath(std::string_view path);

}  // namespace forebay::io
