#pragma once

#include <string>
#include <string_view>

namespace forebay::model {

/// `text` as a string literal of SQL, ours, Flink's or DuckDB's: in quotes, doubling those inside.
std::string QuoteText(std::string_view text);

}  // namespace forebay::model
