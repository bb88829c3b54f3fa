#include <array>
#include <optional>

#include "compute/expression/row_kernel.h"
#include "compute/expression/utf16.h"

// ENCODE and DECODE: the character sets that every Java has.

namespace forebay::compute {

namespace {

enum class Charset { kUtf8, kLatin1, kAscii, kUtf16, kUtf16Be, kUtf16Le };

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::optional<Charset> FindCharset(std::string_view name) {
  std::string lower;
  for (char c : name) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  constexpr std::pair<std::string_view, Charset> kNames[] = {
      {"utf-8", Charset::kUtf8},        {"utf8", Charset::kUtf8},
      {"iso-8859-1", Charset::kLatin1}, {"iso8859_1", Charset::kLatin1},
      {"latin1", Charset::kLatin1},     {"us-ascii", Charset::kAscii},
      {"ascii", Charset::kAscii},       {"utf-16", Charset::kUtf16},
      {"utf16", Charset::kUtf16},       {"utf-16be", Charset::kUtf16Be},
      {"utf-16le", Charset::kUtf16Le},
  };
  for (const auto& [known, charset] : kNames) {
    if (known == lower) return charset;
  }
  return std::nullopt;
}

Error UnknownCharset(std::string_view function, std::string_view name) {
  return InvalidArgument(
      "{}: unknown character set '{}' (UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE and UTF-16LE "
      "are)",
      function, name);
}

void AppendUnit(std::string& out, char16_t unit, bool little) {
  char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
  out += little ? low : high;
  out += little ? high : low;
}

/// What a character set has no place for becomes '?'.
std::string Encode(Charset charset, std::string_view text) {
  if (charset == Charset::kUtf8) return std::string(text);
  std::u16string units = ToUtf16(text);
  std::string bytes;
  if (charset == Charset::kUtf16 && !units.empty()) AppendUnit(bytes, 0xfeff, false);
  for (size_t i = 0; i < units.size(); ++i) {
    char16_t unit = units[i];
    if (charset != Charset::kLatin1 && charset != Charset::kAscii) {
      AppendUnit(bytes, unit, charset == Charset::kUtf16Le);
      continue;
    }
    bytes += unit < (charset == Charset::kAscii ? 0x80 : 0x100) ? static_cast<char>(unit) : '?';
    // A character of two units is one '?'.
    if (unit >= 0xd800 && unit < 0xdc00) ++i;
  }
  return bytes;
}

/// Bytes that are no UTF-8 become U+FFFD, as in Java.
std::string DecodeUtf8(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    auto lead = static_cast<uint8_t>(bytes[at]);
    size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    size_t taken = 1;
    while (taken < size && at + taken < bytes.size() && (bytes[at + taken] & 0xc0) == 0x80) {
      ++taken;
    }
    text += taken == size ? bytes.substr(at, size) : kReplacement;
    at += taken;
  }
  return text;
}

/// A byte order mark decides for UTF-16; half a character and an odd last byte become U+FFFD.
std::string DecodeUtf16(Charset charset, std::string_view bytes) {
  bool little = charset == Charset::kUtf16Le;
  if (charset == Charset::kUtf16 &&
      (bytes.starts_with("\xfe\xff") || bytes.starts_with("\xff\xfe"))) {
    little = bytes[0] == '\xff';
    bytes.remove_prefix(2);
  }
  std::u16string units;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    auto first = static_cast<uint8_t>(bytes[i]), second = static_cast<uint8_t>(bytes[i + 1]);
    units += static_cast<char16_t>(little ? second << 8 | first : first << 8 | second);
  }
  for (size_t i = 0; i < units.size(); ++i) {
    bool high = units[i] >= 0xd800 && units[i] < 0xdc00;
    bool pair = high && i + 1 < units.size() && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000;
    if (pair) {
      ++i;
    } else if (units[i] >= 0xd800 && units[i] < 0xe000) {
      units[i] = 0xfffd;
    }
  }
  if (bytes.size() % 2 != 0) units += u'\ufffd';
  return FromUtf16(units);
}

std::string Decode(Charset charset, std::string_view bytes) {
  if (charset == Charset::kUtf8) return DecodeUtf8(bytes);
  if (charset != Charset::kLatin1 && charset != Charset::kAscii) {
    return DecodeUtf16(charset, bytes);
  }
  std::u16string units;
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    bool known = charset == Charset::kLatin1 || byte < 0x80;
    units += known ? static_cast<char16_t>(byte) : u'\ufffd';
  }
  return FromUtf16(units);
}

template <std::string (*Convert)(Charset, std::string_view)>
Result<Kernel> MakeConversion(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view>(
      call, [name = std::string(call.name)](RowWriter& out, std::string_view text,
                                            std::string_view charset) {
        auto found = FindCharset(charset);
        if (!found) return out.Fail(UnknownCharset(name, charset));
        out.Text(Convert(*found, text));
      });
}

constexpr FunctionEntry kEntries[] = {
    {"ENCODE", "ss", kNoFlags, MakeConversion<Encode>},
    {"DECODE", "xs", kNoFlags, MakeConversion<Decode>},
};

}  // namespace

std::span<const FunctionEntry> CharsetFunctions() { return kEntries; }

}  // namespace forebay::compute
