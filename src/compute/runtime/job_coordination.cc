// The coordinator thread of JobExecution: checkpoints, commits and the end of a run.

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "compute/runtime/job_execution.h"

namespace forebay::compute {
namespace {

/// How often the coordinator looks for parts of a checkpoint that are to be written.
constexpr auto kQueueLook = std::chrono::milliseconds(10);

}  // namespace

bool JobExecution::WaitForTrigger(std::unique_lock<std::mutex>& lock) {
  auto woken = [this] {
    return cancelled_ || graceful_requested_ || checkpoint_requested_ ||
           ended_shards_ == graph_.num_shards;
  };
  if (store_ != nullptr && interval_ms_ > 0) {
    condition_.wait_for(lock, std::chrono::milliseconds(interval_ms_), woken);
  } else {
    condition_.wait(lock, woken);
  }
  return !cancelled_;
}

void JobExecution::Coordinate() {
  Status status;
  while (true) {
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      if (!WaitForTrigger(lock)) {
        status = failure_.ok() ? Status(Cancelled("the job was cancelled")) : failure_;
        break;
      }
      // Read before the barrier starts: all rows of ended inputs are then in front of it.
      last = graceful_requested_ || ended_shards_ == graph_.num_shards;
      stopped_gracefully_ = last && (drain_ || ended_shards_ != graph_.num_shards);
      checkpoint_requested_ = false;
    }
    status = TakeCheckpoint();
    if (!status.ok() || last) break;
  }
  FinishWith(std::move(status));
}

void JobExecution::FinishWith(Status status) {
  if (spool_ != nullptr) spool_->Close();
  for (auto& shard : shards_) shard->RequestStop();
  for (auto& shard : shards_) shard->Join();
  std::lock_guard lock(mutex_);
  if (!failure_.ok()) status = failure_;
  status_ = std::move(status);
  finished_ = true;
  condition_.notify_all();
}

Result<std::vector<ShardSnapshot>> JobExecution::CollectSnapshots(int64_t id) {
  {
    std::lock_guard lock(mutex_);
    pending_id_ = id;
    for (auto& slot : pending_) slot.reset();
  }
  if (spool_ != nullptr) spool_->Begin([this, id] { return store_->CreateDelta(id); });
  for (auto& shard : shards_) shard->RequestBarrier(id);
  std::unique_lock lock(mutex_);
  auto has_queued = [this] { return spool_ != nullptr && spool_->HasQueued(); };
  while (true) {
    // It looks for parts by itself: a shard that would wake it could have to wait for it.
    condition_.wait_for(lock, kQueueLook,
                        [&] { return cancelled_ || has_queued() || HasAllSnapshots(); });
    if (cancelled_ || (HasAllSnapshots() && !has_queued())) break;
    if (!has_queued()) continue;
    lock.unlock();
    RETURN_IF_ERROR(spool_->WriteQueued());
    // They may wait for room.
    for (auto& shard : shards_) shard->waker().Wake();
    lock.lock();
  }
  pending_id_ = 0;
  if (cancelled_) {
    return failure_.ok() ? Status(Cancelled("the job was cancelled")) : failure_;
  }
  std::vector<ShardSnapshot> snapshots;
  for (auto& slot : pending_) snapshots.push_back(std::move(*slot));
  return snapshots;
}

bool JobExecution::HasAllSnapshots() const {
  return std::all_of(pending_.begin(), pending_.end(),
                     [](const auto& slot) { return slot.has_value(); });
}

bool JobExecution::IsWorthWriting(const std::vector<ShardSnapshot>& snapshots,
                                  const SourcePositions& positions) {
  bool changed = positions != written_positions_;
  for (const ShardSnapshot& snapshot : snapshots) {
    changed |= !snapshot.state.empty() || !snapshot.commits.empty();
  }
  written_positions_ = positions;
  return changed;
}

Status JobExecution::TakeCheckpoint() {
  int64_t id = ++last_id_;
  int64_t began = MonotonicMs();
  ASSIGN_OR_RETURN(std::vector<ShardSnapshot> snapshots, CollectSnapshots(id));
  SourcePositions positions;
  for (ShardSnapshot& snapshot : snapshots) {
    RETURN_IF_ERROR(snapshot.WriteLate());
    positions.insert(snapshot.positions.begin(), snapshot.positions.end());
  }
  if (spool_ != nullptr && IsWorthWriting(snapshots, positions)) {
    RETURN_IF_ERROR(store_->Write(id, snapshots, spool_->TakeFile()));
  }
  StateMap commits;
  int64_t bytes = 0;
  for (const ShardSnapshot& snapshot : snapshots) {
    bytes += static_cast<int64_t>(snapshot.state.size());
    RETURN_IF_ERROR(commits.ApplyAll(snapshot.commits));
  }
  snapshots.clear();
  checkpoint_bytes_ = bytes;
  checkpoint_ms_ = MonotonicMs() - began;
  Failpoint("job.before_commit");
  RETURN_IF_ERROR(CommitAll(commits));
  Failpoint("job.after_commit");
  ConfirmShares(positions);
  std::lock_guard lock(mutex_);
  ++completed_;
  condition_.notify_all();
  return Status::Ok();
}

Status JobExecution::CommitAll(const StateMap& commits) {
  for (size_t i = 0; i < graph_.vertices.size(); ++i) {
    if (letter_committer_ != nullptr) {
      auto letters = commits.ReaderOf(kDeadLetterIds + graph_.vertices[i].id, 0, 1);
      RETURN_IF_ERROR(letter_committer_->Commit(*letters, cancelled_));
    }
    if (committers_[i] == nullptr) continue;
    // Every shard's entries: the committer belongs to the job.
    auto reader = commits.ReaderOf(graph_.vertices[i].id, 0, 1);
    RETURN_IF_ERROR(committers_[i]->Commit(*reader, cancelled_));
  }
  return Status::Ok();
}

}  // namespace forebay::compute
