#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>

#include "io/file_system.h"

namespace forebay::io {
namespace {

/// Parts of one writev call; more than IOV_MAX is refused by the kernel.
constexpr size_t kPartsPerCall = 256;

class PosixFile : public File {
 public:
  PosixFile(int descriptor, std::string path, uint64_t size, bool direct)
      : descriptor_(descriptor), path_(std::move(path)), size_(size), is_direct_(direct) {}
  ~PosixFile() override { ::close(descriptor_); }

  using File::Append;
  Status Append(std::span<const std::string_view> parts) override {
    uint64_t old_size = size_;
    uint64_t position = old_size;
    if (is_direct_ && !IsAligned(parts)) RETURN_IF_ERROR(LeaveDirect());
    while (!parts.empty()) {
      auto some = parts.first(std::min(parts.size(), kPartsPerCall));
      Status status = WriteParts(some, &position);
      if (!status.ok()) return CutBack(old_size, std::move(status));
      parts = parts.subspan(some.size());
    }
    size_ = position;
    return {};
  }

  Status WriteAt(uint64_t offset, std::string_view bytes) override {
    return WriteParts(std::span(&bytes, 1), &offset);
  }

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) override {
    size_t done = 0;
    while (done < size) {
      ssize_t count = ::pread(descriptor_, out + done, size - done, offset + done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Status(ErrnoError(errno, "read", path_));
      if (count == 0) break;
      done += count;
    }
    return done;
  }

  Status Sync() override {
    if (::fdatasync(descriptor_) != 0) return ErrnoError(errno, "sync", path_);
    return {};
  }

  Status Truncate(uint64_t size) override {
    if (::ftruncate(descriptor_, size) != 0) return ErrnoError(errno, "truncate", path_);
    size_ = size;
    return {};
  }

  uint64_t size() const override { return size_; }

 private:
  Status WriteParts(std::span<const std::string_view> parts, uint64_t* position) {
    iovec vectors[kPartsPerCall];
    for (size_t i = 0; i < parts.size(); ++i) {
      vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    }
    size_t next = 0;
    while (next < parts.size()) {
      ssize_t count = ::pwritev(descriptor_, vectors + next, parts.size() - next, *position);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EINVAL && is_direct_) {  // larger blocks, or behind a short write
        RETURN_IF_ERROR(LeaveDirect());
        continue;
      }
      if (count < 0) return ErrnoError(errno, "write", path_);
      *position += count;
      for (size_t left = count; next < parts.size() && left >= vectors[next].iov_len; ++next) {
        left -= vectors[next].iov_len;
        count = left;
      }
      if (next < parts.size()) Advance(vectors[next], count);
    }
    return {};
  }

  static bool IsAligned(std::span<const std::string_view> parts) {
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
      return (reinterpret_cast<uintptr_t>(part.data()) | part.size()) % kDirectAlignment == 0;
    });
  }

  /// From now on through the page cache.
  Status LeaveDirect() {
    is_direct_ = false;
    if (::fcntl(descriptor_, F_SETFL, 0) == 0) return {};
    return ErrnoError(errno, "leave direct writing of", path_);
  }

  static void Advance(iovec& vector, size_t count) {
    vector.iov_base = static_cast<char*>(vector.iov_base) + count;
    vector.iov_len -= count;
  }

  Status CutBack(uint64_t size, Status failure) {
    if (::ftruncate(descriptor_, size) == 0) return failure;
    return Corruption("{} may hold part of a failed write ({}) and cannot be cut back: {}", path_,
                      failure.message(), ErrnoError(errno, "truncate", path_).message);
  }

  int descriptor_;
  std::string path_;
  std::atomic<uint64_t> size_;
  bool is_direct_;  ///< and so the size is aligned
};

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixFileLock() override { ::close(descriptor_); }

 private:
  int descriptor_;
};

Error FilesystemError(const std::error_code& code, std::string_view action, std::string_view path) {
  return ErrnoError(code.value(), action, path);
}

std::string HolderOf(int descriptor) {
  char text[32];
  ssize_t count = ::pread(descriptor, text, sizeof(text), 0);
  std::string holder(text, std::max<ssize_t>(count, 0));
  holder.resize(std::min(holder.find('\n'), holder.size()));
  return holder.empty() ? "another process" : "process " + holder;
}

class PosixFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = mode == OpenMode::kRead ? O_RDONLY : O_RDWR | O_CREAT;
    bool direct = mode == OpenMode::kDirect;
    if (direct || mode == OpenMode::kTruncate) flags |= O_TRUNC;
    int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | (direct ? O_DIRECT : 0), 0644);
    if (direct && descriptor < 0 && errno == EINVAL) {
      direct = false;
      descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    }
    if (descriptor < 0) return Status(ErrnoError(errno, "open", path));
    struct stat info{};
    if (::fstat(descriptor, &info) != 0) {
      Error error = ErrnoError(errno, "stat", path);
      ::close(descriptor);
      return error;
    }
    return std::unique_ptr<File>(
        std::make_unique<PosixFile>(descriptor, path, info.st_size, direct));
  }

  Result<bool> Exists(const std::string& path) override {
    std::error_code code;
    bool exists = std::filesystem::exists(path, code);
    if (code) return Status(FilesystemError(code, "look at", path));
    return exists;
  }

  Result<uint64_t> FileSize(const std::string& path) override {
    std::error_code code;
    uint64_t size = std::filesystem::file_size(path, code);
    if (code) return Status(FilesystemError(code, "look at", path));
    return size;
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    std::error_code code;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(directory, code);
    for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
      names.push_back(entry->path().filename().string());
    }
    if (code) return Status(FilesystemError(code, "list", directory));
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<bool> IsDirectory(const std::string& path) override {
    std::error_code code;
    bool is = std::filesystem::is_directory(path, code);
    if (code && code != std::errc::no_such_file_or_directory) {
      return Status(FilesystemError(code, "look at", path));
    }
    return is;
  }

  Status CreateDirectories(const std::string& path) override {
    ASSIGN_OR_RETURN(bool exists, IsDirectory(path));
    if (exists) return {};
    std::string parent = ParentPath(path);
    if (parent != path) RETURN_IF_ERROR(CreateDirectories(parent));
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
      return ErrnoError(errno, "make the directory", path);
    }
    return SyncDirectory(parent);
  }

  Status SyncDirectory(const std::string& directory) override {
    int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return ErrnoError(errno, "open", directory);
    Status status;
    if (::fsync(descriptor) != 0) status = ErrnoError(errno, "sync", directory);
    ::close(descriptor);
    return status;
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoError(errno, "rename", from);
    return {};
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return ErrnoError(errno, "remove", path);
    return {};
  }

  Status RemoveAll(const std::string& path) override {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (code) return FilesystemError(code, "remove", path);
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return Status(ErrnoError(errno, "open", path));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      int cause = errno;
      std::string holder = HolderOf(descriptor);
      ::close(descriptor);
      if (cause != EWOULDBLOCK) return Status(ErrnoError(cause, "lock", path));
      return Unavailable("{} is in use by {}", path, holder);
    }
    std::string pid = fmt::format("{}\n", ::getpid());
    bool written = ::ftruncate(descriptor, 0) == 0 &&
                   ::pwrite(descriptor, pid.data(), pid.size(), 0) == std::ssize(pid);
    // The number only serves the message; a full disk must not keep the server from starting.
    static_cast<void>(written);
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(descriptor));
  }
};

}  // namespace

std::unique_ptr<FileSystem> MakePosixFileSystem() { return std::make_unique<PosixFileSystem>(); }

}  // namespace forebay::io
