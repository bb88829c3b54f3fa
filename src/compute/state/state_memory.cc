#include "compute/state/state_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace forebay::compute {
namespace {

constexpr size_t kReservedBytes = size_t{128} << 30;
constexpr uint32_t kHugeUnits = kHugePageBytes / StateMemory::kUnit;
/// Freed memory that is kept for the next piece: tables of windows come and go.
constexpr int64_t kIdleUnitsMax = (64 << 20) / StateMemory::kUnit;
constexpr size_t kIdleRunsMax = 4096;

thread_local StateMemory* current_memory = nullptr;

/// All reserved addresses, so that a piece of memory finds its owner.
struct Owners {
  std::mutex mutex;
  std::map<const char*, StateMemory*> by_begin;
};
Owners& AllOwners() {
  static auto* owners = new Owners;  // outlives objects that are destroyed at exit
  return *owners;
}

}  // namespace

StateMemory* StateMemory::current() { return current_memory; }

StateMemory::Scope::Scope(StateMemory* memory) : before_(current_memory) {
  current_memory = memory;
}

StateMemory::Scope::~Scope() { current_memory = before_; }

StateMemory* StateMemory::OwnerOf(const void* memory) {
  if (current_memory != nullptr && current_memory->Contains(memory)) return current_memory;
  Owners& owners = AllOwners();
  std::lock_guard lock(owners.mutex);
  auto behind = owners.by_begin.upper_bound(static_cast<const char*>(memory));
  if (behind == owners.by_begin.begin()) return nullptr;
  StateMemory* owner = std::prev(behind)->second;
  return owner->Contains(memory) ? owner : nullptr;
}

StateMemory::StateMemory(std::shared_ptr<StateBudget> budget, int num_shards, std::string directory)
    : budget_(std::move(budget)), num_shards_(num_shards), directory_(std::move(directory)) {
  Reserve();
}

void StateMemory::Reserve() {
  // Aligned to a huge page: the second half begins at one, too.
  void* memory = ::mmap(nullptr, kReservedBytes + kHugePageBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    Log(LogLevel::kWarning, "compute", "no addresses for state that can go to disk: {}",
        std::strerror(errno));
    return;
  }
  auto begin = reinterpret_cast<uintptr_t>(memory);
  uintptr_t aligned = (begin + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  if (aligned > begin) ::munmap(memory, aligned - begin);
  size_t rest = begin + kHugePageBytes - aligned;
  if (rest > 0) ::munmap(reinterpret_cast<void*>(aligned + kReservedBytes), rest);
  base_ = reinterpret_cast<char*>(aligned);
  end_ = base_ + kReservedBytes;
  constexpr uint32_t kUnits = kReservedBytes / kUnit;
  areas_[0] = {0, 0, kUnits / 2, 1, {}};
  areas_[1] = {kUnits / 2, kUnits / 2, kUnits, kHugeUnits, {}};
  // A wish: without huge pages everything works the same.
  (void)::madvise(At(kUnits / 2), kReservedBytes / 2, MADV_HUGEPAGE);
  Owners& owners = AllOwners();
  std::lock_guard lock(owners.mutex);
  owners.by_begin[base_] = this;
}

StateMemory::~StateMemory() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (sweeper_.joinable()) sweeper_.join();
  if (base_ == nullptr) return;
  objects_ = nullptr;
  {
    Owners& owners = AllOwners();
    std::lock_guard lock(owners.mutex);
    owners.by_begin.erase(base_);
  }
  ::munmap(base_, kReservedBytes);
  if (file_ >= 0) ::close(file_);
  if (process_ >= 0) ::close(process_);
  if (page_map_ >= 0) ::close(page_map_);
}

Status StateMemory::status() const {
  if (!failed_.load(std::memory_order_acquire)) return Status::Ok();
  std::lock_guard lock(mutex_);
  return status_;
}

int64_t StateMemory::resident_bytes() const {
  return plain_units_.load(std::memory_order_relaxed) * static_cast<int64_t>(kUnit) +
         cached_bytes_.load(std::memory_order_relaxed) + outside_bytes();
}

/// A free run of `count` units, taken out of the free ones; -1 when there is none.
int64_t StateMemory::Find(Area& area, uint32_t count) {
  for (auto it = area.free.begin(); it != area.free.end(); ++it) {
    auto [unit, size] = *it;
    uint32_t begin = (unit + area.alignment - 1) / area.alignment * area.alignment;
    if (begin + count > unit + size) continue;
    area.free.erase(it);
    if (begin > unit) area.free[unit] = begin - unit;
    if (unit + size > begin + count) area.free[begin + count] = unit + size - begin - count;
    return begin;
  }
  uint32_t begin = (area.next + area.alignment - 1) / area.alignment * area.alignment;
  if (begin + count > area.end) return -1;
  if (begin > area.next) AddFree(area, area.next, begin - area.next);
  area.next = begin + count;
  units_[&area - areas_].resize(area.next - area.begin, Unit::kFree);
  return begin;
}

