#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compute/checkpoint/checkpoint_file.h"
#include "compute/checkpoint/sorted_state.h"
#include "compute/checkpoint/state_map.h"
#include "io/file_system.h"

namespace forebay::compute {

/// Where every split of every source stands: (source node id, split id) -> position in the source's
/// own words.
using SourcePositions = std::map<std::pair<int, std::string>, std::string>;

/// What one shard hands over at a barrier.
struct ShardSnapshot {
  CheckpointEntries state;    ///< changed entries of its operators
  CheckpointEntries commits;  ///< pre-commit data of its sinks
  SourcePositions positions;
  /// What is still to be written, of operator `first`: by the coordinator, for no row waits for it.
  std::vector<std::pair<int, std::function<Status(CheckpointEntries& commits, StateWriter& state)>>>
      late;

  Status WriteLate();
};

/// A checkpoint as a job starts from it.
struct RestoredCheckpoint {
  int64_t id = 0;
  StateMap state;                             ///< when it is small
  std::shared_ptr<const SortedState> sorted;  ///< else
  StateMap commits;  ///< may have been committed already: committing again must change nothing
  SourcePositions positions;
  /// A newer checkpoint exists that cannot be read: sinks may have committed epochs after this one.
  bool is_fallback = false;
  /// It is a savepoint: other jobs may have started from it, too.
  bool is_savepoint = false;

  std::unique_ptr<StateReader> ReaderOf(int operator_id, int shard, int num_shards) const {
    return sorted != nullptr ? sorted->ReaderOf(operator_id, shard, num_shards)
                             : state.ReaderOf(operator_id, shard, num_shards);
  }
};

/// The checkpoints of one job in its directory: delta files, what they were merged into, and a
/// manifest per checkpoint. A checkpoint exists from the moment its manifest has been renamed into
/// place; everything it names was synced before. Byte layout: docs/formats/checkpoint.md. One
/// thread at a time; compaction runs in a thread of its own.
class CheckpointStore {
 public:
  /// Checkpoints that are kept, so that a damaged newest one is no loss of the job.
  static constexpr int kKeptCheckpoints = 3;
  /// At least so many files are merged into one at a time.
  static constexpr size_t kMergedFilesMin = 8;
  /// State up to this size is restored from memory.
  static constexpr uint64_t kMappedBytesMax = 64 << 20;

  /// `plan_hash` tells checkpoints of another plan apart. `fs` must outlive the store.
  static Result<std::unique_ptr<CheckpointStore>> Open(io::FileSystem& fs, std::string directory,
                                                       std::string plan_hash);
  ~CheckpointStore();

  /// The newest whole checkpoint; nullopt when there was none yet. A damaged one is logged by name
  /// and passed over; kCorruption when there are checkpoints but none is whole.
  Result<std::optional<RestoredCheckpoint>> Restore();

  /// Makes checkpoint `id` durable. Ids rise. `delta` has the state entries that the shards have
  /// not any more; null: none.
  Status Write(int64_t id, const std::vector<ShardSnapshot>& shards,
               std::unique_ptr<CheckpointFileWriter> delta = nullptr);
  /// The file for the changed state of checkpoint `id`, which does not exist before Write.
  Result<std::unique_ptr<CheckpointFileWriter>> CreateDelta(int64_t id) const;

  int64_t last_id() const { return last_id_; }

  /// Writes the newest checkpoint into `directory`, whole and for itself: a savepoint.
  Status WriteSavepoint(const std::string& directory);
  /// Copies a savepoint to where a job that has no checkpoint yet finds it. kConflict when it is of
  /// another plan.
  static Status ImportSavepoint(io::FileSystem& fs, const std::string& savepoint,
                                const std::string& directory, const std::string& plan_hash);

 private:
  struct DataFile {
    std::string name;
    uint64_t bytes = 0;
  };
  struct Manifest {
    int64_t id = 0;
    std::string plan_hash;
    std::vector<DataFile> state_files;  ///< base, runs, deltas, in the order they apply
    std::optional<DataFile> commit_file;
    SourcePositions positions;
    bool is_savepoint = false;
  };

  CheckpointStore(io::FileSystem& fs, std::string directory, std::string plan_hash)
      : fs_(fs), directory_(std::move(directory)), plan_hash_(std::move(plan_hash)) {}

  std::string PathOf(const std::string& name) const { return io::JoinPath(directory_, name); }
  static std::string ToJson(const Manifest& manifest);
  static Result<Manifest> FromJson(std::string_view text);
  Result<Manifest> ReadManifest(const std::string& name) const;
  Result<RestoredCheckpoint> Load(Manifest& manifest) const;
  Status LoadFile(const DataFile& file, StateMap& into) const;
  Result<std::shared_ptr<const SortedState>> Sort(Manifest& manifest) const;
  static Result<std::vector<std::string>> ManifestsIn(io::FileSystem& fs,
                                                      const std::string& directory);
  Result<DataFile> WriteFile(const std::string& name, int64_t id,
                             const std::vector<const CheckpointEntries*>& parts,
                             std::unique_ptr<CheckpointFileWriter> writer) const;
  void StartCompaction(int64_t id);
  void TakeCompaction();
  Result<DataFile> Compact(int64_t id, const std::vector<DataFile>& files) const;
  void RemoveUnused();

  io::FileSystem& fs_;
  const std::string directory_;
  const std::string plan_hash_;
  int64_t last_id_ = 0;
  std::vector<DataFile> state_files_;              ///< of the newest checkpoint
  SourcePositions positions_;                      ///< its
  std::map<int64_t, std::set<std::string>> kept_;  ///< checkpoint -> files it needs
  std::future<Result<DataFile>> compaction_;
  // What the running compaction replaces of state_files_, and by which file.
  size_t merged_begin_ = 0;
  size_t merged_end_ = 0;
  std::string merged_name_;
};

}  // namespace forebay::compute
