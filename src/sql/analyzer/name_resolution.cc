#include <algorithm>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

std::vector<std::string> ColumnNames(const Scope& scope) {
  std::vector<std::string> names;
  for (const ScopeColumn& column : scope.columns) names.push_back(column.field.name);
  return names;
}

}  // namespace

Result<ResolvedName> ResolveName(const Scope& scope, const std::vector<std::string>& names) {
  auto find = [&](size_t parts, int& count) {
    int found = -1;
    for (size_t i = 0; i < scope.columns.size(); ++i) {
      const ScopeColumn& column = scope.columns[i];
      if (column.field.name != names[parts - 1]) continue;
      if (parts == 2 && column.qualifier != names[0]) continue;
      bool hidden = scope.bare_qualifier != nullptr && column.qualifier != scope.bare_qualifier;
      if (parts == 1 && hidden) continue;
      found = static_cast<int>(i);
      ++count;
    }
    return found;
  };
  for (size_t parts : {size_t{2}, size_t{1}}) {
    if (parts > names.size()) continue;
    int count = 0;
    int found = find(parts, count);
    if (count == 1) return ResolvedName{found, parts};
    if (count > 1) {
      return InvalidArgument("SQL-1005 column '{}' is ambiguous", names[parts - 1]);
    }
  }
  bool table_known = names.size() > 1 &&
                     std::any_of(scope.columns.begin(), scope.columns.end(),
                                 [&](const auto& column) { return column.qualifier == names[0]; });
  const std::string& missing = table_known ? names[1] : names[0];
  Error error = names.size() > 1 && !table_known
                    ? NotFound("SQL-1001 unknown table or column '{}'", missing)
                    : NotFound("SQL-1004 unknown column '{}'", missing);
  if (auto nearest = NearestName(missing, ColumnNames(scope))) {
    error.hint = "did you mean '" + *nearest + "'?";
  }
  return error;
}

}  // namespace forebay::sql
