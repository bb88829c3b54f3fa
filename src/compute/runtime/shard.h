#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "compute/checkpoint/checkpoint_store.h"
#include "compute/checkpoint/delta_spool.h"
#include "compute/exchange/waker.h"
#include "compute/runtime/source_task.h"
#include "compute/runtime/subtask.h"
#include "compute/state/state_memory.h"

namespace forebay::compute {

/// What a shard reports to the job, from its thread.
class ShardListener {
 public:
  virtual ~ShardListener() = default;
  virtual void OnSnapshot(int shard, int64_t checkpoint, ShardSnapshot snapshot) = 0;
  virtual void OnEnded(int shard) = 0;
  virtual void OnFailed(int shard, Status status) = 0;
};

/// One thread and the instances it runs: polls sources and pushes each batch through the chain
/// before the next one. It starts no work for a region whose channels are full, and sleeps when
/// there is nothing to do. The queues of one region drain as long as those behind it do, and the
/// graph has no cycle, so full queues never block each other for good.
class Shard {
 public:
  /// `hold_sources` above zero stops all source polls of the job. Both outlive the shard.
  Shard(int index, int num_shards, int num_regions, const std::atomic<int>& hold_sources,
        ShardListener& listener, std::unique_ptr<StateMemory> memory);
  ~Shard();

  ShardScope& scope() { return scope_; }
  Waker& waker() { return waker_; }
  const StateMemory& memory() const { return *memory_; }
  void AddSource(std::unique_ptr<SourceTask> source) { sources_.push_back(std::move(source)); }
  /// Where the entries of large snapshots go; outlives the shard.
  void SetSpool(DeltaSpool* spool);
  /// In topological order.
  void AddSubtask(std::unique_ptr<Subtask> subtask);
  /// Channels that instances of `region` on this shard send on.
  void AddOutgoing(int region, Channel* channel) { outgoing_[region].push_back(channel); }

  Status Open(const RestoredCheckpoint* restored);
  void Start();
  /// Any thread: asks for a barrier with this id, higher than any before.
  void RequestBarrier(int64_t checkpoint);
  /// Any thread: sources end where they are.
  void RequestDrain();
  /// Any thread: the thread ends soon. Join waits for it.
  void RequestStop();
  void Join();

  /// Any thread: how long the operators of a region waited for those behind them.
  int64_t blocked_ns(int region) const { return blocked_ns_[region]; }
  /// Any thread: how long the last checkpoint held rows up here, and the longest one.
  int64_t pause_ns() const { return pause_ns_; }
  int64_t longest_pause_ns() const { return longest_pause_ns_; }

  const std::vector<std::unique_ptr<SourceTask>>& sources() const { return sources_; }
  const std::vector<std::unique_ptr<Subtask>>& subtasks() const { return subtasks_; }

 private:
  void Run();
  Result<bool> RunOnce();
  Result<bool> PollSources();
  Status MaybeInjectBarrier();
  Status MaybeDrain();
  bool HasOverflow(int region) const;
  /// Whether an operator of the region holds so many rows that none may come.
  bool IsFull(int region) const;
  void CountBlocked();
  bool ContinueSnapshots();
  void DeliverSnapshot();
  Status Tick();
  Status RestoreLetters(DeadLetters* letters, const RestoredCheckpoint* restored);
  int64_t SleepMs() const;

  /// Before the operators, whose state it holds.
  const std::unique_ptr<StateMemory> memory_;
  ShardScope scope_;
  const std::atomic<int>& hold_sources_;
  ShardListener& listener_;
  Waker waker_;
  std::vector<std::unique_ptr<SourceTask>> sources_;
  std::vector<std::unique_ptr<Subtask>> subtasks_;
  std::vector<const Subtask*> waiting_;          ///< those that can hold rows
  std::vector<std::vector<Channel*>> outgoing_;  ///< by region
  std::atomic<int64_t> requested_barrier_{0};
  std::vector<int64_t> blocked_since_;  ///< by region; 0: it is not blocked
  std::vector<std::atomic<int64_t>> blocked_ns_;
  std::atomic<int64_t> pause_ns_{0};
  std::atomic<int64_t> longest_pause_ns_{0};
  std::atomic<bool> drain_{false};
  std::atomic<bool> stop_{false};
  int64_t injected_barrier_ = 0;
  int64_t delivered_barrier_ = 0;
  DeltaSpool* spool_ = nullptr;
  ShardSnapshot snapshot_;
  int64_t round_pause_ns_ = 0;  ///< the longest time without rows for the current snapshot
  int64_t last_tick_ms_ = 0;
  bool ended_reported_ = false;
  std::thread thread_;
};

}  // namespace forebay::compute
