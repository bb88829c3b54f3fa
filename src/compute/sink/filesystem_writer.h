#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "compute/sink/filesystem_target.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// A partition that was written and has not been committed yet.
struct PendingPartition {
  int64_t since_ms = 0;
  uint64_t version = 0;  ///< grows with each file: what is committed is what was reported
};

/// What the writers of a sink and its committer tell each other. Thread-safe.
class PartitionBoard {
 public:
  void SetWriters(int count) { writers_ = count; }
  int writers() const { return writers_; }
  /// The committer: this partition is committed as shard `shard` reported it.
  void Done(int shard, const std::string& partition, uint64_t version);
  /// A writer takes what was done of its partitions.
  std::map<std::string, uint64_t> TakeDone(int shard);

 private:
  std::atomic<int> writers_ = 0;
  std::mutex mutex_;
  std::map<int, std::map<std::string, uint64_t>> done_;
};

// Tables of a writer's entries for its committer, beside kCommitTable (whose keys are files' names
// below the table's directory). Their keys begin with the shard.
inline constexpr std::string_view kPartitionTable = "partition";
inline constexpr std::string_view kWatermarkTable = "watermark";

/// Writes a shard's rows into files that lie in the staging directory until their epoch is
/// committed. Belongs to one shard thread.
class FilesystemWriter : public SinkWriter {
 public:
  /// Both outlive the writer.
  FilesystemWriter(const FilesystemTarget& target, PartitionBoard& board, int shard)
      : target_(target), board_(board), shard_(shard), text_(target.encoding) {}
  /// Files of an epoch that does not come any more go.
  ~FilesystemWriter() override;

  Status Process(int, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status Tick(int64_t now_ms) override;
  void SetIdle(bool idle) override { idle_ = idle; }
  Result<EpochWork> EndEpoch() override;
  Status BeginSnapshot(StateWriter& state) override;
  Status Restore(StateReader& state) override;
  int64_t StateBytes() const override { return buffered_; }

 private:
  struct OpenFile {
    OpenFile(const FilesystemTarget& target, std::string file_name)
        : name(std::move(file_name)),
          encoder(target.encoding, target.fs, target.StagedPath(name)) {}

    const std::string name;  ///< below the table's path
    FileEncoder encoder;
    int64_t opened_ms = 0;
    int64_t written_ms = 0;
  };
  using OpenFiles = std::map<std::string, OpenFile>;
  struct Entry {
    std::string_view table;
    std::string key, value;
  };
  /// The files of an epoch that has ended, for the coordinator.
  struct Epoch {
    explicit Epoch(const FilesystemTarget& to) : target(to) {}
    ~Epoch();
    Status Write(CheckpointEntries& commits);

    const FilesystemTarget& target;
    OpenFiles open;
    std::vector<std::string> written;  ///< those that go if they are not committed
    std::vector<Entry> reports;
  };

  int64_t NowMs() const { return context_.now_ms == nullptr ? 0 : context_.now_ms(); }
  Status Write(const std::string& partition, const model::Batch& cells,
               const std::vector<uint32_t>& rows);
  Status EndThose(const std::function<bool(OpenFiles::const_reference)>& wanted);
  /// While more is in memory than should be, or more files are open, the largest file ends.
  Status EndLargest();
  Status EndFile(const std::string& partition, OpenFile& file);
  /// Adds what the file holds to what all hold, or (`sign` -1) takes it off.
  void CountMemory(const OpenFile& file, int sign);
  Status EnsureStaging();
  Status EndAll();
  void ReportPartitions(std::vector<Entry>& entries);

  const FilesystemTarget& target_;
  PartitionBoard& board_;
  const int shard_;
  TextEncoder text_;
  OpenFiles open_;
  int64_t buffered_ = 0;              ///< bytes of open_ in memory
  int descriptors_ = 0;               ///< of open_
  std::vector<std::string> written_;  ///< of this epoch, below the table's path
  bool has_staging_ = false;
  int64_t checked_ms_ = 0;

  // Of partitions that are to be committed.
  std::map<std::string, PendingPartition> pending_;
  uint64_t version_ = 0;
  Watermark watermark_ = kMinWatermark;
  bool idle_ = false;
  std::string reported_;             ///< the last entry of kWatermarkTable
  std::set<std::string> changed_;    ///< pending_ entries to be put into the next snapshot
  std::set<std::string> forgotten_;  ///< keys in the checkpoint that are to go
};

}  // namespace forebay::compute
