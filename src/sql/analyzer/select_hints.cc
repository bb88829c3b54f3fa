#include "sql/analyzer/select_hints.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "sql/diagnostic.h"
#include "sql/parser/lexer.h"
#include "sql/parser/token_stream.h"

namespace forebay::sql {

namespace {

/// One hint: NAME(table, ...) or NAME('table' = 'value', ...).
struct Hint {
  std::string name;
  std::vector<std::pair<std::string, std::string>> entries;
};

Result<std::vector<Hint>> ParseHints(const std::string& text) {
  ASSIGN_OR_RETURN(std::vector<Token> all, Tokenize(text, {1, 1}));
  TokenStream tokens(std::move(all));
  std::vector<Hint> hints;
  while (!tokens.AtEnd()) {
    Hint hint;
    hint.name = tokens.Next().upper;
    if (tokens.AcceptSymbol("(")) {
      while (!tokens.AtEnd() && !tokens.AcceptSymbol(")")) {
        std::string key = tokens.Next().text;
        while (tokens.AcceptSymbol(".")) key = tokens.Next().text;
        std::string value = tokens.AcceptSymbol("=") ? tokens.Next().text : "";
        hint.entries.emplace_back(std::move(key), std::move(value));
        tokens.AcceptSymbol(",");
      }
    }
    tokens.AcceptSymbol(",");
    hints.push_back(std::move(hint));
  }
  return hints;
}

void CollectTables(const TableAst& table, std::set<std::string>& names) {
  if (table.kind == TableAstKind::kJoin) {
    CollectTables(*table.left, names);
    CollectTables(*table.right, names);
    return;
  }
  if (!table.alias.empty()) names.insert(table.alias);
  if (table.alias.empty() && !table.name.parts.empty()) names.insert(table.name.parts.back());
}

/// A number and one of Flink's units, or an ISO duration.
bool IsDuration(const std::string& text) {
  size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  if (digits == 0) return text.starts_with("P") || text.starts_with("p");
  std::string unit;
  for (char c : text.substr(digits)) {
    if (c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  static constexpr std::array kUnits = {
      "",        "d",    "day",    "days",    "h",           "hour",        "hours", "m",
      "min",     "mins", "minute", "minutes", "s",           "sec",         "secs",  "second",
      "seconds", "ms",   "milli",  "millis",  "millisecond", "milliseconds"};
  return std::find(kUnits.begin(), kUnits.end(), unit) != kUnits.end();
}

Status CheckHint(const Hint& hint, const std::set<std::string>& tables, bool streaming) {
  static constexpr std::array kNamesTables = {"BROADCAST", "SHUFFLE_HASH", "SHUFFLE_MERGE",
                                              "NEST_LOOP", "MULTI_JOIN",   "STATE_TTL"};
  if (hint.name == "LOOKUP") return Status::Ok();
  bool known = std::find(kNamesTables.begin(), kNamesTables.end(), hint.name) != kNamesTables.end();
  if (!known) return InvalidArgument("SQL-1030 there is no hint {}", hint.name);
  if (hint.name == "MULTI_JOIN" && !streaming) {
    return InvalidArgument("SQL-1030 the hint MULTI_JOIN is for streaming mode");
  }
  for (const auto& [table, value] : hint.entries) {
    if (!tables.contains(table)) {
      return InvalidArgument("SQL-1030 the hint {} names '{}', which is no table of FROM",
                             hint.name, table);
    }
    if (hint.name == "STATE_TTL" && !IsDuration(value)) {
      return InvalidArgument("SQL-1030 STATE_TTL of '{}' is no duration: '{}'", table, value);
    }
  }
  return Status::Ok();
}

}  // namespace

Status CheckHints(const SelectAst& select, bool streaming) {
  if (select.hints.empty()) return Status::Ok();
  std::set<std::string> tables;
  if (select.from != nullptr) CollectTables(*select.from, tables);
  for (const auto& [text, words] : select.hints) {
    ASSIGN_OR_RETURN(std::vector<Hint> hints, ParseHints(text));
    for (const Hint& hint : hints) {
      Status checked = CheckHint(hint, tables, streaming);
      if (!checked.ok()) return ErrorAt(checked.error(), select.range.position);
    }
  }
  return Status::Ok();
}

}  // namespace forebay::sql
