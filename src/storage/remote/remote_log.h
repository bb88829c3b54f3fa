#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/log/cold_log.h"
#include "storage/log/log_tablet.h"
#include "storage/remote/remote_segment.h"
#include "storage/remote/remote_services.h"

namespace forebay::storage {

/// The segments of one bucket's log in remote storage (Fluss's RemoteLogTablet and LogTieringTask).
/// A segment belongs to it from the moment on at which it stands in a manifest that the bucket's
/// file `remote-log.json` names; that file is replaced atomically. What no manifest has is a
/// leftover of a crash and is removed. A segment's files are there before the manifest that has it,
/// and go after the one that has not; local segments go when a manifest has them, so at every
/// moment each offset is in one place at least.
///
/// Thread-safe; Copy, Expire and RemoveLeftovers are called by one thread at a time.
class RemoteLog : public ColdLog {
 public:
  /// `directory` is the bucket's own. When its record is damaged the newest manifest counts.
  static Result<std::shared_ptr<RemoteLog>> Open(std::shared_ptr<RemoteServices> services,
                                                 RemoteBucketName name, std::string directory);

  model::LogOffset start() override;
  model::LogOffset end() override;
  Result<LogSlice> Read(model::LogOffset offset, int64_t max_bytes) override;
  Result<model::LogOffset> OffsetAt(int64_t timestamp_ms) override;

  /// Brings closed segments of `log` that are not here yet; at most the options' number.
  Status Copy(LogTablet& log);
  /// Removes the segments that `log` says have expired.
  Status Expire(LogTablet& log);
  /// Removes what a crash left.
  Status RemoveLeftovers();

  /// What a client needs for reading by itself: the segments from the one with `offset` on, and a
  /// byte position in the first one at or before that offset. None when it is not here.
  struct Part {
    std::string tablet_directory;
    std::string partition;
    std::vector<RemoteLogSegment> segments;
    uint64_t first_position = 0;
  };
  Result<std::optional<Part>> PartFrom(model::LogOffset offset);
  /// Where the manifest is; empty when there was none yet.
  std::string manifest_path();
  bool EverWrote() const { return ever_wrote_; }

 private:
  RemoteLog(std::shared_ptr<RemoteServices> services, RemoteBucketName name, std::string directory)
      : services_(std::move(services)),
        name_(std::move(name)),
        directory_(std::move(directory)),
        tablet_(services_->paths.LogTablet(name_)) {}

  Status Load();
  Status LoadRecord();
  Status LoadNewestManifest();
  Status Commit(RemoteLogSegments segments);
  Result<RemoteLogSegment> Bring(const ClosedSegment& segment);
  Result<std::shared_ptr<RemoteSegment>> Opened(const RemoteLogSegment& info);
  RemoteLogSegments Segments();
  std::string RecordPath() const { return directory_ + "/remote-log.json"; }
  std::string MetadataPath() const { return tablet_ + "/metadata"; }

  const std::shared_ptr<RemoteServices> services_;
  const RemoteBucketName name_;
  const std::string directory_;
  const std::string tablet_;  ///< in remote storage
  std::atomic<bool> ever_wrote_ = false;
  bool uncertain_ = false;  ///< the record may say something else than segments_; by Copy's thread
  std::mutex mutex_;        ///< guards all below
  RemoteLogSegments segments_;
  std::string manifest_path_;
  std::deque<std::shared_ptr<RemoteSegment>> opened_;  ///< the ones read last, the newest first
};

}  // namespace forebay::storage
