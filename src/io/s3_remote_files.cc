#include "io/s3_remote_files.h"

#include <arrow/buffer.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/io_util.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/percent_encoding.h"

namespace forebay::io {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr size_t kCopyBytes = 1 << 20;
/// Loaded when it is first needed: few servers have an object store, and all would pay for it.
constexpr const char* kLibrary = "libarrow_s3.so.2600";

Status FromArrow(const arrow::Status& status, std::string_view action, std::string_view path) {
  if (status.ok()) return {};
  bool is_missing = arrow::internal::ErrnoFromStatus(status) == ENOENT;
  return Error{is_missing ? ErrorKind::kNotFound : ErrorKind::kIoError,
               fmt::format("cannot {} {}: {}", action, path, status.message())};
}

Status LoadLibrary() {
  static const arrow::Status kLoaded = arrow::fs::LoadFileSystemFactories(kLibrary);
  if (kLoaded.ok()) return {};
  return NotSupported("object stores need {}: {}", kLibrary, kLoaded.message());
}

/// Amazon's library has threads of its own, which must have ended before its statics do: made after
/// them, destroyed before.
struct S3Finalizer {
  ~S3Finalizer() { arrow::fs::EnsureFinalized(); }
};

Result<std::string> UriOf(const S3Options& options) {
  if (options.access_key.empty() != options.secret_key.empty()) {
    return InvalidArgument("s3.access-key and s3.secret-key go together");
  }
  std::string_view host = options.endpoint;
  std::string_view scheme = "https";
  if (size_t colon = host.find("://"); colon != std::string_view::npos) {
    scheme = host.substr(0, colon);
    host.remove_prefix(colon + 3);
  }
  while (host.ends_with('/')) host.remove_suffix(1);
  if ((scheme != "http" && scheme != "https") || host.find('/') != std::string_view::npos) {
    return InvalidArgument("s3.endpoint '{}' must be http://host:port or https://host:port",
                           options.endpoint);
  }
  std::string user;
  if (!options.access_key.empty()) {
    user = PercentEncoded(options.access_key) + ":" + PercentEncoded(options.secret_key) + "@";
  }
  std::string uri =
      fmt::format("s3://{}any?scheme={}&region={}", user, scheme, PercentEncoded(options.region));
  if (!host.empty()) uri += "&endpoint_override=" + PercentEncoded(host);
  return uri;
}

/// An object opened for reading.
class S3File : public File {
 public:
  S3File(std::shared_ptr<arrow::io::RandomAccessFile> file, uint64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) override {
    if (offset >= size_) return size_t{0};
    auto read = file_->ReadAt(static_cast<int64_t>(offset),
                              static_cast<int64_t>(std::min<uint64_t>(size, size_ - offset)), out);
    RETURN_IF_ERROR(FromArrow(read.status(), "read", path_));
    return static_cast<size_t>(*read);
  }
  uint64_t size() const override { return size_; }

  Status Append(std::span<const std::string_view>) override { return Written(); }
  Status WriteAt(uint64_t, std::string_view) override { return Written(); }
  Status Sync() override { return Written(); }
  Status Truncate(uint64_t) override { return Written(); }

 private:
  Status Written() const { return NotSupported("{} is written once", path_); }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const uint64_t size_;
  const std::string path_;
};

class S3RemoteFiles : public RemoteFiles {
 public:
  S3RemoteFiles(std::shared_ptr<arrow::fs::FileSystem> store, FileSystem& local)
      : store_(std::move(store)), local_(local) {}

  Status Share(const std::string& local, const std::string& remote) override {
    ASSIGN_OR_RETURN(uint64_t size, local_.FileSize(local));
    return Upload(local, size, remote);
  }

