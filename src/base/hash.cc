#include "base/hash.h"

#include "base/bytes.h"

namespace forebay {

namespace {

using internal::kHashA;
using internal::kHashB;
using internal::kHashC;
using internal::MultiplyFold;

/// Up to 8 bytes as one number; different lengths are told apart by the caller.
uint64_t LoadShort(const char* at, size_t size) {
  if (size >= 4) {
    return uint64_t{LoadLe<uint32_t>(at)} << 32 | LoadLe<uint32_t>(at + size - 4);
  }
  if (size == 0) return 0;
  auto byte = [&](size_t i) { return uint64_t{static_cast<uint8_t>(at[i])}; };
  return byte(0) << 16 | byte(size >> 1) << 8 | byte(size - 1);
}

}  // namespace

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t state = seed ^ kHashA;
  for (; left > 16; left -= 16, at += 16) {
    state = MultiplyFold(LoadLe<uint64_t>(at) ^ kHashB, LoadLe<uint64_t>(at + 8) ^ state);
  }
  uint64_t low = 0, high = 0;
  if (left > 8) {
    low = LoadLe<uint64_t>(at);
    high = LoadLe<uint64_t>(at + left - 8);
  } else {
    low = LoadShort(at, left);
  }
  uint64_t mixed = MultiplyFold(low ^ kHashB, high ^ state);
  return MultiplyFold(mixed ^ kHashC, bytes.size() ^ kHashA);
}

}  // namespace forebay
