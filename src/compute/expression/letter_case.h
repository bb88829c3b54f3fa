#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forebay::compute {

/// The text in capitals as Java's String.toUpperCase makes them: ß becomes SS.
void AppendUpperCase(std::string& out, std::string_view text);
/// UTF-8 of a code point.
void AppendCodePoint(std::string& out, int32_t code);

}  // namespace forebay::compute
