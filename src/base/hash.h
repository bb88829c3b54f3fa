#pragma once

#include <cstdint>
#include <string_view>

namespace forebay {

namespace internal {

/// The two halves of the 128-bit product, folded: one multiplication mixes every input bit into the
/// middle ones.
inline uint64_t MultiplyFold(uint64_t a, uint64_t b) {
  unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Odd 64-bit constants with as many ones as zeros: fractional bits of sqrt(2), sqrt(3), sqrt(5).
inline constexpr uint64_t kHashA = 0x6a09e667f3bcc909;
inline constexpr uint64_t kHashB = 0xbb67ae8584caa73b;
inline constexpr uint64_t kHashC = 0x3c6ef372fe94f82b;

}  // namespace internal

/// A fast 64-bit hash of an integer; every output bit depends on every input bit. The values of all
/// hashes here are stable: checkpoints hold key groups, which are bits of the keys' hashes. Not for
/// input of an attacker who may choose keys.
inline uint64_t HashInt(uint64_t value, uint64_t seed = 0) {
  return internal::MultiplyFold(
      internal::MultiplyFold(value ^ internal::kHashA, seed ^ internal::kHashB) ^ value,
      internal::kHashC);
}

/// Joins the hash of one more part to `hash`; the order matters.
inline uint64_t HashCombine(uint64_t hash, uint64_t part) {
  return internal::MultiplyFold(hash ^ internal::kHashA, part ^ internal::kHashC);
}

/// A fast 64-bit hash of bytes. As HashInt: stable.
uint64_t HashBytes(std::string_view bytes, uint64_t seed = 0);

}  // namespace forebay
