#include "app/submit/flink_script.h"

#include <optional>

#include "sql/parser/lexer.h"
#include "sql/parser/token_stream.h"

namespace forebay::app {

namespace {

using sql::Token;
using sql::TokenKind;
using sql::TokenStream;

/// a.`b`.c; empty when there is no name.
std::string TakeName(TokenStream& tokens) {
  std::string name;
  while (tokens.Peek().kind == TokenKind::kWord || tokens.Peek().kind == TokenKind::kQuotedName) {
    name += tokens.Next().text;
    if (!tokens.AcceptSymbol(".")) break;
    name += '.';
  }
  return name;
}

/// The 'connector' in the options of the CREATE TABLE whose rest this is; empty: none.
std::string ConnectorOf(TokenStream& tokens) {
  int depth = 0;
  while (!tokens.AtEnd()) {
    if (tokens.PeekWords("AS") && depth == 0) return "";
    if (depth == 0 && tokens.PeekWords("WITH") && tokens.PeekSymbol("(", 1)) break;
    if (tokens.PeekSymbol("(")) ++depth;
    if (tokens.PeekSymbol(")")) --depth;
    tokens.Next();
  }
  for (; !tokens.AtEnd() && !tokens.PeekSymbol(")"); tokens.Next()) {
    bool is_key = tokens.Peek().kind == TokenKind::kString && tokens.PeekSymbol("=", 1);
    if (is_key && tokens.Peek().text == "connector") return tokens.Peek(2).text;
  }
  return "";
}

/// Where a byte of the statement's text is that stands at `position` of the script.
size_t OffsetOf(const sql::StatementText& statement, SourcePosition position) {
  sql::TextCursor cursor(statement.text, statement.position);
  while (!cursor.AtEnd() &&
         (cursor.position().line < position.line || (cursor.position().line == position.line &&
                                                     cursor.position().column < position.column))) {
    cursor.Advance();
  }
  return cursor.offset();
}

}  // namespace

FlinkStatement FlinkScript::Adapt(const sql::StatementText& statement) {
  FlinkStatement adapted{std::string(statement.text), statement.position, ""};
  auto cut = sql::Tokenize(statement.text, statement.position);
  if (!cut.ok()) return adapted;  // Flink says what is wrong
  TokenStream tokens(std::move(*cut));
  bool create = tokens.AcceptWords("CREATE");
  if (!create && !tokens.AcceptWords("DROP")) return adapted;
  if (create) tokens.AcceptWords("OR REPLACE");
  SourcePosition place = tokens.Peek().range.position;
  bool is_view = tokens.AcceptWords("VIEW");
  if (!is_view && !tokens.AcceptWords("TABLE")) return adapted;
  if (!tokens.AcceptWords("IF NOT EXISTS")) tokens.AcceptWords("IF EXISTS");
  std::string name = TakeName(tokens);
  std::string why;
  if (!create) {
    if (temporary_.erase(name) > 0) why = "it was made as a temporary one";
  } else if (is_view) {
    why = "Flink's catalog of Fluss keeps no views";
  } else if (std::string connector = ConnectorOf(tokens);
             !connector.empty() && connector != "fluss") {
    why = fmt::format("Flink's catalog of Fluss keeps no tables of the connector '{}'", connector);
  }
  if (why.empty()) return adapted;
  if (create) temporary_.insert(name);
  adapted.text.insert(OffsetOf(statement, place), "TEMPORARY ");
  adapted.note = fmt::format("{} {} as TEMPORARY: {}", create ? "creating" : "dropping", name, why);
  return adapted;
}

}  // namespace forebay::app