void StateMemory::Take(uint32_t unit, uint32_t count, bool index) {
  Area& area = AreaOf(unit);
  auto& units = units_[&area - areas_];
  int64_t fresh = 0;
  for (uint32_t i = unit; i < unit + count; ++i) {
    Unit& each = units[i - area.begin];
    fresh += each == Unit::kFree ? 1 : 0;
    each = index ? Unit::kIndex : Unit::kHeld;
  }
  plain_units_ += fresh;
  held_units_ += count;
  peak_units_ = std::max(peak_units_.load(), held_units_.load());
  pieces_[unit] = count;
}

int64_t StateMemory::BudgetBytes() const {
  int64_t budget = budget_->bytes() / num_shards_;
  // Some always stays, or nothing would go on.
  return std::max(budget - outside_bytes_.load(std::memory_order_relaxed), budget / 8);
}

void* StateMemory::Allocate(size_t bytes, bool index) {
  if (base_ == nullptr) return nullptr;
  auto count = static_cast<uint32_t>((bytes + kUnit - 1) / kUnit);
  Area& area = areas_[bytes >= kHugePageBytes ? 1 : 0];
  std::unique_lock lock(mutex_);
  int64_t unit = Find(area, count);
  if (unit < 0) return nullptr;
  Take(static_cast<uint32_t>(unit), count, index);
  // A quarter of the budget stays for what is used of the file.
  int64_t budget = BudgetBytes() / static_cast<int64_t>(kUnit);
  int64_t excess = plain_units_ - budget * 3 / 4;
  if (excess > 0) {
    // The new piece is about to be written: it stays.
    auto& units = units_[&area - areas_];
    auto begin = units.begin() + (unit - area.begin);
    std::fill(begin, begin + count, Unit::kFresh);
    PageOut(excess);
    std::fill(begin, begin + count, index ? Unit::kIndex : Unit::kHeld);
    WaitForSweeper(lock);
  }
  return At(static_cast<size_t>(unit));
}

void StateMemory::AddFree(Area& area, uint32_t unit, uint32_t count) {
  auto behind = area.free.lower_bound(unit);
  if (behind != area.free.end() && behind->first == unit + count) {
    count += behind->second;
    behind = area.free.erase(behind);
  }
  if (behind != area.free.begin()) {
    auto before = std::prev(behind);
    if (before->first + before->second == unit) {
      before->second += count;
      return;
    }
  }
  area.free[unit] = count;
}

/// Gives the memory and the room in the file back.
void StateMemory::Unmap(uint32_t unit, uint32_t count) {
  char* begin = At(unit);
  size_t bytes = count * kUnit;
  void* fresh = ::mmap(begin, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  CHECK(fresh == begin);
  if (unit >= areas_[1].begin) (void)::madvise(begin, bytes, MADV_HUGEPAGE);
#ifdef FALLOC_FL_PUNCH_HOLE
  (void)::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin - base_,
                    static_cast<off_t>(bytes));
#endif
}

void StateMemory::Free(void* memory) {
  std::lock_guard lock(mutex_);
  auto unit = static_cast<uint32_t>((static_cast<char*>(memory) - base_) / kUnit);
  auto piece = pieces_.find(unit);
  CHECK(piece != pieces_.end());
  uint32_t count = piece->second;
  pieces_.erase(piece);
  held_units_ -= count;
  Area& area = AreaOf(unit);
  auto& units = units_[&area - areas_];
  for (uint32_t i = unit; i < unit + count;) {
    bool paged = IsPaged(units[i - area.begin]);
    uint32_t end = i;
    while (end < unit + count && IsPaged(units[end - area.begin]) == paged) {
      units[end++ - area.begin] = paged ? Unit::kFree : Unit::kIdle;
    }
    if (paged) {
      paged_units_ -= end - i;
      Unmap(i, end - i);
    } else {
      idle_.push_back({i, end - i});
    }
    i = end;
  }
  AddFree(area, unit, count);
  bool many = plain_units_ + paged_units_ - held_units_ > kIdleUnitsMax;
  if (many || idle_.size() > kIdleRunsMax) DropIdle();
}

/// Gives back the memory of free units.
void StateMemory::DropIdle() {
  for (auto [unit, count] : idle_) {
    Area& area = AreaOf(unit);
    auto& units = units_[&area - areas_];
    for (uint32_t i = unit; i < unit + count;) {
      // Parts of it may have been given out again.
      uint32_t end = i;
      while (end < unit + count && units[end - area.begin] == Unit::kIdle) {
        units[end++ - area.begin] = Unit::kFree;
      }
      if (end > i) (void)::madvise(At(i), (end - i) * kUnit, MADV_DONTNEED);
      plain_units_ -= end - i;
      i = std::max(end, i + 1);
    }
  }
  idle_.clear();
}

}  // namespace forebay::compute
