// How StateMemory moves state to its file and keeps little of the file in memory.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "compute/state/state_memory.h"

namespace forebay::compute {
namespace {

constexpr uint32_t kRunUnits = kHugePageBytes / StateMemory::kUnit;
constexpr auto kSweepPause = std::chrono::milliseconds(50);
constexpr auto kTurnWaitMax = std::chrono::seconds(1);
/// Less of the file than this may always be in memory for a moment.
constexpr int64_t kCachedBytesMin = 16 << 20;
constexpr uint32_t kCountedUnits = 1024;
/// A run is in use when so large a part of what is in memory of it was mapped within a turn, which
/// the system does for pages around one that is read.
constexpr int64_t kUsedParts = 2;
constexpr size_t kPageBytes = 4096;  // what mincore counts; larger pages are counted right, too

Status FileError(std::string_view what, int error) {
  std::string text =
      fmt::format("state that does not fit into memory: {}: {}", what, std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) return NoSpace("{}", text);
  return IoError("{}", text);
}

}  // namespace

Status StateMemory::OpenFile() {
  if (file_ >= 0) return Status::Ok();
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  std::string path = directory_ + "/state-XXXXXX";
  file_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (file_ < 0) return FileError(path, errno);
  // Without a name it is gone with the process, however that ends.
  ::unlink(path.c_str());
  if (::ftruncate(file_, end_ - base_) != 0) return FileError(path, errno);
  Log(LogLevel::kInfo, "compute", "state goes to disk directory={} budget_bytes={}", directory_,
      budget_->bytes() / num_shards_);
  page_map_ = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  sweeper_ = std::thread([this] { Sweep(); });
  return Status::Ok();
}

/// Writes units of a run to the file and maps the file in their place.
Status StateMemory::PageOutRun(uint32_t unit, uint32_t count) {
  RETURN_IF_ERROR(OpenFile());
  char* begin = At(unit);
  size_t bytes = count * kUnit;
  for (size_t done = 0; done < bytes;) {
    ssize_t written = ::pwrite(file_, begin + done, bytes - done, begin - base_ + done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FileError("write", written < 0 ? errno : ENOSPC);
    done += static_cast<size_t>(written);
  }
  void* mapped =
      ::mmap(begin, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file_, begin - base_);
  if (mapped != begin) return FileError("mmap", errno);
  // State is looked up at random: what lies around a page is not what is wanted next.
  (void)::madvise(begin, bytes, MADV_RANDOM);
  // So that the disk has it before the sweeper wants the memory.
  (void)::sync_file_range(file_, begin - base_, static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE);
  return Status::Ok();
}

/// One turn over the units of `kind` at most; false when writing failed.
bool StateMemory::PageOutArea(Area& area, Unit kind, int64_t& excess) {
  auto& units = units_[&area - areas_];
  uint32_t& hand = hands_[&area - areas_];
  for (size_t seen = 0; seen < units.size() && excess > 0;) {
    if (hand >= units.size()) hand = 0;
    uint32_t end = hand;
    while (end < units.size() && end - hand < kRunUnits && end - hand < excess &&
           units[end] == kind) {
      ++end;
    }
    if (end == hand) {
      ++hand;
      ++seen;
      continue;
    }
    Status status = PageOutRun(area.begin + hand, end - hand);
    if (!status.ok()) {
      status_ = std::move(status);
      failed_.store(true, std::memory_order_release);
      return false;
    }
    std::fill(units.begin() + hand, units.begin() + end, Unit::kPaged);
    plain_units_ -= end - hand;
    paged_units_ += end - hand;
    peak_paged_units_ = std::max(peak_paged_units_.load(), paged_units_.load());
    excess -= end - hand;
    seen += end - hand;
    hand = end;
  }
  return true;
}

void StateMemory::PageOut(int64_t excess) {
  int64_t before = plain_units_;
  DropIdle();
  excess -= before - plain_units_;
  if (failed_) return;
  for (Unit kind : {Unit::kHeld, Unit::kIndex}) {
    for (Area* area : {&areas_[1], &areas_[0]}) {
      if (excess > 0 && !PageOutArea(*area, kind, excess)) return;
    }
  }
}

void StateMemory::Fetch(std::span<const void* const> addresses) {
  std::vector<iovec> pages;
  {
    std::lock_guard lock(mutex_);
    for (const void* address : addresses) {
      if (!Contains(address)) continue;
      auto offset = static_cast<size_t>(static_cast<const char*>(address) - base_);
      auto unit = static_cast<uint32_t>(offset / kUnit);
      const Area& area = AreaOf(unit);
      if (!IsPaged(units_[&area - areas_][unit - area.begin])) continue;
      char* page = base_ + offset / kPageBytes * kPageBytes;
      bool is_last = !pages.empty() && pages.back().iov_base == page;
      if (!is_last) pages.push_back({page, kPageBytes});
    }
  }
  if (pages.empty()) return;
  if (process_ < 0) process_ = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  std::span<const iovec> rest(pages);
  while (process_ >= 0 && !rest.empty()) {
    auto count = std::min<size_t>(rest.size(), IOV_MAX);
    auto done = ::syscall(SYS_process_madvise, process_, rest.data(), count, MADV_WILLNEED, 0);
    if (done <= 0) break;
    rest = rest.subspan(std::min(static_cast<size_t>(done) / kPageBytes, rest.size()));
  }
  // Where the system knows no list of pages.
  for (const iovec& page : rest) (void)::madvise(page.iov_base, page.iov_len, MADV_WILLNEED);
}

void StateMemory::WaitForRoom() {
  std::unique_lock lock(mutex_);
  WaitForSweeper(lock);
}

void StateMemory::WaitForSweeper(std::unique_lock<std::mutex>& lock) {
  if (cached_bytes_ <= cached_max_) return;
  waits_ = true;
  wake_.notify_all();
  // A turn that had begun before may see little of it; a disk may be too slow for any.
  wake_.wait_for(lock, kTurnWaitMax, [this, before = turns_] { return stop_ || turns_ > before; });
  waits_ = false;
}

void StateMemory::Sweep() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kSweepPause, [this] { return stop_ || waits_; });
      if (stop_) return;
    }
    SweepOnce();
    {
      std::lock_guard lock(mutex_);
      ++turns_;
    }
    wake_.notify_all();
  }
}

