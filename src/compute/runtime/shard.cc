#include "compute/runtime/shard.h"

#include "base/clock.h"

namespace forebay::compute {
namespace {

// Messages a queue may give before others have their turn.
constexpr int kMessagesPerTurn = 8;
constexpr int64_t kTickMs = 20;
// A sleeping shard still ticks: processing-time windows, idle splits.
constexpr int64_t kSleepMsMax = 100;

}  // namespace

Shard::Shard(int index, int num_shards, int num_regions, const std::atomic<int>& hold_sources,
             ShardListener& listener)
    : hold_sources_(hold_sources), listener_(listener), outgoing_(num_regions) {
  scope_.shard = index;
  scope_.num_shards = num_shards;
  scope_.snapshot = &snapshot_;
}

Shard::~Shard() {
  RequestStop();
  Join();
}

Status Shard::Open(const RestoredCheckpoint* restored) {
  for (auto& source : sources_) RETURN_IF_ERROR(source->Open(waker_));
  for (auto& subtask : subtasks_) {
    RETURN_IF_ERROR(subtask->Open());
    if (restored == nullptr) continue;
    int num_shards = subtask->vertex().is_single ? 1 : scope_.num_shards;
    auto reader = restored->state.ReaderOf(subtask->vertex().id, scope_.shard, num_shards);
    RETURN_IF_ERROR(subtask->Restore(*reader));
  }
  return Status::Ok();
}

void Shard::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Shard::RequestBarrier(int64_t checkpoint) {
  requested_barrier_.store(checkpoint, std::memory_order_release);
  waker_.Wake();
}

void Shard::RequestStop() {
  stop_.store(true, std::memory_order_release);
  waker_.Wake();
}

void Shard::Join() {
  if (thread_.joinable()) thread_.join();
}

void Shard::Run() {
  while (!stop_.load(std::memory_order_acquire)) {
    Result<bool> progress = RunOnce();
    if (!progress.ok()) {
      listener_.OnFailed(scope_.shard, progress.status());
      return;
    }
    if (!*progress) waker_.Sleep(SleepMs());
  }
}

bool Shard::HasOverflow(int region) const {
  for (const Channel* channel : outgoing_[region]) {
    if (channel->HasOverflow()) return true;
  }
  return false;
}

Result<bool> Shard::RunOnce() {
  bool progress = false;
  for (auto& channels : outgoing_) {
    for (Channel* channel : channels) progress |= channel->Flush();
  }
  // Consumers before producers, so that queues empty before they are filled.
  for (auto it = subtasks_.rbegin(); it != subtasks_.rend(); ++it) {
    if (HasOverflow((*it)->vertex().region)) continue;
    ASSIGN_OR_RETURN(bool any, (*it)->PollChannels(kMessagesPerTurn));
    progress |= any;
  }
  if (!HasOverflow(0)) {
    RETURN_IF_ERROR(MaybeInjectBarrier());
    bool held = hold_sources_.load(std::memory_order_acquire) > 0;
    for (size_t i = 0; i < sources_.size() && !held; ++i) {
      ASSIGN_OR_RETURN(bool any, sources_[i]->Poll());
      progress |= any;
    }
  }
  RETURN_IF_ERROR(Tick());
  DeliverSnapshot();
  size_t instances = sources_.size() + subtasks_.size();
  if (!ended_reported_ && scope_.subtasks_ended == static_cast<int>(instances)) {
    ended_reported_ = true;
    listener_.OnEnded(scope_.shard);
  }
  return progress;
}

Status Shard::MaybeInjectBarrier() {
  int64_t requested = requested_barrier_.load(std::memory_order_acquire);
  if (requested == injected_barrier_) return Status::Ok();
  for (auto& source : sources_) {
    if (!source->CanCheckpoint()) return Status::Ok();
  }
  injected_barrier_ = requested;
  // All sources at once: chains that join two sources by calls count on it.
  for (auto& source : sources_) RETURN_IF_ERROR(source->InjectBarrier(requested));
  return Status::Ok();
}

void Shard::DeliverSnapshot() {
  size_t instances = sources_.size() + subtasks_.size();
  if (injected_barrier_ == delivered_barrier_) return;
  if (scope_.subtasks_passed != static_cast<int>(instances)) return;
  delivered_barrier_ = injected_barrier_;
  scope_.subtasks_passed = 0;
  listener_.OnSnapshot(scope_.shard, delivered_barrier_, std::exchange(snapshot_, ShardSnapshot()));
}

Status Shard::Tick() {
  int64_t now = MonotonicMs();
  if (now - last_tick_ms_ < kTickMs) return Status::Ok();
  last_tick_ms_ = now;
  int64_t wall = scope_.now_ms();
  for (auto& subtask : subtasks_) {
    if (HasOverflow(subtask->vertex().region)) continue;
    RETURN_IF_ERROR(subtask->Tick(wall));
  }
  return Status::Ok();
}

int64_t Shard::SleepMs() const {
  int64_t sleep = kSleepMsMax;
  int64_t now = MonotonicMs();
  for (const auto& source : sources_) {
    int64_t next = source->NextPollMs();
    if (next >= 0) sleep = std::min(sleep, std::max<int64_t>(next - now, 1));
  }
  return sleep;
}

}  // namespace forebay::compute
