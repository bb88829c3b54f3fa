#include "storage/remote/remote_log.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/random.h"
#include "base/whole_json.h"
#include "storage/coordinator/table_file.h"

namespace forebay::storage {
namespace {

using model::LogOffset;
using Json = nlohmann::ordered_json;

/// Segments of one bucket that stay opened for readers.
constexpr size_t kOpenedMax = 3;
constexpr std::string_view kManifestEnding = ".manifest";
constexpr std::string_view kMetadataDirectory = "metadata";

}  // namespace

Result<std::shared_ptr<RemoteLog>> RemoteLog::Open(std::shared_ptr<RemoteServices> services,
                                                   RemoteBucketName name, std::string directory) {
  std::shared_ptr<RemoteLog> log(
      new RemoteLog(std::move(services), std::move(name), std::move(directory)));
  RETURN_IF_ERROR(log->Load());
  return log;
}

Status RemoteLog::Load() {
  Status loaded = LoadRecord();
  if (loaded.ok() || loaded.kind() != ErrorKind::kCorruption) return loaded;
  Log(LogLevel::kError, "storage", "the newest manifest counts instead: {}", loaded.message());
  ever_wrote_ = true;
  return LoadNewestManifest();
}

Status RemoteLog::LoadRecord() {
  auto bytes = io::ReadFile(services_->fs, RecordPath());
  if (!bytes.ok()) return bytes.kind() == ErrorKind::kNotFound ? Status() : bytes.status();
  ever_wrote_ = true;
  auto text = UnsealMetadata(*bytes);
  if (!text.ok()) return text.status().WithContext(RecordPath());
  Json document = ParseWholeJson<Json>(*text);
  if (!document.is_object() || !document.contains("manifest")) {
    return Corruption("{} has no manifest", RecordPath());
  }
  auto segments = RemoteLogManifestFromJson(document["manifest"].dump());
  if (!segments.ok()) return segments.status().WithContext(RecordPath());
  segments_ = std::move(*segments);
  manifest_path_ = document.value("manifest_path", "");
  return {};
}

/// Segments are only here: none may be forgotten because of a small file.
Status RemoteLog::LoadNewestManifest() {
  ASSIGN_OR_RETURN(auto names, services_->files->List(MetadataPath()));
  for (const std::string& name : names) {
    if (!name.ends_with(kManifestEnding)) continue;
    std::string path = io::JoinPath(MetadataPath(), name);
    ASSIGN_OR_RETURN(auto file, services_->files->Open(path));
    std::string text(file->size(), '\0');
    ASSIGN_OR_RETURN(size_t read, file->ReadAt(0, text.size(), text.data()));
    text.resize(read);
    auto segments = RemoteLogManifestFromJson(text);
    if (!segments.ok()) continue;
    bool is_newer = manifest_path_.empty() || segments->end() > segments_.end() ||
                    (segments->end() == segments_.end() && segments->start() > segments_.start());
    if (!is_newer) continue;
    segments_ = std::move(*segments);
    manifest_path_ = path;
  }
  return {};
}

/// From here on it is so.
Status RemoteLog::Commit(RemoteLogSegments segments) {
  std::string manifest = RemoteLogManifestToJson(name_, segments);
  std::string path = fmt::format("{}/{}{}", MetadataPath(), RandomUuid(), kManifestEnding);
  ever_wrote_ = true;
  RETURN_IF_ERROR(services_->files->Put(path, manifest));
  Failpoint("remote_log.before_commit");
  Json record = {{"manifest_path", path}, {"manifest", Json::parse(manifest)}};
  Status written =
      io::WriteFileAtomically(services_->fs, RecordPath(), SealMetadata(record.dump()));
  uncertain_ = !written.ok();
  RETURN_IF_ERROR(written);
  Failpoint("remote_log.after_commit");
  std::string before;
  {
    std::lock_guard lock(mutex_);
    segments_ = std::move(segments);
    before = std::exchange(manifest_path_, path);
    std::erase_if(opened_, [this](const auto& opened) {
      return segments_.empty() || opened->info().end <= segments_.start();
    });
  }
  return before.empty() ? Status() : services_->files->Remove(before);
}

Status RemoteLog::Copy(LogTablet& log) {
  RemoteLogSegments segments = Segments();
  LogOffset local_start = log.local_start();
  // What lies before offsets that have expired has expired, too.
  bool is_torn = !segments.empty() && segments.end() < local_start;
  if (is_torn) segments.segments.clear();
  LogOffset from = segments.empty() ? local_start : segments.end();
  size_t brought = 0;
  Status status;
  for (const ClosedSegment& segment :
       log.ClosedSegments(from, services_->options.log_segments_per_task)) {
    if (!segments.empty() && segment.base != segments.end()) break;
    auto copied = Bring(segment);
    status = internal::ToStatus(copied);
    if (!status.ok()) break;
    segments.segments.push_back(std::move(*copied));
    ++brought;
  }
  // Those that were brought before one failed are not brought again.
  if (brought > 0 || is_torn) RETURN_IF_ERROR(Commit(std::move(segments)));
  if (is_torn) RETURN_IF_ERROR(RemoveLeftovers());
  return status;
}

Result<RemoteLogSegment> RemoteLog::Bring(const ClosedSegment& segment) {
  RemoteLogSegment brought{RandomUuid(), segment.base, segment.end, 0, segment.size_bytes};
  ASSIGN_OR_RETURN(auto file, services_->fs.Open(segment.stem + ".log", io::OpenMode::kRead));
  auto index =
      CheckSegment(*file, segment.size_bytes, segment.base, segment.end, brought.max_timestamp_ms);
  if (!index.ok()) return index.status().WithContext(segment.stem + ".log");
  std::string stem =
      fmt::format("{}/{}/{}", tablet_, brought.id, LogSegment::FileStem(segment.base));
  ever_wrote_ = true;
  RETURN_IF_ERROR(
      services_->files->Upload(segment.stem + ".log", segment.size_bytes, stem + ".log"));
  RETURN_IF_ERROR(services_->files->Put(stem + ".index", index->EncodeOffsets()));
  RETURN_IF_ERROR(services_->files->Put(stem + ".timeindex", index->EncodeTimes()));
  Failpoint("remote_log.after_copy");
  services_->metrics.remote_log_segments += 1;
  services_->metrics.remote_log_bytes += static_cast<int64_t>(segment.size_bytes);
  return brought;
}

Status RemoteLog::Expire(LogTablet& log) {
  RemoteLogSegments kept = Segments();
  auto stays = std::find_if(kept.segments.begin(), kept.segments.end(),
                            [&](const RemoteLogSegment& segment) {
                              return !log.MayExpireCold(segment.end, segment.max_timestamp_ms);
                            });
  std::vector<RemoteLogSegment> expired(kept.segments.begin(), stays);
  if (expired.empty()) return {};
  kept.segments.erase(kept.segments.begin(), stays);
  RETURN_IF_ERROR(Commit(std::move(kept)));
  Failpoint("remote_log.before_removal");
  for (const RemoteLogSegment& segment : expired) {
    RETURN_IF_ERROR(services_->files->RemoveAll(io::JoinPath(tablet_, segment.id)));
    services_->metrics.expired_segments += 1;
  }
  return {};
}

Status RemoteLog::RemoveLeftovers() {
  RemoteLogSegments segments = Segments();
  // After a failed commit nobody knows what a start would find: nothing may go before that is
  // clear.
  if (uncertain_) RETURN_IF_ERROR(Commit(segments));
  std::string manifest = manifest_path();
  ASSIGN_OR_RETURN(auto names, services_->files->List(tablet_));
  for (const std::string& name : names) {
    bool is_used = name == kMetadataDirectory ||
                   std::any_of(segments.segments.begin(), segments.segments.end(),
                               [&](const RemoteLogSegment& segment) { return segment.id == name; });
    if (is_used) continue;
    Log(LogLevel::kInfo, "storage", "unfinished log segment removed dir={}/{}", tablet_, name);
    RETURN_IF_ERROR(services_->files->RemoveAll(io::JoinPath(tablet_, name)));
  }
  ASSIGN_OR_RETURN(auto manifests, services_->files->List(MetadataPath()));
  for (const std::string& name : manifests) {
    std::string path = io::JoinPath(MetadataPath(), name);
    if (path != manifest) RETURN_IF_ERROR(services_->files->Remove(path));
  }
  return {};
}

RemoteLogSegments RemoteLog::Segments() {
  std::lock_guard lock(mutex_);
  return segments_;
}

std::string RemoteLog::manifest_path() {
  std::lock_guard lock(mutex_);
  return manifest_path_;
}

LogOffset RemoteLog::start() {
  std::lock_guard lock(mutex_);
  return segments_.start();
}

LogOffset RemoteLog::end() {
  std::lock_guard lock(mutex_);
  return segments_.end();
}

Result<std::shared_ptr<RemoteSegment>> RemoteLog::Opened(const RemoteLogSegment& info) {
  {
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < opened_.size(); ++i) {
      if (opened_[i]->info().id != info.id) continue;
      std::rotate(opened_.begin(), opened_.begin() + static_cast<ptrdiff_t>(i),
                  opened_.begin() + static_cast<ptrdiff_t>(i) + 1);
      return opened_.front();
    }
  }
  ASSIGN_OR_RETURN(auto segment,
                   RemoteSegment::Open(*services_->files, io::JoinPath(tablet_, info.id), info));
  std::lock_guard lock(mutex_);
  opened_.push_front(segment);
  if (opened_.size() > kOpenedMax) opened_.pop_back();
  return segment;
}

