#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::compute {

/// DuckDB passes on only the text of an error. These carry an error of ours, with its kind and
/// hint, through it: from a function that DuckDB calls to who asked DuckDB. Thread-safe.
std::string CarriedText(const Error& error);

/// The error that `text` carries, whatever DuckDB wrote around it; nullopt when the error is
/// DuckDB's.
std::optional<Error> CarriedError(std::string_view text);

}  // namespace forebay::compute
