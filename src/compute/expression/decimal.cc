#include "compute/expression/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "model/data_type.h"

namespace forebay::compute {

namespace {

constexpr int kMaxDigits = model::DataType::kMaxDecimalPrecision;

constexpr auto kPowers = [] {
  std::array<Int128, kMaxDigits + 1> powers{};
  powers[0] = 1;
  for (int i = 1; i <= kMaxDigits; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

UInt128 Magnitude(Int128 value) {
  return value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

/// high * 2^128 + low.
struct Wide {
  UInt128 high = 0;
  UInt128 low = 0;
};

Wide MultiplyWide(UInt128 a, UInt128 b) {
  UInt128 a0 = static_cast<uint64_t>(a), a1 = a >> 64;
  UInt128 b0 = static_cast<uint64_t>(b), b1 = b >> 64;
  UInt128 low = a0 * b0;
  UInt128 middle = a1 * b0 + (low >> 64);
  UInt128 other = a0 * b1 + static_cast<uint64_t>(middle);
  return {a1 * b1 + (middle >> 64) + (other >> 64), other << 64 | static_cast<uint64_t>(low)};
}

/// numerator / divisor rounded half up; nothing when it needs more than 128 bits. A bit a step:
/// only products and dividends over 128 bits come here.
std::optional<UInt128> DivideWide(Wide numerator, UInt128 divisor) {
  if (numerator.high >= divisor) return std::nullopt;
  UInt128 remainder = numerator.high, quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    bool carry = remainder >> 127 != 0;
    remainder = remainder << 1 | (numerator.low >> bit & 1);
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= UInt128{1} << bit;
    }
  }
  return remainder >= divisor - remainder ? quotient + 1 : quotient;
}

std::optional<Int128> Signed(std::optional<UInt128> magnitude, bool negative, int precision) {
  if (!magnitude || *magnitude >= static_cast<UInt128>(kPowers[precision])) return std::nullopt;
  Int128 value = static_cast<Int128>(*magnitude);
  return negative ? -value : value;
}

}  // namespace

Int128 PowerOfTen(int exponent) { return kPowers[exponent]; }

Int128 DivideHalfUp(Int128 value, Int128 divisor) {
  Int128 quotient = value / divisor;
  UInt128 rest = Magnitude(value % divisor);
  if (rest >= static_cast<UInt128>(divisor) - rest) quotient += value < 0 ? -1 : 1;
  return quotient;
}

std::optional<Int128> RescaleDecimal(Int128 value, int from, int to, int precision) {
  if (to >= from) {
    Int128 result;
    if (value == 0) return value;
    if (to - from > kMaxDigits || __builtin_mul_overflow(value, kPowers[to - from], &result)) {
      return std::nullopt;
    }
    if (!FitsPrecision(result, precision)) return std::nullopt;
    return result;
  }
  if (from - to > kMaxDigits) return Int128{0};
  Int128 result = DivideHalfUp(value, kPowers[from - to]);
  if (!FitsPrecision(result, precision)) return std::nullopt;
  return result;
}

std::optional<Int128> AddWideDecimal(Int128 a, Int128 b, int drop, int precision) {
  if (drop <= 0 || (a < 0) != (b < 0)) return std::nullopt;
  UInt128 sum = Magnitude(a), divisor = static_cast<UInt128>(kPowers[std::min(drop, kMaxDigits)]);
  if (__builtin_add_overflow(sum, Magnitude(b), &sum)) return std::nullopt;
  return Signed(DivideWide({0, sum}, divisor), a < 0, precision);
}

std::optional<Int128> MultiplyDecimal(Int128 a, Int128 b, int product_scale, int scale,
                                      int precision) {
  Int128 product;
  if (!__builtin_mul_overflow(a, b, &product)) {
    return RescaleDecimal(product, product_scale, scale, precision);
  }
  if (product_scale - scale < 0) return std::nullopt;
  // At most 2 * 38 digits: dropping more than 38 of them takes two divisions.
  int drop = std::min(product_scale - scale, kMaxDigits);
  std::optional<UInt128> result =
      DivideWide(MultiplyWide(Magnitude(a), Magnitude(b)), static_cast<UInt128>(kPowers[drop]));
  return Signed(result, (a < 0) != (b < 0), precision);
}

std::optional<Int128> DivideDecimal(Int128 a, Int128 b, int shift, int precision) {
  bool negative = (a < 0) != (b < 0);
  UInt128 dividend = Magnitude(a), divisor = Magnitude(b);
  if (shift < 0) {
    Wide wide = MultiplyWide(divisor, static_cast<UInt128>(kPowers[std::min(-shift, kMaxDigits)]));
    if (wide.high != 0) return Int128{0};
    return Signed(DivideWide({0, dividend}, wide.low), negative, precision);
  }
  Wide wide{0, dividend};
  while (shift > 0) {
    int step = std::min(shift, kMaxDigits);
    if (wide.high != 0) return std::nullopt;
    wide = MultiplyWide(wide.low, static_cast<UInt128>(kPowers[step]));
    shift -= step;
  }
  if (wide.high == 0) {
    UInt128 quotient = wide.low / divisor, rest = wide.low % divisor;
    if (rest >= divisor - rest) ++quotient;
    return Signed(quotient, negative, precision);
  }
  return Signed(DivideWide(wide, divisor), negative, precision);
}

int CompareDecimal(Int128 a, int scale_a, Int128 b, int scale_b) {
  auto order = [](Int128 x, Int128 y) { return x < y ? -1 : (x > y ? 1 : 0); };
  if (scale_a == scale_b) return order(a, b);
  bool grow_a = scale_a < scale_b;
  Int128 power = kPowers[std::abs(scale_a - scale_b)];
  Int128 grown;
  if (__builtin_mul_overflow(grow_a ? a : b, power, &grown)) {
    bool positive = (grow_a ? a : b) > 0;
    return positive == grow_a ? 1 : -1;
  }
  return grow_a ? order(grown, b) : order(a, grown);
}

double DecimalToDouble(Int128 value, int scale) {
  constexpr Int128 kExact = Int128{1} << 53;
  if (value < kExact && value > -kExact && scale <= 22) {
    // Both are exact doubles, so one division rounds once.
    return static_cast<double>(value) / static_cast<double>(kPowers[scale]);
  }
  char digits[64];
  char* end = digits + sizeof(digits);
  char* begin = end;
  for (UInt128 rest = Magnitude(value); rest != 0; rest /= 10) {
    *--begin = static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  std::string text(begin, end);
  text += "e-" + std::to_string(scale);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return value < 0 ? -result : result;
}

std::optional<Int128> DecimalFromDouble(double value, int precision, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  char text[40];
  auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  return DecimalFromText({text, static_cast<size_t>(end.ptr - text)}, precision, scale);
}

namespace {

/// The digits of a number's text without point and sign, and the power of ten of the last one.
struct Digits {
  std::string text;
  int64_t exponent = 0;
  bool negative = false;
};

std::optional<Digits> SplitNumber(std::string_view text) {
  Digits digits;
  size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) digits.negative = text[i++] == '-';
  bool point = false, any = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      any = true;
      if (point) --digits.exponent;
      if (text[i] != '0' || !digits.text.empty()) digits.text += text[i];
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    int32_t exponent = 0;
    auto end = std::from_chars(text.data() + i, text.data() + text.size(), exponent);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
    digits.exponent += exponent;
  }
  return digits;
}

}  // namespace

std::optional<Int128> DecimalFromText(std::string_view text, int precision, int scale) {
  std::optional<Digits> digits = SplitNumber(text);
  if (!digits) return std::nullopt;
  if (digits->text.empty()) return Int128{0};
  // Digits kept: those at or above 10^-scale.
  int64_t kept = static_cast<int64_t>(digits->text.size()) + digits->exponent + scale;
  if (kept > precision) return std::nullopt;
  if (kept < 0) return Int128{0};
  Int128 value = 0;
  for (int64_t i = 0; i < kept; ++i) {
    bool inside = i < static_cast<int64_t>(digits->text.size());
    value = value * 10 + (inside ? digits->text[i] - '0' : 0);
  }
  if (kept < static_cast<int64_t>(digits->text.size()) && digits->text[kept] >= '5') ++value;
  if (!FitsPrecision(value, precision)) return std::nullopt;
  return digits->negative ? -value : value;
}

namespace {

/// Digits that Flink keeps in a long.
constexpr int kMaxLongDigits = 18;
constexpr std::string_view kBlanks = " \n\t";

/// Takes the digits at the front of `rest` and the character after them, as Flink's reader does.
char TakeDigits(std::string_view& rest, std::string* digits) {
  char last = 0;
  while (!rest.empty()) {
    last = rest.front();
    rest.remove_prefix(1);
    if (last < '0' || last > '9') break;
    *digits += last;
    last = 0;
  }
  return last;
}

/// The exponent after an E; nothing when only a sign is there.
std::optional<int> TakeExponent(std::string_view& rest) {
  bool negative = rest.front() == '-';
  if (negative || rest.front() == '+') rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  std::string digits;
  TakeDigits(rest, &digits);
  constexpr int kFarEnough = 40;
  int exponent = 0;
  for (char c : digits) exponent = exponent < kFarEnough ? exponent * 10 + (c - '0') : exponent;
  return negative ? -exponent : exponent;
}

/// A text of at most 18 bytes without the blanks before it, as a number that DecimalFromText reads.
/// Zeros in front count as digits that must fit.
std::optional<std::string> ShortNumber(std::string_view rest, int precision, int scale) {
  std::string number;
  if (rest.starts_with('-') || rest.starts_with('+')) {
    number = rest.front();
    rest.remove_prefix(1);
    if (rest.empty()) return std::nullopt;
  }
  number += '0';
  size_t before = number.size();
  char last = TakeDigits(rest, &number);
  int whole = static_cast<int>(number.size() - before);
  if (last == '.') {
    number += '.';
    last = TakeDigits(rest, &number);
    if (last == '.') return std::nullopt;
  }
  std::optional<int> exponent = 0;
  if ((last == 'e' || last == 'E') && !rest.empty()) {
    exponent = TakeExponent(rest);
    if (!exponent) return std::nullopt;
    number += "e" + std::to_string(*exponent);
  }
  if (whole + *exponent + scale > precision) return std::nullopt;
  if (rest.find_first_not_of(kBlanks) != std::string_view::npos) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Int128> CastTextToDecimal(std::string_view text, int precision, int scale) {
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(begin);
  if (precision <= kMaxLongDigits && text.size() <= kMaxLongDigits) {
    std::optional<std::string> number = ShortNumber(rest, precision, scale);
    return number ? DecimalFromText(*number, precision, scale) : std::nullopt;
  }
  rest = rest.substr(0, rest.find_last_not_of(kBlanks) + 1);
  return DecimalFromText(rest, precision, scale);
}

}  // namespace forebay::compute
