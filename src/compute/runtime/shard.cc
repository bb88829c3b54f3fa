#include "compute/runtime/shard.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace forebay::compute {
namespace {

// Messages a queue may give before others have their turn.
constexpr int kMessagesPerTurn = 8;
constexpr int64_t kTickMs = 20;
// A sleeping shard still ticks: processing-time windows, idle splits.
constexpr int64_t kSleepMsMax = 100;
// How long a snapshot is written before rows have their turn again.
constexpr int64_t kSnapshotSliceNs = 1'000'000;

}  // namespace

Shard::Shard(int index, int num_shards, int num_regions, const std::atomic<int>& hold_sources,
             ShardListener& listener, std::unique_ptr<StateMemory> memory)
    : memory_(std::move(memory)),
      hold_sources_(hold_sources),
      listener_(listener),
      outgoing_(num_regions),
      blocked_since_(num_regions, 0),
      blocked_ns_(num_regions) {
  scope_.shard = index;
  scope_.num_shards = num_shards;
  scope_.snapshot = &snapshot_;
}

Shard::~Shard() {
  RequestStop();
  Join();
}

void Shard::AddSubtask(std::unique_ptr<Subtask> subtask) {
  if (subtask->CanWait()) waiting_.push_back(subtask.get());
  subtasks_.push_back(std::move(subtask));
}

void Shard::SetSpool(DeltaSpool* spool) {
  spool_ = spool;
  snapshot_.state.SetTaker(spool);
}

Status Shard::Open(const RestoredCheckpoint* restored) {
  StateMemory::Scope scope(memory_.get());
  for (auto& source : sources_) {
    RETURN_IF_ERROR(source->Open(waker_));
    RETURN_IF_ERROR(RestoreLetters(source->letters(), restored));
  }
  for (auto& subtask : subtasks_) {
    RETURN_IF_ERROR(subtask->Open());
    if (restored == nullptr) continue;
    int num_shards = subtask->vertex().is_single ? 1 : scope_.num_shards;
    auto reader = restored->ReaderOf(subtask->vertex().id, scope_.shard, num_shards);
    RETURN_IF_ERROR(subtask->Restore(*reader));
    RETURN_IF_ERROR(RestoreLetters(subtask->letters(), restored));
  }
  return Status::Ok();
}

Status Shard::RestoreLetters(DeadLetters* letters, const RestoredCheckpoint* restored) {
  if (letters == nullptr || restored == nullptr) return Status::Ok();
  auto reader = restored->ReaderOf(letters->operator_id(), scope_.shard, scope_.num_shards);
  return letters->Restore(*reader);
}

void Shard::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Shard::RequestBarrier(int64_t checkpoint) {
  requested_barrier_.store(checkpoint, std::memory_order_release);
  waker_.Wake();
}

void Shard::RequestDrain() {
  drain_.store(true, std::memory_order_release);
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
  StateMemory::Scope scope(memory_.get());
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

bool Shard::IsFull(int region) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const Subtask* subtask) {
    return subtask->vertex().region == region && subtask->IsFull();
  });
}

/// Back-pressure: the time in which a region waits for those behind it.
void Shard::CountBlocked() {
  int64_t now = 0;
  for (size_t region = 0; region < outgoing_.size(); ++region) {
    int64_t& since = blocked_since_[region];
    bool blocked = HasOverflow(static_cast<int>(region)) || IsFull(static_cast<int>(region));
    if (!blocked && since == 0) continue;
    if (now == 0) now = MonotonicNs();
    if (since != 0) blocked_ns_[region].fetch_add(now - since, std::memory_order_relaxed);
    since = blocked ? now : 0;
  }
}

Result<bool> Shard::RunOnce() {
  bool progress = false;
  for (auto& channels : outgoing_) {
    for (Channel* channel : channels) progress |= channel->Flush();
  }
  CountBlocked();
  // Consumers before producers, so that queues empty before they are filled.
  for (auto it = subtasks_.rbegin(); it != subtasks_.rend(); ++it) {
    int region = (*it)->vertex().region;
    if (HasOverflow(region) || IsFull(region)) continue;
    ASSIGN_OR_RETURN(bool any, (*it)->PollChannels(kMessagesPerTurn));
    progress |= any;
  }
  if (!HasOverflow(0)) {
    RETURN_IF_ERROR(MaybeInjectBarrier());
    RETURN_IF_ERROR(MaybeDrain());
    bool held = hold_sources_.load(std::memory_order_acquire) > 0 || IsFull(0);
    if (!held) {
      ASSIGN_OR_RETURN(bool any, PollSources());
      progress |= any;
    }
  }
  RETURN_IF_ERROR(Tick());
  RETURN_IF_ERROR(memory_->status());
  progress |= ContinueSnapshots();
  size_t instances = sources_.size() + subtasks_.size();
  if (!ended_reported_ && scope_.subtasks_ended == static_cast<int>(instances)) {
    ended_reported_ = true;
    listener_.OnEnded(scope_.shard);
  }
  return progress;
}

Result<bool> Shard::PollSources() {
  bool progress = false;
  for (auto& source : sources_) {
    if (source->ended()) continue;
    ASSIGN_OR_RETURN(bool any, source->Poll());
    progress |= any;
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

Status Shard::MaybeDrain() {
  if (!drain_.load(std::memory_order_acquire)) return Status::Ok();
  for (auto& source : sources_) {
    if (!source->ended() && source->CanCheckpoint()) RETURN_IF_ERROR(source->End());
  }
  return Status::Ok();
}

/// Writes at the snapshot for a short while, so that rows do not wait; whether there was any work.
bool Shard::ContinueSnapshots() {
  if (injected_barrier_ == delivered_barrier_) return false;
  int64_t began = MonotonicNs();
  // The coordinator wakes this shard when it has written some.
  bool waits = spool_ != nullptr && spool_->IsFull();
  bool done = !waits;
  for (size_t i = 0; i < subtasks_.size() && done; ++i) {
    done = subtasks_[i]->ContinueSnapshot(began + kSnapshotSliceNs);
  }
  int64_t pause = std::exchange(scope_.snapshot_ns, 0) + MonotonicNs() - began;
  round_pause_ns_ = std::max(round_pause_ns_, pause);
  if (done) DeliverSnapshot();
  return !done && !waits;
}

void Shard::DeliverSnapshot() {
  size_t instances = sources_.size() + subtasks_.size();
  if (scope_.subtasks_passed != static_cast<int>(instances)) return;
  delivered_barrier_ = injected_barrier_;
  scope_.subtasks_passed = 0;
  pause_ns_ = std::exchange(round_pause_ns_, 0);
  longest_pause_ns_ = std::max(longest_pause_ns_.load(), pause_ns_.load());
  snapshot_.state.SetTaker(nullptr);
  ShardSnapshot delivered = std::exchange(snapshot_, ShardSnapshot());
  snapshot_.state.SetTaker(spool_);
  listener_.OnSnapshot(scope_.shard, delivered_barrier_, std::move(delivered));
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
  for (const Subtask* subtask : waiting_) {
    if (subtask->HoldsRows()) sleep = kTickMs;
  }
  for (const auto& source : sources_) {
    int64_t next = source->NextPollMs();
    if (next >= 0) sleep = std::min(sleep, std::max<int64_t>(next - now, 1));
  }
  return sleep;
}

}  // namespace forebay::compute
