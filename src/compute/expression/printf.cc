#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "compute/expression/cell_text.h"
#include "compute/expression/letter_case.h"
#include "compute/expression/printf_forms.h"
#include "compute/expression/row_kernel.h"

// PRINTF: the directives of java.util.Formatter.

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;

/// %[index$][flags][width][.precision]conversion, and the text in front of it.
struct Directive {
  std::string before;
  char conversion = 0;  ///< 0: only text
  bool left = false, plus = false, blank = false, zeros = false, groups = false, brackets = false,
       alternate = false;
  int width = 0;
  int precision = -1;
  int index = 0;  ///< from 1; 0: the next argument
};

constexpr int kMaxWidth = 1 << 20;

bool SetFlag(Directive& directive, char flag) {
  switch (flag) {
    case '-': return directive.left = true;
    case '+': return directive.plus = true;
    case ' ': return directive.blank = true;
    case '0': return directive.zeros = true;
    case ',': return directive.groups = true;
    case '(': return directive.brackets = true;
    case '#': return directive.alternate = true;
    default: return false;
  }
}

/// Takes a number; -1 when there is none or it is too large.
int TakeNumber(std::string_view& rest) {
  int number = -1;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc() || number < 0 || number > kMaxWidth) return -1;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return number;
}

bool StartsWithDigit(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

/// What stands after a '%'; false when it is no directive.
bool TakeDirective(std::string_view& rest, Directive& directive) {
  std::string_view ahead = rest;
  if (StartsWithDigit(ahead) && ahead[0] != '0') {
    int index = TakeNumber(ahead);
    if (index > 0 && ahead.starts_with('$')) {
      directive.index = index;
      rest = ahead.substr(1);
    }
  }
  while (!rest.empty() && SetFlag(directive, rest[0])) rest.remove_prefix(1);
  if (StartsWithDigit(rest)) {
    directive.width = TakeNumber(rest);
    if (directive.width < 0) return false;
  }
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    directive.precision = StartsWithDigit(rest) ? TakeNumber(rest) : -1;
    if (directive.precision < 0) return false;
  }
  if (rest.empty()) return false;
  directive.conversion = rest[0];
  rest.remove_prefix(1);
  bool known = std::string_view("sSdxXocCbBfeEgGaAhHn%").find(directive.conversion) !=
               std::string_view::npos;
  bool padded = directive.left || directive.zeros;
  bool general = directive.conversion == 'g' || directive.conversion == 'G';
  if (general && directive.alternate) return false;
  return known && !(padded && directive.width == 0) && !(directive.plus && directive.blank) &&
         !(directive.left && directive.zeros);
}

/// Nothing for a malformed format.
std::optional<std::vector<Directive>> ParseFormat(std::string_view format) {
  std::vector<Directive> directives;
  while (!format.empty()) {
    Directive directive;
    size_t percent = format.find('%');
    directive.before = format.substr(0, percent);
    format.remove_prefix(std::min(percent, format.size()));
    if (!format.empty()) {
      format.remove_prefix(1);
      if (!TakeDirective(format, directive)) return std::nullopt;
    }
    directives.push_back(std::move(directive));
  }
  return directives;
}

std::string Padded(const Directive& directive, const std::string& text) {
  size_t width = static_cast<size_t>(directive.width);
  std::string blanks(width - std::min(width, CountCharacters(text)), ' ');
  return directive.left ? text + blanks : blanks + text;
}

/// Text cut to the precision, in capitals for a capital conversion.
std::string General(const Directive& directive, std::string text) {
  if (directive.precision >= 0) {
    text.resize(PrefixBytes(text, static_cast<size_t>(directive.precision)));
  }
  if (directive.conversion >= 'A' && directive.conversion <= 'Z') {
    std::string capitals;
    AppendUpperCase(capitals, text);
    text = std::move(capitals);
  }
  return Padded(directive, text);
}

