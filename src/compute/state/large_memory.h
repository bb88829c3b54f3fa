#pragma once

#include <cstddef>
#include <memory>

namespace forebay::compute {

/// Memory of keyed state in pieces of 2 MiB and more lies on huge pages where the system has them:
/// random access to a large state then misses the TLB less, and the first touch costs one page
/// fault for 2 MiB rather than 512.
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

/// Uninitialised, aligned to 64 bytes; from the thread's StateMemory when it has one. `index`: what
/// every lookup reads, which goes to disk last.
void* AllocateLarge(size_t bytes, bool index = false);
void FreeLarge(void* memory);

struct LargeDeleter {
  void operator()(char* memory) const { FreeLarge(memory); }
};
using LargeChars = std::unique_ptr<char[], LargeDeleter>;
inline LargeChars MakeLargeChars(size_t bytes, bool index = false) {
  return LargeChars(static_cast<char*>(AllocateLarge(bytes, index)));
}

}  // namespace forebay::compute
