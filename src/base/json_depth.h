#pragma once

#include <string_view>

namespace forebay {

/// How deep objects and arrays are nested in a JSON text. Whoever walks the parsed value recurses
/// so deep, so a text from outside is asked first.
int JsonDepth(std::string_view text);

}  // namespace forebay
