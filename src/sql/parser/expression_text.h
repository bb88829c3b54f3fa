#pragma once

#include <string>
#include <string_view>

namespace forebay::sql {

/// The expression with its column names in back quotes, as Flink shows computed columns and
/// watermarks: ts - INTERVAL '5' SECOND becomes `ts` - INTERVAL '5' SECOND. Text that cannot be cut
/// into tokens comes back as it is.
std::string QuoteNamesInExpression(std::string_view text);

}  // namespace forebay::sql