Result<LogSlice> RemoteLog::Read(LogOffset offset, int64_t max_bytes) {
  RemoteLogSegments segments = Segments();
  const RemoteLogSegment* info = segments.Find(offset);
  if (info == nullptr) {
    return OutOfRange("offset {} is outside of the remote log, which holds {} to {}", offset,
                      segments.start(), segments.end());
  }
  ASSIGN_OR_RETURN(auto segment, Opened(*info));
  return segment->Read(offset, max_bytes);
}

Result<LogOffset> RemoteLog::OffsetAt(int64_t timestamp_ms) {
  RemoteLogSegments segments = Segments();
  for (const RemoteLogSegment& info : segments.segments) {
    if (info.max_timestamp_ms < timestamp_ms) continue;
    ASSIGN_OR_RETURN(auto segment, Opened(info));
    ASSIGN_OR_RETURN(LogOffset found, segment->OffsetAt(timestamp_ms));
    if (found < info.end) return found;
  }
  return segments.end();
}

Result<std::optional<RemoteLog::Part>> RemoteLog::PartFrom(LogOffset offset) {
  RemoteLogSegments segments = Segments();
  const RemoteLogSegment* first = segments.Find(offset);
  if (first == nullptr) return std::optional<Part>();
  ASSIGN_OR_RETURN(auto segment, Opened(*first));
  Part part{tablet_, name_.partition, {}, segment->PositionBefore(offset)};
  part.segments.assign(segments.segments.begin() + (first - segments.segments.data()),
                       segments.segments.end());
  return std::optional(std::move(part));
}

}  // namespace forebay::storage
