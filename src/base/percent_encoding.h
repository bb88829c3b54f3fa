#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// `text` as it stands in a part of a URI or in a form: all but RFC 3986's unreserved characters as
/// %XX.
std::string PercentEncoded(std::string_view text);

}  // namespace forebay
