#pragma once

#include <string>
#include <string_view>

namespace forebay::compute {

/// Whether UTF-8 text has a character beyond U+FFFF, which is two units of UTF-16. Only then do
/// functions that Flink computes on Java strings differ from counting characters.
bool HasSurrogates(std::string_view text);

/// The UTF-16 units of UTF-8 text; bytes that are no UTF-8 become U+FFFD.
std::u16string ToUtf16(std::string_view text);

/// UTF-8 of UTF-16 units; half a character becomes '?', as when Java encodes a string.
std::string FromUtf16(std::u16string_view units);

/// How many UTF-16 units valid UTF-8 text has.
size_t CountUtf16(std::string_view text);

}  // namespace forebay::compute
