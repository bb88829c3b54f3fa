#include "storage/remote/remote_segment.h"

#include <algorithm>

#include "base/log.h"
#include "storage/log/segment_cursor.h"

namespace forebay::storage {
namespace {

using model::LogOffset;

Result<std::string> ReadAll(io::RemoteFiles& files, const std::string& path) {
  ASSIGN_OR_RETURN(auto file, files.Open(path));
  std::string bytes(file->size(), '\0');
  ASSIGN_OR_RETURN(size_t read, file->ReadAt(0, bytes.size(), bytes.data()));
  bytes.resize(read);
  return bytes;
}

Result<RemoteIndex> LoadIndex(io::RemoteFiles& files, const std::string& stem, LogOffset base) {
  ASSIGN_OR_RETURN(std::string offsets, ReadAll(files, stem + ".index"));
  ASSIGN_OR_RETURN(std::string times, ReadAll(files, stem + ".timeindex"));
  return RemoteIndex::Decode(base, offsets, times);
}

}  // namespace

Result<RemoteIndex> CheckSegment(io::File& file, uint64_t size_bytes, LogOffset base, LogOffset end,
                                 int64_t& max_timestamp_ms) {
  RemoteIndex index(base);
  SegmentCursor cursor(file, 0, size_bytes, base, SegmentCursor::Depth::kAll);
  while (true) {
    uint64_t position = cursor.position();
    ASSIGN_OR_RETURN(auto header, cursor.Next());
    if (!header.has_value()) break;
    index.Add(*header, position);
    max_timestamp_ms = std::max(max_timestamp_ms, header->commit_timestamp_ms);
  }
  if (cursor.offset() == end) return index;
  return Corruption("the segment ends at offset {} instead of {}", cursor.offset(), end);
}

Result<std::shared_ptr<RemoteSegment>> RemoteSegment::Open(io::RemoteFiles& files,
                                                           const std::string& directory,
                                                           const RemoteLogSegment& info) {
  std::string stem = io::JoinPath(directory, LogSegment::FileStem(info.start));
  ASSIGN_OR_RETURN(auto file, files.Open(stem + ".log"));
  if (file->size() < info.size_bytes) {
    return Corruption("{}.log has {} bytes instead of {}", stem, file->size(), info.size_bytes);
  }
  auto index = LoadIndex(files, stem, info.start);
  if (index.ok() && !index->IsWithin(info.end, info.size_bytes)) {
    index = Corruption("it has an entry behind the end of the segment");
  }
  if (!index.ok()) {
    Log(LogLevel::kWarning, "storage", "index of {}.log is made anew: {}", stem, index.message());
    int64_t ignored = 0;
    index = CheckSegment(*file, info.size_bytes, info.start, info.end, ignored);
    if (!index.ok()) return index.status().WithContext(stem + ".log");
  }
  return std::shared_ptr<RemoteSegment>(
      new RemoteSegment(stem + ".log", info, std::move(file), std::move(*index)));
}

Result<LogSlice> RemoteSegment::Read(LogOffset offset, int64_t max_bytes) {
  RemoteIndex::Entry at = index_.AtOrBefore(offset);
  SegmentCursor cursor(*file_, at.position, info_.size_bytes, at.offset,
                       SegmentCursor::Depth::kAll);
  auto bytes = std::make_shared<std::string>();
  LogSlice slice{bytes, {}};
  while (slice.batches.empty() || static_cast<int64_t>(bytes->size()) < max_bytes) {
    auto header = cursor.Next();
    if (!header.ok() && !slice.batches.empty()) break;  // told when it is asked for
    if (!header.ok()) return header.status().WithContext(path_);
    if (!header->has_value()) break;
    if ((*header)->next_offset() <= offset) continue;
    slice.batches.push_back({**header, bytes->size()});
    bytes->append(cursor.batch());
  }
  return slice;
}

Result<LogOffset> RemoteSegment::OffsetAt(int64_t timestamp_ms) {
  RemoteIndex::Entry at = index_.BeforeTime(timestamp_ms);
  SegmentCursor cursor(*file_, at.position, info_.size_bytes, at.offset,
                       SegmentCursor::Depth::kHeaders);
  while (true) {
    ASSIGN_OR_RETURN(auto header, cursor.Next());
    if (!header.has_value()) return info_.end;
    if (header->commit_timestamp_ms >= timestamp_ms) return header->base_offset;
  }
}

}  // namespace forebay::storage
