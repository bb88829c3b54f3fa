#include <unistd.h>

#include <algorithm>

#include "io/remote_files.h"

namespace forebay::io {
namespace {

constexpr size_t kCopyBytes = 1 << 20;

class LocalRemoteFiles : public RemoteFiles {
 public:
  explicit LocalRemoteFiles(FileSystem& fs) : fs_(fs) {}

  Status Share(const std::string& local, const std::string& remote) override {
    std::string directory = ParentPath(remote);
    RETURN_IF_ERROR(fs_.CreateDirectories(directory));
    // A second name costs nothing; other disks, and file systems without links, get a copy.
    if (::link(local.c_str(), remote.c_str()) == 0) return fs_.SyncDirectory(directory);
    ASSIGN_OR_RETURN(uint64_t size, fs_.FileSize(local));
    return Upload(local, size, remote);
  }

  Status Upload(const std::string& local, uint64_t size, const std::string& remote) override {
    std::string directory = ParentPath(remote);
    RETURN_IF_ERROR(fs_.CreateDirectories(directory));
    Status copied = Copy(local, size, remote);
    if (copied.ok()) return fs_.SyncDirectory(directory);
    static_cast<void>(fs_.Remove(remote));  // else a later clean-up does
    return copied;
  }

  Status Put(const std::string& remote, std::string_view bytes) override {
    RETURN_IF_ERROR(fs_.CreateDirectories(ParentPath(remote)));
    return WriteFileAtomically(fs_, remote, bytes);
  }

  Result<std::unique_ptr<File>> Open(const std::string& remote) override {
    return fs_.Open(remote, OpenMode::kRead);
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    ASSIGN_OR_RETURN(bool exists, fs_.IsDirectory(directory));
    if (!exists) return std::vector<std::string>();
    return fs_.List(directory);
  }

  Status Remove(const std::string& remote) override {
    Status removed = fs_.Remove(remote);
    return !removed.ok() && removed.kind() == ErrorKind::kNotFound ? Status() : removed;
  }

  Status RemoveAll(const std::string& directory) override { return fs_.RemoveAll(directory); }

 private:
  Status Copy(const std::string& local, uint64_t size, const std::string& remote) {
    ASSIGN_OR_RETURN(auto from, fs_.Open(local, OpenMode::kRead));
    ASSIGN_OR_RETURN(auto to, fs_.Open(remote, OpenMode::kTruncate));
    std::string piece;
    for (uint64_t at = 0; at < size; at += piece.size()) {
      piece.resize(std::min<uint64_t>(kCopyBytes, size - at));
      ASSIGN_OR_RETURN(size_t read, from->ReadAt(at, piece.size(), piece.data()));
      if (read < piece.size()) return IoError("{} became shorter", local);
      RETURN_IF_ERROR(to->Append(piece));
    }
    return to->Sync();
  }

  FileSystem& fs_;
};

}  // namespace

std::unique_ptr<RemoteFiles> MakeLocalRemoteFiles(FileSystem& fs) {
  return std::make_unique<LocalRemoteFiles>(fs);
}

}  // namespace forebay::io
