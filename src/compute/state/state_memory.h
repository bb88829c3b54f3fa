#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "compute/state/byte_arena.h"
#include "compute/state/state_budget.h"

namespace forebay::compute {

/// The memory of the keyed state of one shard of a job, larger than the machine's where it must
/// be. It reserves addresses and gives them out in units of 64 KiB. While a job keeps to its
/// budget, that is plain memory. Beyond, units that were given out first are written to a file
/// without a name in the spill directory, and the file is mapped in their place: addresses, and so
/// all pointers in the state, stay; what is used stays in memory, what is not is read when it is
/// touched. A thread of its own keeps what the file holds in memory within the budget: it takes
/// units out of the address space, and those that hardly anybody has touched by its next turn out
/// of memory. What is in use may take more, while the machine has memory to spare; beyond that all
/// units go, and rows wait for it.
///
/// The lookup of a key costs nothing for it. Allocate, WaitForRoom and PageOut belong to the
/// shard's thread; the rest is thread-safe. The file is never read after a crash: checkpoints hold
/// the state.
class StateMemory {
 public:
  /// `budget` is shared by the shards of the job; `directory` is made when it is needed first.
  StateMemory(std::shared_ptr<StateBudget> budget, int num_shards, std::string directory);
  ~StateMemory();
  StateMemory(const StateMemory&) = delete;
  StateMemory& operator=(const StateMemory&) = delete;

  /// Null when the addresses are used up: take memory elsewhere. `index`: goes to disk last.
  void* Allocate(size_t bytes, bool index);
  void Free(void* memory);
  bool Contains(const void* memory) const {
    return static_cast<const char*>(memory) >= base_ && static_cast<const char*>(memory) < end_;
  }
  /// Begins to read the pages of these addresses that are on disk, and does not wait.
  void Fetch(std::span<const void* const> addresses);
  /// Waits while far more of the file is in memory than may be: before rows bring in more of it.
  void WaitForRoom();
  /// For objects of many sizes (state_allocator.h).
  ByteArena& objects() { return *objects_; }
  bool HasAddresses() const { return base_ != nullptr; }

  /// What kept state from going to disk (a full disk): the job must not go on.
  Status status() const;
  int64_t bytes() const { return held_units_.load(std::memory_order_relaxed) * kUnit; }
  int64_t spilled_bytes() const { return paged_units_.load(std::memory_order_relaxed) * kUnit; }
  /// The most there ever was of both.
  int64_t peak_bytes() const { return peak_units_.load(std::memory_order_relaxed) * kUnit; }
  int64_t peak_spilled_bytes() const {
    return peak_paged_units_.load(std::memory_order_relaxed) * kUnit;
  }
  /// State that lies elsewhere, because it is small or in containers that do not know of this: it
  /// takes its part of the budget, but cannot go to disk. The shard's thread.
  void AddOutside(int64_t bytes) { outside_bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  int64_t outside_bytes() const { return outside_bytes_.load(std::memory_order_relaxed); }
  /// In memory now: what was never written to disk, and what is cached of the rest.
  int64_t resident_bytes() const;

  /// The memory that state allocated by this thread comes from; null: the heap.
  static StateMemory* current();
  /// The one that `memory` came from, or null.
  static StateMemory* OwnerOf(const void* memory);
  /// Makes `memory` the current one of this thread.
  class Scope {
   public:
    explicit Scope(StateMemory* memory);
    ~Scope();

   private:
    StateMemory* const before_;
  };

  static constexpr size_t kUnit = size_t{64} << 10;
  /// Smaller pieces come from the heap.
  static constexpr size_t kSmallest = kUnit / 2;

 private:
  enum class Unit : uint8_t {
    kFree,   ///< no memory behind it
    kIdle,   ///< free, with memory
    kHeld,   ///< given out, in memory
    kIndex,  ///< the same; goes to disk last
    kPaged,  ///< given out, in the file
    kSwept,  ///< the same; taken out of the address space at the sweeper's last turn
    kFresh,  ///< being given out
  };
  /// Half of the addresses: for pieces below a huge page, and from there on.
  struct Area {
    uint32_t begin = 0;
    uint32_t next = 0;  ///< units from here on were never given out
    uint32_t end = 0;
    uint32_t alignment = 1;
    std::map<uint32_t, uint32_t> free;  ///< unit -> count
  };

  void Reserve();
  char* At(size_t unit) const { return base_ + unit * kUnit; }
  static bool IsPaged(Unit unit) { return unit == Unit::kPaged || unit == Unit::kSwept; }
  Area& AreaOf(uint32_t unit) { return areas_[unit >= areas_[1].begin ? 1 : 0]; }
  int64_t Find(Area& area, uint32_t count);
  void Take(uint32_t unit, uint32_t count, bool index);
  void AddFree(Area& area, uint32_t unit, uint32_t count);
  void Unmap(uint32_t unit, uint32_t count);
  void DropIdle();

  // Of the shard's thread, with mutex_ held:
  void PageOut(int64_t units);
  /// What the budget leaves for state here.
  int64_t BudgetBytes() const;
  bool PageOutArea(Area& area, Unit kind, int64_t& units);
  Status PageOutRun(uint32_t unit, uint32_t count);
  void WaitForSweeper(std::unique_lock<std::mutex>& lock);
  Status OpenFile();

  void Sweep();
  void SweepOnce();
  struct Run {
    uint32_t unit;
    uint32_t count;
  };
  int64_t CountCached();
  int64_t CachedBytes(Run run) const;
  int64_t MappedBytes(Run run) const;
  void SweepArea(const Area& area, bool hurries, int64_t& excess);
  std::optional<Run> NextToDrop(const Area& area, bool hurries, size_t& seen);
  void Drop(std::span<const Run> runs) const;

  const std::shared_ptr<StateBudget> budget_;
  const int num_shards_;
  const std::string directory_;
  char* base_ = nullptr;
  char* end_ = nullptr;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  Area areas_[2];
  std::vector<Unit> units_[2];                       ///< by area
  std::unordered_map<uint32_t, uint32_t> pieces_;    ///< first unit -> count
  std::vector<std::pair<uint32_t, uint32_t>> idle_;  ///< runs that had memory when they were freed
  uint32_t hands_[2] = {0, 0};                       ///< of PageOut
  uint32_t sweeps_[2] = {0, 0};                      ///< of the sweeper
  Status status_;
  bool stop_ = false;
  bool waits_ = false;  ///< the shard, for the sweeper
  int64_t turns_ = 0;   ///< of the sweeper

  std::condition_variable wake_;
  std::atomic<bool> failed_{false};
  std::atomic<int64_t> held_units_{0};
  std::atomic<int64_t> plain_units_{0};  ///< with memory that is not the file's
  std::atomic<int64_t> paged_units_{0};
  std::atomic<int64_t> peak_units_{0};
  std::atomic<int64_t> peak_paged_units_{0};
  std::atomic<int64_t> outside_bytes_{0};
  std::atomic<int64_t> cached_bytes_{0};        ///< of the file, as last counted
  std::atomic<int64_t> cached_max_{INT64_MAX};  ///< rows wait beyond
  int file_ = -1;
  int page_map_ = -1;  ///< what of its addresses this process has mapped
  int process_ = -1;   ///< this one, for Fetch
  std::thread sweeper_;
  std::unique_ptr<ByteArena> objects_ = std::make_unique<ByteArena>(kUnit);
};

}  // namespace forebay::compute