/// The bytes of a run of the file that are in memory, of this process or of the system's cache.
int64_t StateMemory::CachedBytes(Run run) const {
  std::array<unsigned char, kCountedUnits * kUnit / kPageBytes> pages;
  size_t bytes = run.count * kUnit;
  if (::mincore(At(run.unit), bytes, pages.data()) != 0) return 0;
  auto cached =
      std::count_if(pages.begin(), pages.begin() + static_cast<ptrdiff_t>(bytes / kPageBytes),
                    [](unsigned char page) { return (page & 1) != 0; });
  return cached * static_cast<int64_t>(kPageBytes);
}

/// The bytes of a run that were touched since it was last taken out of the address space; 0 where
/// the system does not tell.
int64_t StateMemory::MappedBytes(Run run) const {
  std::array<uint64_t, kRunUnits * kUnit / kPageBytes> pages;
  size_t bytes = run.count * kUnit / kPageBytes * sizeof(uint64_t);
  auto place =
      static_cast<off_t>(reinterpret_cast<uintptr_t>(At(run.unit)) / kPageBytes * sizeof(uint64_t));
  if (::pread(page_map_, pages.data(), bytes, place) != static_cast<ssize_t>(bytes)) return 0;
  auto mapped =
      std::count_if(pages.begin(), pages.begin() + static_cast<ptrdiff_t>(bytes / sizeof(uint64_t)),
                    [](uint64_t page) { return page >> 63 != 0; });
  return mapped * static_cast<int64_t>(kPageBytes);
}

int64_t StateMemory::CountCached() {
  int64_t cached = 0;
  for (int a = 0; a < 2; ++a) {
    for (size_t i = 0;;) {
      std::lock_guard lock(mutex_);
      const auto& units = units_[a];
      while (i < units.size() && !IsPaged(units[i])) ++i;
      if (i >= units.size()) break;
      size_t end = i;
      while (end < units.size() && end - i < kCountedUnits && IsPaged(units[end])) ++end;
      cached +=
          CachedBytes({areas_[a].begin + static_cast<uint32_t>(i), static_cast<uint32_t>(end - i)});
      i = end;
    }
  }
  return cached;
}

