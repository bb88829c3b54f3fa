#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forebay::compute {

/// A VARIANT's cell is JSON text without white space whose numbers say what they are: integers,
/// decimals with all their digits, and doubles with an exponent.

/// The cell of a JSON text; nothing when it is none. Of members with one name the last stays,
/// unless they are an error, which is told by `duplicate`.
std::optional<std::string> VariantOf(std::string_view json, bool allow_duplicates, bool& duplicate);

/// The cell as Flink writes it: members by name, decimals without zeros at their end.
void AppendVariantJson(std::string& out, std::string_view variant);

}  // namespace forebay::compute
