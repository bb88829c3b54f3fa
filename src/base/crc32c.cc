#include "base/crc32c.h"

#include <nmmintrin.h>

#include "base/bytes.h"

namespace forebay {

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t crc = ~seed;
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, LoadLe<uint64_t>(at));
  uint32_t tail = static_cast<uint32_t>(crc);
  for (; left > 0; --left, ++at) tail = _mm_crc32_u8(tail, static_cast<uint8_t>(*at));
  return ~tail;
}

}  // namespace forebay
