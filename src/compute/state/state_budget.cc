#include "compute/state/state_budget.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>

namespace forebay::compute {
namespace {

std::atomic<int64_t> sharing_jobs{0};
constexpr std::streamsize kLineMax = 1024;

/// What the system could give without taking it from anybody; 0 when it does not say.
int64_t AvailableBytes() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  for (int64_t kib = 0; file >> name >> kib; file.ignore(kLineMax, '\n')) {
    if (name == "MemAvailable:") return kib * 1024;
  }
  return 0;
}

}  // namespace

int64_t StateBudget::MachineBytes() {
  static const int64_t bytes = [] {
    int64_t machine = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE);
    for (const char* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
      std::ifstream file(path);
      int64_t limit = 0;
      if (file >> limit && limit > 0) machine = std::min(machine, limit);
    }
    return machine;
  }();
  return bytes;
}

StateBudget::StateBudget(int64_t bytes, double fraction, int64_t spare_bytes)
    : bytes_(bytes), fraction_(fraction), spare_bytes_(spare_bytes) {
  if (bytes_ <= 0) ++sharing_jobs;
}

StateBudget::~StateBudget() {
  if (bytes_ <= 0) --sharing_jobs;
}

int64_t StateBudget::bytes() const {
  if (bytes_ > 0) return bytes_;
  int64_t jobs = std::max<int64_t>(sharing_jobs.load(std::memory_order_relaxed), 1);
  return static_cast<int64_t>(static_cast<double>(MachineBytes()) * fraction_) / jobs;
}

int64_t StateBudget::spare_bytes() const {
  constexpr int64_t kParts = 8;
  if (spare_bytes_ >= 0) return spare_bytes_;
  return std::min(AvailableBytes(), MachineBytes()) / kParts;
}

}  // namespace forebay::compute
