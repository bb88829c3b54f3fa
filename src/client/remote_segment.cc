#include "client/remote_segment.h"

#include <algorithm>

#include "format/batch/log_batch.h"
#include "io/file_system.h"

namespace forebay::client {

namespace {

constexpr uint64_t kReadBytes = 1 << 20;
/// A batch that says it is longer is damaged.
constexpr uint64_t kBatchBytesMax = 512 << 20;
constexpr std::string_view kFileScheme = "file:";

/// "file:///a", "file:/a" and "/a" are "/a".
Result<std::string> LocalPath(const std::string& directory) {
  std::string path = directory;
  if (path.starts_with(kFileScheme)) path = path.substr(kFileScheme.size());
  if (path.starts_with("///")) path = path.substr(2);
  if (path.starts_with('/') && !path.starts_with("//")) return path;
  return NotSupported("rows of a log that are in remote storage at {}: only directories are read",
                      directory);
}

Result<std::string> ReadAt(io::File& file, uint64_t position, uint64_t bytes) {
  std::string out(std::min(bytes, file.size() - position), '\0');
  ASSIGN_OR_RETURN(size_t read, file.ReadAt(position, out.size(), out.data()));
  out.resize(read);
  return out;
}

}  // namespace

Result<std::shared_ptr<const std::string>> ReadRemoteSegment(
    const rpc::PbRemoteLogFetchInfo& info) {
  if (info.remote_log_segments.empty()) return Corruption("rows in no remote segment");
  ASSIGN_OR_RETURN(std::string directory, LocalPath(info.remote_log_tablet_dir));
  const rpc::PbRemoteLogSegment& segment = info.remote_log_segments.front();
  std::string path = fmt::format("{}/{}/{:020}.log", directory, segment.remote_log_segment_id,
                                 segment.remote_log_start_offset);
  auto files = io::MakePosixFileSystem();
  ASSIGN_OR_RETURN(auto file, files->Open(path, io::OpenMode::kRead));
  auto position = static_cast<uint64_t>(std::max(info.first_start_pos.value_or(0), 0));
  if (position >= file->size()) return Corruption("{} ends before {}", path, position);
  ASSIGN_OR_RETURN(std::string bytes, ReadAt(*file, position, kReadBytes));
  auto header = format::ParseLogBatchHeader(bytes);
  if (!header.ok()) return header.status().WithContext(path);
  if (header->size_bytes() > bytes.size()) {
    if (header->size_bytes() > kBatchBytesMax) {
      return Corruption("a batch of {} bytes in {}", header->size_bytes(), path);
    }
    ASSIGN_OR_RETURN(bytes, ReadAt(*file, position, header->size_bytes()));
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace forebay::client
