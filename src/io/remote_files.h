#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"

namespace forebay::io {

/// Where snapshots and old log segments are kept, beside the disk that serves: whole files under
/// paths, written once, read at any place, removed. This is what an object store can do; the local
/// file system is one implementation (org.apache.fluss.fs.FileSystem). Thread-safe.
class RemoteFiles {
 public:
  virtual ~RemoteFiles() = default;

  /// Brings a local file that will never change again to `remote`; durable when it returns. May
  /// share the bytes with it instead of copying them.
  virtual Status Share(const std::string& local, const std::string& remote) = 0;
  /// Copies a local file's first `size` bytes to `remote`; durable when it returns.
  virtual Status Upload(const std::string& local, uint64_t size, const std::string& remote) = 0;
  /// Writes a whole file: it is there with all its bytes, durably, or not at all.
  virtual Status Put(const std::string& remote, std::string_view bytes) = 0;
  /// Opens a file for reading; kNotFound.
  virtual Result<std::unique_ptr<File>> Open(const std::string& remote) = 0;
  /// The names in a directory; none when it does not exist.
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  /// Removes a file; a missing one is fine.
  virtual Status Remove(const std::string& remote) = 0;
  /// Removes a directory with all in it; a missing one is fine.
  virtual Status RemoveAll(const std::string& directory) = 0;
};

/// Files of `fs`, which must outlive them.
std::unique_ptr<RemoteFiles> MakeLocalRemoteFiles(FileSystem& fs);

}  // namespace forebay::io
