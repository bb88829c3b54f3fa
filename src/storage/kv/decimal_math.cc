#include "storage/kv/decimal_math.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace forebay::storage {
namespace {

using model::Int128;
using UInt128 = unsigned __int128;

constexpr int kCompactPrecisionMax = 18;
/// The greatest power of ten in 64 bits.
constexpr int kDigitsOf64 = 19;

UInt128 PowerOfTen(int exponent) {
  UInt128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// 256 bits, the lowest 32 first.
using Limbs = std::array<uint32_t, 8>;

Limbs Multiply(UInt128 a, UInt128 b) {
  Limbs product{};
  for (int i = 0; i < 4; ++i) {
    uint64_t carry = 0;
    for (int j = 0; j < 4; ++j) {
      uint64_t x = static_cast<uint32_t>(a >> (32 * i)), y = static_cast<uint32_t>(b >> (32 * j));
      uint64_t sum = x * y + product[i + j] + carry;
      product[i + j] = static_cast<uint32_t>(sum);
      carry = sum >> 32;
    }
    product[i + 4] = static_cast<uint32_t>(carry);
  }
  return product;
}

/// Gives the remainder.
uint64_t DivideBy(Limbs& number, uint64_t divisor) {
  UInt128 remainder = 0;
  for (int i = 7; i >= 0; --i) {
    remainder = remainder << 32 | number[i];
    number[i] = static_cast<uint32_t>(remainder / divisor);
    remainder %= divisor;
  }
  return static_cast<uint64_t>(remainder);
}

void DivideByPowerOfTen(Limbs& number, int exponent) {
  for (; exponent > 0; exponent -= kDigitsOf64) {
    DivideBy(number, static_cast<uint64_t>(PowerOfTen(std::min(exponent, kDigitsOf64))));
  }
}

/// nullopt for what has more digits than 128 bits or `precision` hold.
std::optional<Int128> Fit(const Limbs& number, int precision, bool round_up, bool negative) {
  if ((number[4] | number[5] | number[6] | number[7]) != 0 || number[3] >> 31 != 0) return {};
  UInt128 value = 0;
  for (int i = 3; i >= 0; --i) value = value << 32 | number[i];
  value += round_up ? 1 : 0;
  if (value >= PowerOfTen(precision)) return {};
  return negative ? -static_cast<Int128>(value) : static_cast<Int128>(value);
}

}  // namespace

std::optional<Int128> AddDecimals(Int128 a, Int128 b, int precision) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return {};
  UInt128 magnitude = static_cast<UInt128>(sum < 0 ? -sum : sum);
  bool fits = precision <= kCompactPrecisionMax ? sum == static_cast<int64_t>(sum)
                                                : magnitude < PowerOfTen(precision);
  return fits ? std::optional(sum) : std::nullopt;
}

std::optional<Int128> MultiplyDecimals(Int128 a, Int128 b, int precision, int scale) {
  auto magnitude = [](Int128 value) { return static_cast<UInt128>(value < 0 ? -value : value); };
  Limbs product = Multiply(magnitude(a), magnitude(b));
  bool round_up = false;
  if (scale > 0) {
    DivideByPowerOfTen(product, scale - 1);
    round_up = DivideBy(product, 10) >= 5;
  }
  return Fit(product, precision, round_up, (a < 0) != (b < 0));
}

}  // namespace forebay::storage
