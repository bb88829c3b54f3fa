#include "compute/state/large_memory.h"

#include <sys/mman.h>

#include <cstdlib>

namespace forebay::compute {

void* AllocateLarge(size_t bytes) {
  constexpr size_t kCacheLine = 64;
  size_t alignment = bytes >= kHugePageBytes ? kHugePageBytes : kCacheLine;
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  // A wish: without huge pages everything works the same.
  if (alignment == kHugePageBytes) (void)::madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void FreeLarge(void* memory) { std::free(memory); }

}  // namespace forebay::compute
