#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// The text with the letters A to Z as a to z, whatever the locale; all other bytes as they are.
std::string LowerAscii(std::string_view text);
std::string UpperAscii(std::string_view text);

/// Whether the texts are the same but for the case of A to Z.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace forebay
