#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// The names in "a, b": "a" and "b". Empty ones are left out.
std::vector<std::string> SplitNames(std::string_view list);

}  // namespace forebay