void StateMemory::SweepOnce() {
  int64_t cached = CountCached();
  cached_bytes_ = cached;
  int64_t budget = BudgetBytes();
  int64_t allowed = std::max(budget - plain_units_ * static_cast<int64_t>(kUnit), budget / 4);
  cached_max_ =
      std::max(2 * std::max(budget, kCachedBytesMin), budget_->spare_bytes() / num_shards_);
  bool hurries = cached > cached_max_ / 2;
  int64_t excess = cached - allowed;
  for (const Area& area : {std::cref(areas_[1]), std::cref(areas_[0])}) {
    if (excess > 0) SweepArea(area, hurries, excess);
  }
  cached_bytes_ = std::min(cached, allowed + excess);
}

/// One turn at most. Writes what goes in pieces: a disk does many writes in the time of one.
void StateMemory::SweepArea(const Area& area, bool hurries, int64_t& excess) {
  constexpr size_t kRunsTogether = 16;
  std::vector<Run> dropped;
  for (size_t seen = 0; excess > 0;) {
    std::optional<Run> run = NextToDrop(area, hurries, seen);
    if (run.has_value()) {
      int64_t cached = CachedBytes(*run);
      excess -= cached;
      if (cached > 0) dropped.push_back(*run);
    }
    bool is_end = !run.has_value() || excess <= 0;
    if (!is_end && dropped.size() < kRunsTogether) continue;
    Drop(dropped);
    dropped.clear();
    if (is_end) return;
  }
}

/// Goes over units: takes them out of the address space, until there are some of which little has
/// been touched since the turn before; when it hurries, it takes the first ones. A huge page's part
/// of the file at a time: the system lets go only whole what it holds as one large page. Nothing:
/// all have been seen.
std::optional<StateMemory::Run> StateMemory::NextToDrop(const Area& area, bool hurries,
                                                        size_t& seen) {
  auto& units = units_[&area - areas_];
  uint32_t& hand = sweeps_[&area - areas_];
  while (true) {
    std::lock_guard lock(mutex_);
    if (stop_ || seen >= units.size()) return std::nullopt;
    if (hand >= units.size()) hand = 0;
    uint32_t begin = hand, count = 0;
    auto end = std::min<uint32_t>(static_cast<uint32_t>(units.size()),
                                  (begin / kRunUnits + 1) * kRunUnits);
    bool is_paged = IsPaged(units[begin]);
    bool is_swept = is_paged;
    for (; begin + count < end && IsPaged(units[begin + count]) == is_paged; ++count) {
      is_swept = is_swept && units[begin + count] == Unit::kSwept;
    }
    hand += count;
    seen += count;
    if (!is_paged) continue;
    Run run{area.begin + begin, count};
    // To write and drop what is read again at once would gain nothing.
    is_swept = is_swept && MappedBytes(run) * kUsedParts <= CachedBytes(run);
    bool goes = is_swept || hurries;
    std::fill(units.begin() + begin, units.begin() + begin + count,
              goes ? Unit::kPaged : Unit::kSwept);
    // The file keeps what was written; whoever touches it gets it back from the cache.
    if (!is_swept || hurries) {
      (void)::madvise(At(run.unit), count * kUnit, MADV_DONTNEED);
    }
    if (goes) return run;
  }
}

/// Pages in use are mapped, and the system keeps them.
void StateMemory::Drop(std::span<const Run> runs) const {
  auto sync = [this](Run run, unsigned flags) {
    (void)::sync_file_range(file_, static_cast<off_t>(run.unit * kUnit),
                            static_cast<off_t>(run.count * kUnit), flags);
  };
  for (Run run : runs) sync(run, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
  for (Run run : runs) {
    sync(run, SYNC_FILE_RANGE_WAIT_AFTER);
    (void)::posix_fadvise(file_, static_cast<off_t>(run.unit * kUnit),
                          static_cast<off_t>(run.count * kUnit), POSIX_FADV_DONTNEED);
  }
}

}  // namespace forebay::compute
