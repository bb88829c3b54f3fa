#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compute/sink/filesystem_target.h"
#include "compute/sink/filesystem_writer.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// Commits the epochs of a streaming job: files go from the staging directory to their places, then
/// partitions that are done get their success file. Belongs to the coordinator thread.
class EpochCommitter : public Committer {
 public:
  /// All outlive the committer.
  EpochCommitter(const FilesystemTarget& target, PartitionBoard& board, int64_t (*now_ms)())
      : target_(target), board_(board), now_ms_(now_ms) {}

  Status Commit(StateReader& commits, const std::atomic<bool>&) override;

 private:
  struct Progress {
    Watermark watermark = kMinWatermark;
    bool idle = false;
  };
  struct Report {
    int shard = 0;
    std::string partition;
    PendingPartition pending;
  };

  Status ShowFiles(StateReader& commits);
  Status CommitPartitions(StateReader& commits);
  Result<std::vector<Report>> ReadReports(StateReader& commits);
  /// The sink's: the smallest of its writers'. nullopt as long as one has said nothing.
  std::optional<Watermark> SinkWatermark() const;

  const FilesystemTarget& target_;
  PartitionBoard& board_;
  int64_t (*const now_ms_)();
  std::map<int, Progress> progress_;  ///< by shard, the last that was reported
  Watermark watermark_ = kMinWatermark;
};

/// Renames a staged file; nothing when that was done before. `directories` gets where it went.
Status ShowStagedFile(const FilesystemTarget& target, std::string_view name,
                      std::set<std::string>& directories);

/// Makes an empty file.
Status WriteSuccessFile(io::FileSystem& fs, const std::string& path);

}  // namespace forebay::compute
