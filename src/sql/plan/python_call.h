#pragma once

#include <string>
#include <string_view>

namespace forebay::sql {

/// Calls of users' Python functions in plans. A scalar function is PYTHON(spec, arguments...) or,
/// when two evaluations may differ, PYTHON_NONDETERMINISTIC; a table function is PYTHON_TABLE, an
/// ARRAY of its rows. `spec` is a JSON object as text: "function", the path module.name, and the
/// settings that start with "python.".
inline constexpr std::string_view kPythonScalar = "PYTHON";
inline constexpr std::string_view kPythonNondeterministic = "PYTHON_NONDETERMINISTIC";
inline constexpr std::string_view kPythonTable = "PYTHON_TABLE";

/// What the name of an aggregate function in Python starts with; its spec follows.
inline constexpr std::string_view kPythonAggregate = "PYTHON ";

/// The path module.name in a spec, for people.
std::string PythonNameOf(std::string_view spec);

}  // namespace forebay::sql
