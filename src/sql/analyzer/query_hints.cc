#include "sql/analyzer/query_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <set>

#include "base/ascii_case.h"
#include "base/duration.h"
#include "sql/diagnostic.h"
#include "sql/parser/lexer.h"

namespace forebay::sql {
namespace {

Error Malformed(const Token& at) {
  Error error =
      InvalidArgument("SQL-1001 a hint is written NAME(table, ...) or NAME('key' = 'value', ...)");
  error.position = at.range.position;
  return error;
}

bool IsName(const Token& token) {
  return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName;
}

/// Reads the arguments from behind "(" to behind ")".
Status ReadArguments(const std::vector<Token>& tokens, size_t& at, QueryHint& hint) {
  while (!tokens[at].IsSymbol(")")) {
    const Token& token = tokens[at];
    bool is_option = token.kind == TokenKind::kString && tokens[at + 1].IsSymbol("=");
    if (is_option && tokens[at + 2].kind == TokenKind::kString) {
      hint.options[token.text] = tokens[at + 2].text;
      at += 3;
    } else if (IsName(token) || token.kind == TokenKind::kString) {
      std::string word = token.text;
      for (++at; tokens[at].IsSymbol(".") && IsName(tokens[at + 1]); at += 2) {
        word = tokens[at + 1].text;
      }
      hint.words.push_back(std::move(word));
    } else {
      return Malformed(token);
    }
    if (tokens[at].IsSymbol(",")) {
      ++at;
    } else if (!tokens[at].IsSymbol(")")) {
      return Malformed(tokens[at]);
    }
  }
  ++at;
  return Status::Ok();
}

Result<std::vector<QueryHint>> Parse(const std::string& text, SourcePosition origin) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(text, origin));
  // What is read ahead is there.
  for (int i = 0; i < 2; ++i) tokens.push_back(tokens.back());
  std::vector<QueryHint> hints;
  size_t at = 0;
  while (tokens[at].kind != TokenKind::kEnd) {
    if (tokens[at].IsSymbol(",")) ++at;
    if (!IsName(tokens[at])) return Malformed(tokens[at]);
    QueryHint hint;
    hint.name = UpperAscii(tokens[at++].text);
    if (tokens[at].IsSymbol("(")) RETURN_IF_ERROR(ReadArguments(tokens, ++at, hint));
    hints.push_back(std::move(hint));
  }
  return hints;
}

void CollectTables(const TableAst& ast, std::set<std::string>& names) {
  if (ast.left != nullptr) CollectTables(*ast.left, names);
  if (ast.right != nullptr) CollectTables(*ast.right, names);
  std::string name = NameInFrom(ast);
  if (!name.empty()) names.insert(std::move(name));
}

void CollectTables(const SelectAst& select, std::set<std::string>& names);

/// Those of the subqueries.
void CollectTables(const ExpressionAst& ast, std::set<std::string>& names) {
  for (const ExpressionAstPtr& arg : ast.args) {
    if (arg != nullptr) CollectTables(*arg, names);
  }
  if (ast.query != nullptr) CollectTables(ast.query->select, names);
}

void CollectTables(const SelectAst& select, std::set<std::string>& names) {
  if (select.from != nullptr) CollectTables(*select.from, names);
  for (const SelectItemAst& item : select.items) CollectTables(*item.expression, names);
  if (select.where != nullptr) CollectTables(*select.where, names);
  if (select.having != nullptr) CollectTables(*select.having, names);
}

/// The tables that a hint names.
std::vector<std::string> TablesOf(const QueryHint& hint) {
  if (hint.name == "LOOKUP") {
    auto table = hint.options.find("table");
    return table == hint.options.end() ? std::vector<std::string>()
                                       : std::vector<std::string>{table->second};
  }
  std::vector<std::string> tables = hint.words;
  if (hint.name == "STATE_TTL") {
    tables.clear();
    for (const auto& [table, ttl] : hint.options) tables.push_back(table);
  }
  return tables;
}

Status Check(const QueryHint& hint, const std::set<std::string>& tables, bool streaming) {
  static const std::set<std::string> kJoinHints = {"BROADCAST",  "SHUFFLE_HASH", "SHUFFLE_MERGE",
                                                   "NEST_LOOP",  "LOOKUP",       "STATE_TTL",
                                                   "MULTI_JOIN", "OPTIONS"};
  if (!kJoinHints.contains(hint.name)) {
    return InvalidArgument("SQL-1007 there is no hint {}", hint.name);
  }
  if (hint.name == "MULTI_JOIN" && !streaming) {
    return NotSupported("SQL-1020 the hint MULTI_JOIN in batch mode");
  }
  for (const std::string& table : TablesOf(hint)) {
    if (!tables.contains(table)) {
      return InvalidArgument("SQL-1004 the hint {} names '{}', which is no table of this query",
                             hint.name, table);
    }
  }
  if (hint.name != "STATE_TTL") return Status::Ok();
  if (!hint.words.empty()) {
    return InvalidArgument("SQL-1007 the hint STATE_TTL is written STATE_TTL('table' = '1d', ...)");
  }
  for (const auto& [table, ttl] : hint.options) RETURN_IF_ERROR(ParseDurationMs(ttl).status());
  return Status::Ok();
}

Result<int64_t> CountOf(const QueryHint& hint, const std::string& key) {
  auto found = hint.options.find(key);
  bool is_number = found != hint.options.end() && !found->second.empty() &&
                   found->second.size() < 10 &&
                   std::all_of(
                       found->second.begin(), found->second.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!is_number) return InvalidArgument("SQL-1009 the hint LOOKUP needs a number '{}'", key);
  return std::stoll(found->second);
}

}  // namespace

