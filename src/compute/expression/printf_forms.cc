#include "compute/expression/printf_forms.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace forebay::compute {

namespace {

constexpr int kMantissaBits = 52;
constexpr int kMantissaDigits = 13;
constexpr int kLeastExponent = -1022;

/// The fraction's digits without zeros at their end, but one at least.
std::string FractionDigits(uint64_t fraction) {
  std::string digits = fmt::format("{:013x}", fraction);
  size_t last = digits.find_last_not_of('0');
  return digits.substr(0, last == std::string::npos ? 1 : last + 1);
}

}  // namespace

std::string HexDigits(double value, int precision) {
  auto bits = std::bit_cast<uint64_t>(value) & ~(uint64_t{1} << 63);
  auto exponent = static_cast<int>(bits >> kMantissaBits);
  uint64_t fraction = bits & ((uint64_t{1} << kMantissaBits) - 1);
  bool zero = bits == 0;
  if (precision == 0) precision = 1;
  if (zero && precision > 0)
    return "0x0." + std::string(static_cast<size_t>(precision), '0') + "p0";
  if (precision < 0 || precision >= kMantissaDigits) {
    if (zero) return "0x0.0p0";
    int power = exponent == 0 ? kLeastExponent : exponent - 1023;
    return fmt::format("0x{}.{}p{}", exponent == 0 ? 0 : 1, FractionDigits(fraction), power);
  }
  // With a precision the smallest numbers have a 1 in front, too.
  int power = exponent - 1023;
  uint64_t mantissa = fraction | uint64_t{1} << kMantissaBits;
  if (exponent == 0) {
    int shift = std::countl_zero(fraction) - (63 - kMantissaBits);
    mantissa = fraction << shift;
    power = kLeastExponent - shift;
  }
  // Half of what is cut goes to the even digit.
  int cut = kMantissaBits - 4 * precision;
  uint64_t half = uint64_t{1} << (cut - 1);
  uint64_t rest = mantissa & ((uint64_t{1} << cut) - 1);
  mantissa >>= cut;
  if (rest > half || (rest == half && (mantissa & 1) != 0)) ++mantissa;
  int kept = 4 * precision;
  if (mantissa >> (kept + 1) != 0) {
    mantissa >>= 1;
    ++power;
  }
  uint64_t digits = mantissa & ((uint64_t{1} << kept) - 1);
  return fmt::format("0x1.{:0{}x}p{}", digits, precision, power);
}

namespace {

uint32_t RotateLeft(uint32_t value, int bits) { return std::rotl(value, bits); }

/// MurmurHash3 over words and then over signed bytes, with Flink's seed for binary strings.
int32_t MurmurHash(std::string_view bytes) {
  uint32_t hash = 42;
  auto mix = [&](uint32_t word) {
    word = RotateLeft(word * 0xcc9e2d51U, 15) * 0x1b873593U;
    hash = RotateLeft(hash ^ word, 13) * 5 + 0xe6546b64U;
  };
  size_t aligned = bytes.size() - bytes.size() % 4;
  for (size_t i = 0; i < aligned; i += 4) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, 4);
    mix(word);
  }
  for (size_t i = aligned; i < bytes.size(); ++i) {
    mix(static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(bytes[i]))));
  }
  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return static_cast<int32_t>(hash ^ hash >> 16);
}

int32_t HashLong(int64_t value) {
  auto bits = static_cast<uint64_t>(value);
  return static_cast<int32_t>(static_cast<uint32_t>(bits ^ bits >> 32));
}

/// BigDecimal's, over BigInteger's.
int32_t HashDecimal(model::Int128 unscaled, int scale) {
  auto magnitude = static_cast<unsigned __int128>(unscaled < 0 ? -unscaled : unscaled);
  uint32_t hash = 0;
  for (int shift = 96; shift >= 0; shift -= 32) {
    hash = hash * 31 + static_cast<uint32_t>(magnitude >> shift);
  }
  if (unscaled < 0) hash = 0 - hash;
  return static_cast<int32_t>(hash * 31 + static_cast<uint32_t>(scale));
}

}  // namespace

std::optional<int32_t> JavaHashOf(const model::Column& column, int row) {
  using model::PhysicalType;
  bool decimal = column.type().Is(model::TypeRoot::kDecimal);
  int scale = column.type().scale();
  switch (column.physical()) {
    case PhysicalType::kBool: return column.Get<uint8_t>(row) != 0 ? 1231 : 1237;
    case PhysicalType::kInt8: return column.Get<int8_t>(row);
    case PhysicalType::kInt16: return column.Get<int16_t>(row);
    case PhysicalType::kInt32: return column.Get<int32_t>(row);
    case PhysicalType::kInt64: {
      int64_t value = column.Get<int64_t>(row);
      if (column.type().IsTimestamp()) return std::nullopt;
      return decimal ? HashDecimal(value, scale) : HashLong(value);
    }
    case PhysicalType::kInt128: return HashDecimal(column.Get<model::Int128>(row), scale);
    case PhysicalType::kFloat: return std::bit_cast<int32_t>(column.Get<float>(row));
    case PhysicalType::kDouble: return HashLong(std::bit_cast<int64_t>(column.Get<double>(row)));
    case PhysicalType::kString:
      if (!column.type().IsCharacter()) return std::nullopt;
      return MurmurHash(column.GetString(row));
    default: return std::nullopt;
  }
}

}  // namespace forebay::compute
