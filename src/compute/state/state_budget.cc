#include "compute/state/state_budget.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>

namespace forebay::compute {
namespace {

std::atomic<int64_t> sharing_jobs{0};

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

StateBudget::StateBudget(int64_t bytes, double fraction) : bytes_(bytes), fraction_(fraction) {
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

}  // namespace forebay::compute
