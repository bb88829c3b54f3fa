#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "compute/checkpoint/checkpoint_file.h"

namespace forebay::compute {

/// Takes the state entries of one checkpoint at a time from the shards that make them, and writes
/// them to its delta file in the meantime, so that they need not fit into memory. Parts wait in a
/// queue for the coordinator, who writes; a shard that is far ahead of the disk waits for it.
/// Thread-safe.
class DeltaSpool : public EntryPartTaker {
 public:
  using OpenFunction = std::function<Result<std::unique_ptr<CheckpointFileWriter>>()>;

  /// A shard: entries of the checkpoint being taken. One that may not wait does not wait for
  /// another thread to leave, either, which may have lost its processor.
  bool TakePart(ByteWriter& part, uint64_t count, bool may_wait) override;
  /// Whether so much waits that slices of snapshots should wait, too.
  bool IsFull() const { return queued_bytes_ >= kSlicesWaitBytes; }
  size_t queued_bytes() const { return queued_bytes_; }

  /// The coordinator, before barriers: `open` makes the file, when there is something for it.
  void Begin(OpenFunction open);
  bool HasQueued() const;
  Status WriteQueued();
  /// The file, not yet ended; null when nothing was written.
  std::unique_ptr<CheckpointFileWriter> TakeFile();
  /// Nobody waits any more, and parts are thrown away: the run ends.
  void Close();

  static constexpr size_t kSlicesWaitBytes = 8 << 20;
  static constexpr size_t kQueuedBytesMax = 64 << 20;

 private:
  struct Part {
    ByteWriter entries;
    uint64_t count;
  };
  static constexpr size_t kFreeMax = 32;

  mutable std::mutex mutex_;
  std::atomic<size_t> queued_bytes_{0};  ///< changed with mutex_ held
  std::condition_variable room_;
  // Guarded by mutex_:
  std::deque<Part> queue_;
  std::vector<ByteWriter> free_;  ///< of what was written, while a checkpoint is taken
  bool closed_ = false;
  // The coordinator's:
  OpenFunction open_;
  std::unique_ptr<CheckpointFileWriter> file_;
};

}  // namespace forebay::compute
