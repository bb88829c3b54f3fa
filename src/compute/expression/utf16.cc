#include "compute/expression/utf16.h"

#include <utf8proc.h>

#include "base/byte_scan.h"

namespace forebay::compute {

bool HasSurrogates(std::string_view text) {
  // A character beyond U+FFFF begins with a byte of 0xf0 or more.
  bool found = false;
  __m256i first = _mm256_set1_epi8(static_cast<char>(0xf0));
  ScanBytes(
      text, [&](__m256i b) { return _mm256_cmpeq_epi8(_mm256_max_epu8(b, first), b); },
      [&](uint32_t bits, size_t) { return !(found = bits != 0); });
  return found;
}

std::u16string ToUtf16(std::string_view text) {
  std::u16string units;
  units.reserve(text.size());
  auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code;
    auto size = utf8proc_iterate(data, left, &code);
    if (size <= 0) {
      units += u'\ufffd';
      size = 1;
    } else if (code < 0x10000) {
      units += static_cast<char16_t>(code);
    } else {
      units += static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10));
      units += static_cast<char16_t>(0xdc00 + (code & 0x3ff));
    }
    data += size;
    left -= size;
  }
  return units;
}

std::string FromUtf16(std::u16string_view units) {
  std::string text;
  text.reserve(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    utf8proc_int32_t code = units[i];
    bool high = code >= 0xd800 && code < 0xdc00, low = code >= 0xdc00 && code < 0xe000;
    bool pair = high && i + 1 < units.size() && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000;
    if (pair) {
      code = 0x10000 + ((code - 0xd800) << 10) + (units[++i] - 0xdc00);
    } else if (high || low) {
      code = '?';
    }
    utf8proc_uint8_t bytes[4];
    auto size = utf8proc_encode_char(code, bytes);
    text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
  return text;
}

size_t CountUtf16(std::string_view text) {
  size_t count = 0;
  for (char c : text) {
    auto byte = static_cast<uint8_t>(c);
    count += static_cast<size_t>((byte & 0xc0) != 0x80) + static_cast<size_t>(byte >= 0xf0);
  }
  return count;
}

}  // namespace forebay::compute
