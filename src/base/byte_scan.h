#pragma once

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

/// Texts looked through 32 bytes at a time. Every machine that Forebay runs on has AVX2.
namespace forebay {

/// The first `size` <= 16 bytes, zeros behind them.
inline __m128i LoadUpTo16(const char* data, size_t size) {
  uint64_t low = 0, high = 0;
  if (size > 8) {
    low = LoadLe<uint64_t>(data);
    high = LoadLe<uint64_t>(data + size - 8) >> (8 * (16 - size));
  } else if (size >= 4) {
    low = LoadLe<uint32_t>(data) | static_cast<uint64_t>(LoadLe<uint32_t>(data + size - 4))
                                       << (8 * (size - 4));
  } else if (size > 0) {
    // The first, the middle and the last byte are all of up to three.
    auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(data[i])); };
    low = byte(0) | byte(size / 2) << (8 * (size / 2)) | byte(size - 1) << (8 * (size - 1));
  }
  return _mm_set_epi64x(static_cast<int64_t>(high), static_cast<int64_t>(low));
}

/// `test` maps 32 bytes to 32 bytes of which the first bits count. Calls f(bits, offset) for every
/// 32 bytes from `offset` on, bit i for byte offset + i, until it gives false.
template <typename Test, typename F>
void ScanBytes(std::string_view text, Test test, F f) {
  auto bits_of = [&](__m256i bytes) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(test(bytes)));
  };
  auto load = [](const char* data) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
  };
  const char* data = text.data();
  size_t size = text.size();
  if (size < 32) {
    __m128i first = LoadUpTo16(data, std::min<size_t>(size, 16));
    __m128i second = size > 16 ? LoadUpTo16(data + 16, size - 16) : _mm_setzero_si128();
    f(bits_of(_mm256_set_m128i(second, first)) & ((uint32_t{1} << size) - 1), size_t{0});
    return;
  }
  size_t offset = 0;
  for (; offset + 32 <= size; offset += 32) {
    if (!f(bits_of(load(data + offset)), offset)) return;
  }
  // The last 32 bytes, without those that were seen.
  if (offset < size) f(bits_of(load(data + size - 32)) >> (32 - (size - offset)), offset);
}

/// How many bytes pass `test`.
template <typename Test>
size_t CountBytes(std::string_view text, Test test) {
  size_t count = 0;
  ScanBytes(text, test, [&](uint32_t bits, size_t) {
    count += static_cast<size_t>(std::popcount(bits));
    return true;
  });
  return count;
}

inline auto IsByte(char byte) {
  return
      [wanted = _mm256_set1_epi8(byte)](__m256i bytes) { return _mm256_cmpeq_epi8(bytes, wanted); };
}

inline bool IsAscii(std::string_view text) {
  bool ascii = true;
  ScanBytes(
      text, [](__m256i bytes) { return bytes; },
      [&](uint32_t bits, size_t) { return ascii = bits == 0; });
  return ascii;
}

}  // namespace forebay
