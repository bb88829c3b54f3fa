#include "io/file_system.h"

#include "base/failpoint.h"

namespace forebay::io {

std::string JoinPath(std::string_view directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

std::string ParentPath(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

Status WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view bytes) {
  std::string temporary = path + std::string(kTemporarySuffix);
  {
    ASSIGN_OR_RETURN(auto file, fs.Open(temporary, OpenMode::kTruncate));
    RETURN_IF_ERROR(file->Append(bytes));
    RETURN_IF_ERROR(file->Sync());
  }
  Failpoint("file.before_rename");
  RETURN_IF_ERROR(fs.Rename(temporary, path));
  Failpoint("file.after_rename");
  return fs.SyncDirectory(ParentPath(path));
}

Result<std::string> ReadFile(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(auto file, fs.Open(path, OpenMode::kRead));
  std::string bytes(file->size(), '\0');
  ASSIGN_OR_RETURN(size_t read, file->ReadAt(0, bytes.size(), bytes.data()));
  bytes.resize(read);
  return bytes;
}

}  // namespace forebay::io