Result<std::vector<QueryHint>> QueryHintsOf(const SelectAst& select, bool streaming) {
  std::vector<QueryHint> hints;
  if (select.hints.empty()) return hints;
  std::set<std::string> tables;
  CollectTables(select, tables);
  for (const auto& [text, unused] : select.hints) {
    ASSIGN_OR_RETURN(std::vector<QueryHint> parsed, Parse(text, select.range.position));
    for (QueryHint& hint : parsed) {
      Status status = Check(hint, tables, streaming);
      if (!status.ok()) return ErrorAt(status.error(), select.range.position);
      hints.push_back(std::move(hint));
    }
  }
  return hints;
}

namespace {

constexpr std::array kRetryOptions = {"retry-predicate", "retry-strategy", "fixed-delay",
                                      "max-attempts"};

/// Whether the hint asks for retries: with all of their options or none.
Result<bool> Retries(const QueryHint& hint) {
  auto count = std::count_if(kRetryOptions.begin(), kRetryOptions.end(),
                             [&](const char* key) { return hint.options.contains(key); });
  if (count == 0) return false;
  if (count == static_cast<int64_t>(kRetryOptions.size())) return true;
  return InvalidArgument(
      "SQL-1007 the hint LOOKUP needs all of 'retry-predicate', 'retry-strategy', 'fixed-delay' "
      "and 'max-attempts' to retry");
}

bool HasWord(const QueryHint& hint, const std::string& key, std::string_view word) {
  auto found = hint.options.find(key);
  return found != hint.options.end() && EqualsIgnoringCase(found->second, word);
}

Status OneOf(const QueryHint& hint, const std::string& key,
             std::initializer_list<const char*> values) {
  auto found = hint.options.find(key);
  if (found == hint.options.end()) return Status::Ok();
  std::string list;
  for (const char* value : values) {
    if (EqualsIgnoringCase(found->second, value)) return Status::Ok();
    list += fmt::format("{}'{}'", list.empty() ? "" : " or ", value);
  }
  return InvalidArgument("SQL-1009 the hint LOOKUP: '{}' is {}, not '{}'", key, list,
                         found->second);
}

/// What asks for lookups in the background is checked; they are made for many rows at once anyway.
Status CheckLookup(const QueryHint& hint) {
  if (!hint.words.empty()) {
    return InvalidArgument("SQL-1007 the hint LOOKUP takes options only: 'key' = 'value'");
  }
  RETURN_IF_ERROR(OneOf(hint, "async", {"true", "false"}));
  RETURN_IF_ERROR(OneOf(hint, "output-mode", {"ordered", "allow_unordered"}));
  RETURN_IF_ERROR(OneOf(hint, "retry-predicate", {"lookup_miss"}));
  RETURN_IF_ERROR(OneOf(hint, "retry-strategy", {"fixed_delay"}));
  if (hint.options.contains("capacity")) {
    ASSIGN_OR_RETURN(int64_t capacity, CountOf(hint, "capacity"));
    if (capacity == 0) {
      return InvalidArgument("SQL-1009 the hint LOOKUP: 'capacity' must be positive");
    }
  }
  auto timeout = hint.options.find("timeout");
  if (timeout == hint.options.end()) return Status::Ok();
  return ParseDurationMs(timeout->second).status();
}

}  // namespace

Result<StateTtlHints> StateTtlHintsOf(const std::vector<QueryHint>& hints) {
  StateTtlHints ttls;
  for (const QueryHint& hint : hints) {
    if (hint.name != "STATE_TTL") continue;
    for (const auto& [table, text] : hint.options) {
      ASSIGN_OR_RETURN(int64_t ttl_ms, ParseDurationMs(text));
      ttls.try_emplace(table, StateTtlHint{text, ttl_ms});
    }
  }
  return ttls;
}

std::string NameInFrom(const TableAst& ast) {
  if (ast.kind == TableAstKind::kJoin) return "";
  if (!ast.alias.empty()) return ast.alias;
  return ast.name.parts.empty() ? "" : ast.name.parts.back();
}

Result<std::map<std::string, LookupRetry>> LookupRetriesOf(const std::vector<QueryHint>& hints) {
  std::map<std::string, LookupRetry> retries;
  for (const QueryHint& hint : hints) {
    if (hint.name != "LOOKUP") continue;
    auto table = hint.options.find("table");
    if (table == hint.options.end()) {
      return InvalidArgument("SQL-1007 the hint LOOKUP needs the option 'table'");
    }
    RETURN_IF_ERROR(CheckLookup(hint));
    ASSIGN_OR_RETURN(bool retries_misses, Retries(hint));
    if (!retries_misses) continue;
    LookupRetry retry;
    ASSIGN_OR_RETURN(retry.attempts, CountOf(hint, "max-attempts"));
    if (retry.attempts == 0) {
      return InvalidArgument("SQL-1009 the hint LOOKUP: 'max-attempts' must be positive");
    }
    ASSIGN_OR_RETURN(retry.delay_ms, ParseDurationMs(hint.options.at("fixed-delay")));
    retry.unordered =
        HasWord(hint, "async", "true") && HasWord(hint, "output-mode", "allow_unordered");
    retries[table->second] = retry;
  }
  return retries;
}

}  // namespace forebay::sql
