#include "compute/state/large_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdlib>

#include "compute/state/state_allocator.h"

namespace forebay::compute {

void* AllocateLarge(size_t bytes, bool index) {
  if (StateMemory* memory = StateMemory::current();
      memory != nullptr && bytes >= StateMemory::kSmallest) {
    if (void* piece = memory->Allocate(bytes, index); piece != nullptr) return piece;
  }
  constexpr size_t kCacheLine = 64;
  size_t alignment = bytes >= kHugePageBytes ? kHugePageBytes : kCacheLine;
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  if (StateMemory* owner = StateMemory::current(); owner != nullptr) {
    owner->AddOutside(static_cast<int64_t>(::malloc_usable_size(memory)));
  }
  // A wish: without huge pages everything works the same.
  if (alignment == kHugePageBytes) (void)::madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void FreeLarge(void* memory) {
  if (StateMemory* owner = StateMemory::OwnerOf(memory); owner != nullptr) {
    owner->Free(memory);
  } else {
    if (StateMemory* current = StateMemory::current(); current != nullptr && memory != nullptr) {
      current->AddOutside(-static_cast<int64_t>(::malloc_usable_size(memory)));
    }
    std::free(memory);
  }
}

void* AllocateStateObject(size_t bytes) {
  if (StateMemory* memory = StateMemory::current(); memory != nullptr && memory->HasAddresses()) {
    bool is_large = bytes >= StateMemory::kSmallest;
    void* object = is_large ? memory->Allocate(bytes, false) : memory->objects().Allocate(bytes);
    // Not when the addresses are used up: then the heap must be able to free it.
    if (object != nullptr && memory->Contains(object)) return object;
  }
  void* memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void FreeStateObject(void* memory, size_t bytes) {
  if (StateMemory* owner = StateMemory::OwnerOf(memory); owner != nullptr) {
    // Containers that grow leave large pieces behind: those are given back.
    if (bytes >= StateMemory::kSmallest) return owner->Free(memory);
    owner->objects().Free(static_cast<char*>(memory), bytes);
  } else {
    std::free(memory);
  }
}

}  // namespace forebay::compute
