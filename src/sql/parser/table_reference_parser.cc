#include <array>
#include <cstdlib>

#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

// The items of FROM: tables, subqueries, table functions and joins.

namespace forebay::sql {

namespace {
TableAstPtr Share(TableAst table) { return std::make_shared<const TableAst>(std::move(table)); }
}  // namespace

/// Comma joins of joined tables.
Result<TableAstPtr> Parser::From() {
  size_t mark = tokens_.mark();
  ASSIGN_OR_RETURN(TableAstPtr left, JoinedTable());
  while (tokens_.AcceptSymbol(",")) {
    ASSIGN_OR_RETURN(TableAstPtr right, JoinedTable());
    TableAst join;
    join.kind = TableAstKind::kJoin;
    join.join = JoinAstKind::kComma;
    join.left = std::move(left);
    join.right = std::move(right);
    join.range = tokens_.RangeFrom(mark);
    left = Share(std::move(join));
  }
  return left;
}

bool Parser::AcceptJoin(JoinAstKind& kind, bool& natural) {
  size_t before = tokens_.mark();
  natural = tokens_.AcceptWords("NATURAL");
  struct Form {
    const char* words;
    JoinAstKind kind;
  };
  static constexpr std::array<Form, 9> kForms = {{{"JOIN", JoinAstKind::kInner},
                                                  {"INNER JOIN", JoinAstKind::kInner},
                                                  {"LEFT JOIN", JoinAstKind::kLeft},
                                                  {"LEFT OUTER JOIN", JoinAstKind::kLeft},
                                                  {"RIGHT JOIN", JoinAstKind::kRight},
                                                  {"RIGHT OUTER JOIN", JoinAstKind::kRight},
                                                  {"FULL JOIN", JoinAstKind::kFull},
                                                  {"FULL OUTER JOIN", JoinAstKind::kFull},
                                                  {"CROSS JOIN", JoinAstKind::kCross}}};
  for (const Form& form : kForms) {
    if (tokens_.AcceptWords(form.words)) {
      kind = form.kind;
      return true;
    }
  }
  tokens_.Rewind(before);
  return false;
}

Result<TableAstPtr> Parser::JoinedTable() {
  size_t mark = tokens_.mark();
  TableAstPtr left;
  if (tokens_.PeekSymbol("(") && !AtQueryStart()) {
    tokens_.Next();
    ASSIGN_OR_RETURN(left, JoinedTable());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else {
    ASSIGN_OR_RETURN(TableAst table, TablePrimary());
    table.range = tokens_.RangeFrom(mark);
    left = Share(std::move(table));
  }
  JoinAstKind kind;
  bool natural = false;
  while (AcceptJoin(kind, natural)) {
    ASSIGN_OR_RETURN(left, JoinRight(std::move(left), kind, natural));
  }
  return left;
}

Result<TableAstPtr> Parser::JoinRight(TableAstPtr left, JoinAstKind kind, bool natural) {
  TableAst join;
  join.kind = TableAstKind::kJoin;
  join.join = kind;
  join.natural = natural;
  join.range = left->range;
  join.left = std::move(left);
  size_t mark = tokens_.mark();
  if (tokens_.PeekSymbol("(") && !AtQueryStart()) {
    tokens_.Next();
    ASSIGN_OR_RETURN(join.right, JoinedTable());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else {
    ASSIGN_OR_RETURN(TableAst right, TablePrimary());
    right.range = tokens_.RangeFrom(mark);
    join.right = Share(std::move(right));
  }
  if (tokens_.AcceptWords("ON")) {
    ASSIGN_OR_RETURN(join.condition, Expression());
  } else if (tokens_.AcceptWords("USING")) {
    ASSIGN_OR_RETURN(join.using_columns, NameList());
  } else if (kind != JoinAstKind::kCross && !natural) {
    return tokens_.Unexpected("ON or USING");
  }
  join.range.end = tokens_.RangeFrom(mark).end;
  return Share(std::move(join));
}

Result<TableAst> Parser::TablePrimary() {
  TableAst table;
  table.lateral = tokens_.AcceptWords("LATERAL");
  if (tokens_.PeekSymbol("(")) {
    tokens_.Next();
    table.kind = TableAstKind::kSubquery;
    ASSIGN_OR_RETURN(table.query, Query());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else if (tokens_.PeekWords("TABLE") && tokens_.PeekSymbol("(", 1)) {
    tokens_.Next();
    tokens_.Next();
    table.kind = TableAstKind::kFunction;
    ASSIGN_OR_RETURN(table.function, Expression());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else if (tokens_.PeekWords("UNNEST") && tokens_.PeekSymbol("(", 1)) {
    tokens_.Next();
    tokens_.Next();
    table.kind = TableAstKind::kUnnest;
    ASSIGN_OR_RETURN(table.function, Expression());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    table.with_ordinality = tokens_.AcceptWords("WITH ORDINALITY");
  } else if (tokens_.Peek().kind == TokenKind::kWord && tokens_.PeekSymbol("(", 1)) {
    table.kind = TableAstKind::kFunction;
    ASSIGN_OR_RETURN(table.function, Expression());
  } else {
    RETURN_IF_ERROR(NamedTable(table));
  }
  RETURN_IF_ERROR(TableSample(table));
  if (tokens_.PeekWords("MATCH_RECOGNIZE")) {
    ASSIGN_OR_RETURN(table, MatchRecognize(std::move(table)));
  }
  RETURN_IF_ERROR(TableAlias(table));
  return table;
}

Status Parser::NamedTable(TableAst& table) {
  ASSIGN_OR_RETURN(table.name, QualifiedName());
  if (tokens_.Peek().kind == TokenKind::kHint) {
    ASSIGN_OR_RETURN(table.option_hints, OptionHints());
  }
  if (tokens_.AcceptWords("FOR SYSTEM_TIME AS OF")) {
    ASSIGN_OR_RETURN(table.as_of, Expression());
  }
  return Status::Ok();
}

/// [TABLESAMPLE {BERNOULLI | SYSTEM}(percent) [REPEATABLE (seed)]]
Status Parser::TableSample(TableAst& table) {
  if (!tokens_.AcceptWords("TABLESAMPLE")) return Status::Ok();
  if (!tokens_.AcceptWords("SYSTEM")) RETURN_IF_ERROR(tokens_.ExpectWords("BERNOULLI"));
  auto number = [&]() -> Result<double> {
    RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    TokenKind kind = tokens_.Peek().kind;
    if (kind != TokenKind::kInteger && kind != TokenKind::kDecimal) {
      return tokens_.Unexpected("a number");
    }
    double value = std::strtod(tokens_.Next().text.c_str(), nullptr);
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return value;
  };
  ASSIGN_OR_RETURN(double percent, number());
  if (percent > 100) return tokens_.Unexpected("a TABLESAMPLE of 0 to 100 percent");
  table.sample = percent / 100;
  if (!tokens_.AcceptWords("REPEATABLE")) return Status::Ok();
  ASSIGN_OR_RETURN(table.sample_seed, number());
  return Status::Ok();
}

Status Parser::TableAlias(TableAst& table) {
  const Token& token = tokens_.Peek();
  bool is_alias = token.kind == TokenKind::kQuotedName ||
                  (token.kind == TokenKind::kWord && !IsReservedWord(token.upper));
  if (tokens_.AcceptWords("AS") || is_alias) {
    ASSIGN_OR_RETURN(table.alias, Identifier());
    if (tokens_.PeekSymbol("(")) {
      ASSIGN_OR_RETURN(table.column_aliases, NameList());
    }
  }
  return Status::Ok();
}

}  // namespace forebay::sql