/// Sign, grouping and zeros around the digits of a number.
std::string Number(const Directive& directive, bool negative, std::string digits) {
  if (directive.groups) {
    size_t whole = std::min(digits.find('.'), digits.size());
    for (size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  }
  std::string sign = negative ? (directive.brackets ? "(" : "-")
                              : (directive.plus    ? "+"
                                 : directive.blank ? " "
                                                   : "");
  std::string end = negative && directive.brackets ? ")" : "";
  size_t used = sign.size() + digits.size() + end.size();
  size_t width = static_cast<size_t>(directive.width);
  if (directive.zeros && used < width) digits.insert(0, width - used, '0');
  return Padded(directive, sign + digits + end);
}

std::optional<int64_t> IntegerAt(const Operand& arg, int row) {
  switch (arg.column.physical()) {
    case model::PhysicalType::kInt8: return arg.column.Get<int8_t>(arg.At(row));
    case model::PhysicalType::kInt16: return arg.column.Get<int16_t>(arg.At(row));
    case model::PhysicalType::kInt32: return arg.column.Get<int32_t>(arg.At(row));
    default: return arg.column.Get<int64_t>(arg.At(row));
  }
}

/// %x and %o show a negative number's bits.
std::string Bits(const Directive& directive, const Operand& arg, int64_t number) {
  auto bits = static_cast<uint64_t>(number);
  size_t bytes = model::PhysicalSize(arg.column.physical());
  if (bytes < 8) bits &= (uint64_t{1} << (8 * bytes)) - 1;
  std::string text;
  if (directive.conversion == 'o') {
    text = (directive.alternate ? "0" : "") + fmt::format("{:o}", bits);
  } else {
    text = (directive.alternate ? "0x" : "") + fmt::format("{:x}", bits);
    if (directive.conversion == 'X') {
      for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
  }
  size_t width = static_cast<size_t>(directive.width);
  if (directive.zeros && text.size() < width) {
    text.insert(directive.alternate && directive.conversion != 'o' ? 2 : 0, width - text.size(),
                '0');
  }
  return Padded(directive, text);
}

/// The shortest digits of a finite number, rounded half up to `keep` of them; `exponent` is the
/// power of ten of the first.
std::string RoundedDigits(double value, int exponent, std::string digits, int keep, int& shifted) {
  shifted = exponent;
  if (keep < 0) return {};
  auto size = static_cast<size_t>(keep);
  if (digits.size() <= size) return digits + std::string(size - digits.size(), '0');
  bool up = digits[size] >= '5' && value != 0;
  digits.resize(size);
  if (!up) return digits;
  for (size_t i = size; i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  ++shifted;
  return "1" + digits;
}

/// The shortest digits of a finite number, and the power of ten of the first.
std::string ShortestDigits(double value, int& exponent) {
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(value),
                           std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(end.ptr - buffer));
  size_t e = text.find('e');
  exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  if (digits.size() > 1) return digits;
  // Java shows two digits when they come nearer: 4.9E-324.
  std::string two = fmt::format("{:.1e}", std::fabs(value));
  if (two[2] == '0' || std::strtod(two.c_str(), nullptr) != std::fabs(value)) return digits;
  exponent = std::atoi(two.substr(two.find('e') + 1).c_str());
  return {two[0], two[2]};
}

/// %g as %f or %e with as many digits in all.
Directive GeneralForm(const Directive& directive, double value) {
  Directive form = directive;
  int precision = directive.precision < 0 ? 6 : std::max(directive.precision, 1);
  int exponent = 0, shifted = 0;
  std::string digits = ShortestDigits(value, exponent);
  RoundedDigits(value, exponent, digits, precision, shifted);
  bool plain = value == 0 || (shifted >= -4 && shifted < precision);
  form.conversion = plain ? 'f' : directive.conversion == 'G' ? 'E' : 'e';
  form.precision = plain && value != 0 ? precision - 1 - shifted : precision - 1;
  return form;
}

/// %a: zeros go between 0x and the digits.
std::string Hexadecimal(const Directive& directive, double value) {
  std::string digits = HexDigits(value, directive.precision);
  bool negative = std::signbit(value);
  size_t sign = negative || directive.plus || directive.blank ? 1 : 0;
  size_t width = static_cast<size_t>(directive.width), used = sign + digits.size();
  Directive plain = directive;
  plain.zeros = false;
  if (directive.zeros && used < width) digits.insert(2, width - used, '0');
  std::string text = Number(plain, negative, digits);
  if (directive.conversion == 'A') {
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return text;
}

std::string Floating(const Directive& directive, double value) {
  bool negative = std::signbit(value);
  if (!std::isfinite(value)) {
    Directive plain = directive;
    plain.zeros = plain.groups = false;
    if (std::isnan(value)) return Padded(plain, "NaN");
    return Number(plain, negative, "Infinity");
  }
  char conversion = directive.conversion;
  if (conversion == 'g' || conversion == 'G') return Floating(GeneralForm(directive, value), value);
  int precision = directive.precision < 0 ? 6 : directive.precision;
  int exponent = 0;
  std::string digits = ShortestDigits(value, exponent);
  int shifted = exponent;
  if (directive.conversion != 'f') {
    std::string kept = RoundedDigits(value, exponent, digits, precision + 1, shifted);
    std::string result = kept.substr(0, 1);
    if (precision > 0) result += "." + kept.substr(1, static_cast<size_t>(precision));
    result +=
        fmt::format("{}{}{:02}", directive.conversion, shifted < 0 ? '-' : '+', std::abs(shifted));
    return Number(directive, negative, result);
  }
  // Zeros in front make every number at least one digit long.
  if (exponent < 0) {
    digits.insert(0, static_cast<size_t>(-exponent), '0');
    exponent = 0;
  }
  std::string kept = RoundedDigits(value, exponent, digits, exponent + 1 + precision, shifted);
  size_t whole = static_cast<size_t>(shifted) + 1;
  std::string result = kept.substr(0, whole);
  if (precision > 0) result += "." + kept.substr(whole, static_cast<size_t>(precision));
  return Number(directive, negative, result);
}

std::optional<std::string> Character(const Directive& directive, int64_t code) {
  if (code < 0 || code > 0x10ffff) return std::nullopt;
  std::string text;
  AppendCodePoint(text, static_cast<int32_t>(code));
  return General(directive, text);
}

std::optional<std::string> FloatingArgument(const Directive& directive, const Operand& arg,
                                            int at) {
  if (arg.type().Is(TypeRoot::kDouble)) return Floating(directive, arg.column.Get<double>(at));
  if (!arg.type().Is(TypeRoot::kFloat)) return std::nullopt;
  return Floating(directive, static_cast<double>(arg.column.Get<float>(at)));
}

/// Nothing when Java would throw.
std::optional<std::string> FormatArgument(const Directive& directive, const Operand& arg, int row) {
  const DataType& type = arg.type();
  bool boolean = directive.conversion == 'b' || directive.conversion == 'B';
  if (arg.IsNull(row)) {
    Directive plain = directive;
    plain.zeros = false;
    return General(plain, boolean ? "false" : "null");
  }
  if (boolean) {
    bool is_false = type.Is(TypeRoot::kBoolean) && arg.column.Get<uint8_t>(arg.At(row)) == 0;
    return General(directive, is_false ? "false" : "true");
  }
  switch (directive.conversion) {
    case 's':
    case 'S': {
      std::string text;
      AppendCell(text, arg.column, arg.At(row), nullptr);
      return General(directive, text);
    }
    case 'h':
    case 'H': {
      auto hash = JavaHashOf(arg.column, arg.At(row));
      if (!hash) return std::nullopt;
      return General(directive, fmt::format("{:x}", static_cast<uint32_t>(*hash)));
    }
    case 'a':
    case 'A': {
      if (!type.Is(TypeRoot::kDouble) && !type.Is(TypeRoot::kFloat)) return std::nullopt;
      bool single = type.Is(TypeRoot::kFloat);
      double value = single ? static_cast<double>(arg.column.Get<float>(arg.At(row)))
                            : arg.column.Get<double>(arg.At(row));
      return std::isfinite(value) ? Hexadecimal(directive, value) : Floating(directive, value);
    }
    case 'f':
    case 'e':
    case 'E':
    case 'g':
    case 'G': return FloatingArgument(directive, arg, arg.At(row));
    default: break;
  }
  if (!type.IsInteger() || directive.precision >= 0) return std::nullopt;
  int64_t number = *IntegerAt(arg, row);
  if (directive.conversion == 'c' || directive.conversion == 'C') {
    bool is_long = arg.column.physical() == model::PhysicalType::kInt64;
    return is_long ? std::nullopt : Character(directive, number);
  }
  if (directive.conversion != 'd') return Bits(directive, arg, number);
  bool negative = number < 0;
  auto magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  return Number(directive, negative, std::to_string(magnitude));
}

std::optional<std::string> Print(const std::vector<Directive>& directives, Operands args, int row) {
  std::string text;
  size_t next = 1;
  for (const Directive& directive : directives) {
    text += directive.before;
    if (directive.conversion == 0) continue;
    if (directive.conversion == 'n' || directive.conversion == '%') {
      text += directive.conversion == 'n' ? "\n" : Padded(directive, "%");
      continue;
    }
    size_t index = directive.index > 0 ? static_cast<size_t>(directive.index) : next++;
    auto part = index < args.size() ? FormatArgument(directive, args[index], row) : std::nullopt;
    if (!part) return std::nullopt;
    text += *part;
  }
  return text;
}

/// NULL where Java's formatter throws: a malformed format, a missing argument, one of another type.
Result<Kernel> MakePrintf(const CallSite& call) {
  for (const DataType& arg : call.args) {
    if (arg.Is(TypeRoot::kTimestampLtz)) return NoKernel(call);
  }
  return Kernel([type = call.type, last = std::optional<std::string>(),
                 directives = std::optional<std::vector<Directive>>()](
                    const BatchState& state, Operands args) mutable -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      std::string_view format = args[0].column.GetString(args[0].At(row));
      if (last != format) {
        last = std::string(format);
        directives = ParseFormat(format);
      }
      auto text = directives ? Print(*directives, args, row) : std::nullopt;
      text ? builder.AppendString(*text) : builder.AppendNull();
    }
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"PRINTF", "s*+", kNoFlags, MakePrintf},
    {"PRINTF", "s", kNoFlags, MakePrintf},
};

}  // namespace

std::span<const FunctionEntry> PrintfFunctions() { return kEntries; }

}  // namespace forebay::compute
