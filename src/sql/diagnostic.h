#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::sql {

/// The error for people: message, the line of `script` it points at with a caret below, and the
/// hint.
std::string RenderError(const Error& error, std::string_view script);

/// The stable code at the front of an analyzer's message ("SQL-1004"), or "" when it has none.
/// docs/sql/errors.md lists them.
std::string_view ErrorCode(std::string_view message);

/// `error`, pointing at `position` unless it points somewhere already.
Error ErrorAt(Error error, SourcePosition position);

}  // namespace forebay::sql
