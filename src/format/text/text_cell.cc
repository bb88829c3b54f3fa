#include "format/text/text_cell.h"

#include <charconv>
#include <limits>
#include <optional>

#include "model/value_text.h"

namespace forebay::format {

using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;

namespace {

constexpr size_t kShownBytesMax = 60;
constexpr char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

/// Java's parseLong: an optional sign and digits, nothing else.
std::optional<int64_t> ParseStrictInteger(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
Status AppendInteger(ColumnBuilder& builder, std::string_view text) {
  std::optional<int64_t> value = ParseStrictInteger(text);
  if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max()) {
    return NotOfType(text, builder.type());
  }
  builder.Append<T>(static_cast<T>(*value));
  return {};
}

template <typename T, typename Parsed>
Status AppendParsed(ColumnBuilder& builder, std::string_view text, const Parsed& parsed) {
  if (!parsed) return NotOfType(text, builder.type());
  builder.Append<T>(static_cast<T>(*parsed));
  return {};
}

Status AppendDecimal(ColumnBuilder& builder, std::string_view text) {
  const DataType& type = builder.type();
  auto parsed = model::ParseDecimal(text, type.precision(), type.scale());
  if (type.physical() == model::PhysicalType::kInt64) {
    return AppendParsed<int64_t>(builder, text, parsed);
  }
  return AppendParsed<model::Int128>(builder, text, parsed);
}

Status AppendTimestamp(ColumnBuilder& builder, std::string_view text) {
  int precision = builder.type().precision();
  bool local = builder.type().Is(TypeRoot::kTimestampLtz);
  std::optional<int64_t> parsed = model::ParseIsoTimestamp(text, precision, local);
  if (!parsed && local && text.ends_with('Z')) {
    parsed = model::ParseTimestamp(text.substr(0, text.size() - 1), precision);
  } else if (!parsed && !local) {
    parsed = model::ParseTimestamp(text, precision);
  }
  return AppendParsed<int64_t>(builder, text, parsed);
}

Status AppendBytes(ColumnBuilder& builder, std::string_view text) {
  std::string bytes;
  if (!DecodeBase64(text, bytes)) {
    return InvalidArgument("{} in base64", NotOfType(text, builder.type()).message);
  }
  builder.AppendString(bytes);
  return {};
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

Error NotOfType(std::string_view text, const DataType& type) {
  std::string name = type.Nullable().ToString();
  std::string_view article =
      std::string_view("AIO").find(name[0]) == std::string_view::npos ? "a" : "an";
  if (text.size() <= kShownBytesMax)
    return InvalidArgument("'{}' is not {} {}", text, article, name);
  size_t shown = kShownBytesMax;
  while (shown > 0 && (text[shown] & 0xc0) == 0x80) --shown;  // not within a UTF-8 character
  return InvalidArgument("'{}...' is not {} {}", text.substr(0, shown), article, name);
}

Status AppendTextCell(ColumnBuilder& builder, std::string_view text) {
  const DataType& type = builder.type();
  if (type.IsCharacter()) {
    builder.AppendString(text);
    return {};
  }
  text = Trim(text);
  switch (type.root()) {
    case TypeRoot::kBoolean: return AppendParsed<uint8_t>(builder, text, model::ParseBoolean(text));
    case TypeRoot::kTinyint: return AppendInteger<int8_t>(builder, text);
    case TypeRoot::kSmallint: return AppendInteger<int16_t>(builder, text);
    case TypeRoot::kInteger: return AppendInteger<int32_t>(builder, text);
    case TypeRoot::kBigint: return AppendInteger<int64_t>(builder, text);
    case TypeRoot::kFloat: return AppendParsed<float>(builder, text, model::ParseFloat(text));
    case TypeRoot::kDouble: return AppendParsed<double>(builder, text, model::ParseDouble(text));
    case TypeRoot::kDecimal: return AppendDecimal(builder, text);
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: return AppendBytes(builder, text);
    case TypeRoot::kDate: return AppendParsed<int32_t>(builder, text, model::ParseDate(text));
    case TypeRoot::kTime: return AppendParsed<int32_t>(builder, text, model::ParseTime(text));
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return AppendTimestamp(builder, text);
    default: return NotSupported("text cannot be read as {}", type.ToString());
  }
}

void AppendBase64(std::string& out, std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += j <= count ? kBase64Digits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
}

bool DecodeBase64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int value = Base64Value(c);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return true;
}

}  // namespace forebay::format