  Status Upload(const std::string& local, uint64_t size, const std::string& remote) override {
    ASSIGN_OR_RETURN(auto from, local_.Open(local, OpenMode::kRead));
    ASSIGN_OR_RETURN(auto to, Create(remote));
    std::string piece;
    for (uint64_t at = 0; at < size; at += piece.size()) {
      piece.resize(std::min<uint64_t>(kCopyBytes, size - at));
      auto read = from->ReadAt(at, piece.size(), piece.data());
      Status copied = internal::ToStatus(read);
      if (copied.ok() && *read < piece.size()) copied = IoError("{} became shorter", local);
      if (copied.ok()) copied = Write(*to, piece, remote);
      if (!copied.ok()) return Abandon(*to, std::move(copied));
    }
    return FromArrow(to->Close(), "write", remote);
  }

  Status Put(const std::string& remote, std::string_view bytes) override {
    ASSIGN_OR_RETURN(auto to, Create(remote));
    Status written = Write(*to, bytes, remote);
    if (!written.ok()) return Abandon(*to, std::move(written));
    return FromArrow(to->Close(), "write", remote);
  }

  Result<std::unique_ptr<File>> Open(const std::string& remote) override {
    auto file = store_->OpenInputFile(KeyOf(remote));
    RETURN_IF_ERROR(FromArrow(file.status(), "open", remote));
    auto size = (*file)->GetSize();
    RETURN_IF_ERROR(FromArrow(size.status(), "open", remote));
    return std::unique_ptr<File>(
        std::make_unique<S3File>(std::move(*file), static_cast<uint64_t>(*size), remote));
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    arrow::fs::FileSelector selector;
    selector.base_dir = KeyOf(directory);
    selector.allow_not_found = true;
    auto found = store_->GetFileInfo(selector);
    RETURN_IF_ERROR(FromArrow(found.status(), "list", directory));
    std::vector<std::string> names;
    for (const arrow::fs::FileInfo& info : *found) names.push_back(info.base_name());
    std::ranges::sort(names);
    return names;
  }

  Status Remove(const std::string& remote) override {
    return MissingIsFine(FromArrow(store_->DeleteFile(KeyOf(remote)), "remove", remote));
  }

  Status RemoveAll(const std::string& directory) override {
    return MissingIsFine(FromArrow(store_->DeleteDir(KeyOf(directory)), "remove", directory));
  }

 private:
  static std::string KeyOf(const std::string& path) { return path.substr(kScheme.size()); }

  static Status MissingIsFine(Status status) {
    return !status.ok() && status.kind() == ErrorKind::kNotFound ? Status() : status;
  }

  static Status Write(arrow::io::OutputStream& to, std::string_view bytes,
                      const std::string& remote) {
    return FromArrow(to.Write(bytes.data(), static_cast<int64_t>(bytes.size())), "write", remote);
  }

  /// What was sent of an object that is not finished is never seen.
  static Status Abandon(arrow::io::OutputStream& to, Status cause) {
    static_cast<void>(to.Abort());
    return cause;
  }

  Result<std::shared_ptr<arrow::io::OutputStream>> Create(const std::string& remote) {
    auto stream = store_->OpenOutputStream(KeyOf(remote));
    RETURN_IF_ERROR(FromArrow(stream.status(), "write", remote));
    return std::move(*stream);
  }

  const std::shared_ptr<arrow::fs::FileSystem> store_;
  FileSystem& local_;
};

}  // namespace

bool IsS3Path(std::string_view path) { return path.starts_with(kScheme); }

Result<std::unique_ptr<RemoteFiles>> MakeS3RemoteFiles(const S3Options& options,
                                                       FileSystem& local) {
  ASSIGN_OR_RETURN(std::string uri, UriOf(options));
  RETURN_IF_ERROR(LoadLibrary());
  auto store = arrow::fs::FileSystemFromUri(uri);
  static const S3Finalizer kFinalizer;
  RETURN_IF_ERROR(FromArrow(store.status(), "reach", options.endpoint));
  return std::unique_ptr<RemoteFiles>(std::make_unique<S3RemoteFiles>(std::move(*store), local));
}

}  // namespace forebay::io
