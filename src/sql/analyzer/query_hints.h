#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/parser/ast.h"

namespace forebay::sql {

/// A hint behind SELECT: /*+ NAME(word, ...) */ or /*+ NAME('key' = 'value', ...) */.
struct QueryHint {
  std::string name;  ///< upper-case
  std::vector<std::string> words;
  std::map<std::string, std::string> options;
};

/// The hints of a SELECT, checked as Flink checks them: a name that is none, or a table that is not
/// in FROM, is an error. What a join hint asks for is a matter of speed that is decided here
/// otherwise; LOOKUP and STATE_TTL say what is to be done.
Result<std::vector<QueryHint>> QueryHintsOf(const SelectAst& select, bool streaming);

/// How often a lookup that finds nothing is made again, by a LOOKUP hint.
struct LookupRetry {
  int64_t attempts = 0;
  int64_t delay_ms = 0;
  bool unordered = false;  ///< rows that need no retry do not wait for those that do
};
/// By the name of the looked-up table.
Result<std::map<std::string, LookupRetry>> LookupRetriesOf(const std::vector<QueryHint>& hints);

/// How long a table's rows are kept in the state of the join or aggregate right above it.
struct StateTtlHint {
  std::string text;  ///< as written: "1d"
  int64_t ttl_ms = 0;
};
/// By the name the table has in FROM.
using StateTtlHints = std::map<std::string, StateTtlHint>;
/// Of several hints for a table the first counts.
Result<StateTtlHints> StateTtlHintsOf(const std::vector<QueryHint>& hints);
/// The name an item of FROM has there; empty: it is a join.
std::string NameInFrom(const TableAst& ast);

}  // namespace forebay::sql
