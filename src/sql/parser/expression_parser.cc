#include <array>

#include "sql/parser/interval_text.h"
#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

namespace forebay::sql {

namespace {

// Calcite's precedences (SqlStdOperatorTable), scaled: OR, AND, NOT, IS, comparison,
// BETWEEN/IN/LIKE, additive, multiplicative and ||.
constexpr int kOr = 1;
constexpr int kAnd = 2;
constexpr int kNot = 3;
constexpr int kIs = 4;
constexpr int kComparison = 5;
constexpr int kMembership = 6;
constexpr int kAdditive = 7;
constexpr int kMultiplicative = 8;

int SymbolPrecedence(const Token& token) {
  if (token.IsWord("OR")) return kOr;
  if (token.IsWord("AND")) return kAnd;
  if (token.IsWord("OVERLAPS")) return kComparison;
  if (token.kind != TokenKind::kSymbol) return 0;
  static constexpr std::array kComparisons = {"=", "<>", "<", "<=", ">", ">="};
  for (std::string_view symbol : kComparisons) {
    if (token.text == symbol) return kComparison;
  }
  if (token.text == "+" || token.text == "-") return kAdditive;
  if (token.text == "*" || token.text == "/" || token.text == "%" || token.text == "||") {
    return kMultiplicative;
  }
  return 0;
}

ExpressionAstPtr Make(ExpressionAst node, SourceRange range) {
  node.range = range;
  return std::make_shared<const ExpressionAst>(std::move(node));
}

ExpressionAst Node(ExpressionAstKind kind, std::string text = {},
                   std::vector<ExpressionAstPtr> args = {}) {
  ExpressionAst node;
  node.kind = kind;
  node.text = std::move(text);
  node.args = std::move(args);
  return node;
}

}  // namespace

Result<ExpressionAstPtr> Parser::Expression() {
  if (++depth_ > kMaxDepth) {
    Error error = InvalidArgument("the expression is nested more than {} deep", kMaxDepth);
    error.position = tokens_.Peek().range.position;
    return error;
  }
  auto result = Binary(kOr);
  --depth_;
  return result;
}

Result<ExpressionAstPtr> Parser::Binary(int min_precedence) {
  size_t mark = tokens_.mark();
  ExpressionAstPtr left;
  if (min_precedence <= kNot && tokens_.AcceptWords("NOT")) {
    if (++depth_ > kMaxDepth) return tokens_.Unexpected("an expression nested less deep");
    ASSIGN_OR_RETURN(ExpressionAstPtr operand, Binary(kNot));
    --depth_;
    left = Make(Node(ExpressionAstKind::kCall, "NOT", {operand}), tokens_.RangeFrom(mark));
  } else {
    ASSIGN_OR_RETURN(left, Unary());
  }
  for (int links = 0;;) {
    RETURN_IF_ERROR(CountLink(links));
    if (min_precedence <= kIs && tokens_.PeekWords("IS")) {
      ASSIGN_OR_RETURN(left, IsPredicate(left, mark));
      continue;
    }
    if (min_precedence <= kMembership) {
      bool taken = false;
      ASSIGN_OR_RETURN(left, Predicate(left, mark, taken));
      if (taken) continue;
    }
    int precedence = SymbolPrecedence(tokens_.Peek());
    if (precedence == 0 || precedence < min_precedence) return left;
    const Token& op = tokens_.Next();
    std::string name = op.kind == TokenKind::kWord ? op.upper : op.text;
    if (AtQuantifier(name)) {
      ASSIGN_OR_RETURN(left, Quantified(left, name, mark));
      continue;
    }
    ASSIGN_OR_RETURN(ExpressionAstPtr right, Binary(precedence + 1));
    left = Make(Node(ExpressionAstKind::kCall, name, {left, right}), tokens_.RangeFrom(mark));
  }
}

namespace {

/// The comparison that is FALSE where `name` is TRUE; empty when `name` is none.
std::string_view OppositeOf(const std::string& name) {
  if (name == "=") return "<>";
  if (name == "<>" || name == "!=") return "=";
  if (name == "<") return ">=";
  if (name == "<=") return ">";
  if (name == ">") return "<=";
  if (name == ">=") return "<";
  return {};
}

}  // namespace

/// ANY (query), SOME (query) or ALL (query) behind a comparison.
bool Parser::AtQuantifier(const std::string& comparison) const {
  bool word = tokens_.PeekWords("ANY") || tokens_.PeekWords("SOME") || tokens_.PeekWords("ALL");
  return word && !OppositeOf(comparison).empty() && tokens_.PeekSymbol("(", 1) && AtQueryStart(2);
}

/// x > ALL (query) is NOT (x <= ANY (query)), which is a kind of IN.
Result<ExpressionAstPtr> Parser::Quantified(ExpressionAstPtr left, const std::string& comparison,
                                            size_t mark) {
  bool all = tokens_.Next().upper == "ALL";
  ExpressionAst node =
      Node(ExpressionAstKind::kIn, all ? std::string(OppositeOf(comparison)) : comparison, {left});
  node.negated = all;
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  ASSIGN_OR_RETURN(node.query, Query());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Status Parser::CountLink(int& links) const {
  if (++links <= kMaxChain) return Status::Ok();
  Error error = InvalidArgument("more than {} operators in a row", kMaxChain);
  error.position = tokens_.Peek().range.position;
  error.hint = "put parts of it in parentheses, or in views";
  return error;
}

/// BETWEEN, IN, LIKE, SIMILAR TO, each with NOT.
Result<ExpressionAstPtr> Parser::Predicate(ExpressionAstPtr left, size_t mark, bool& taken) {
  size_t before = tokens_.mark();
  bool negated = tokens_.AcceptWords("NOT");
  taken = true;
  if (tokens_.AcceptWords("IN")) return InPredicate(std::move(left), negated, mark);
  ExpressionAst node;
  if (tokens_.AcceptWords("BETWEEN")) {
    bool symmetric = !tokens_.AcceptWords("ASYMMETRIC") && tokens_.AcceptWords("SYMMETRIC");
    ASSIGN_OR_RETURN(ExpressionAstPtr low, Binary(kAdditive));
    RETURN_IF_ERROR(tokens_.ExpectWords("AND"));
    ASSIGN_OR_RETURN(ExpressionAstPtr high, Binary(kAdditive));
    node = Node(ExpressionAstKind::kBetween, symmetric ? "SYMMETRIC" : "", {left, low, high});
  } else if (tokens_.PeekWords("LIKE") || tokens_.PeekWords("SIMILAR TO")) {
    bool similar = tokens_.AcceptWords("SIMILAR TO");
    if (!similar) tokens_.Next();
    ASSIGN_OR_RETURN(ExpressionAstPtr pattern, Binary(kAdditive));
    node = Node(ExpressionAstKind::kLike, similar ? "SIMILAR" : "LIKE", {left, pattern});
    if (tokens_.AcceptWords("ESCAPE")) {
      ASSIGN_OR_RETURN(ExpressionAstPtr escape, Binary(kAdditive));
      node.args.push_back(std::move(escape));
    }
  } else {
    tokens_.Rewind(before);
    taken = false;
    return left;
  }
  node.negated = negated;
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::InPredicate(ExpressionAstPtr left, bool negated, size_t mark) {
  ExpressionAst node = Node(ExpressionAstKind::kIn, {}, {std::move(left)});
  node.negated = negated;
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  if (AtQueryStart()) {
    ASSIGN_OR_RETURN(node.query, Query());
  } else {
    ASSIGN_OR_RETURN(std::vector<ExpressionAstPtr> items, ExpressionList());
    node.args.insert(node.args.end(), items.begin(), items.end());
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::IsPredicate(ExpressionAstPtr left, size_t mark) {
  tokens_.Next();
  ExpressionAst node = Node(ExpressionAstKind::kIs, {}, {std::move(left)});
  node.negated = tokens_.AcceptWords("NOT");
  static constexpr std::array kTests = {"NULL",        "TRUE",       "FALSE",
                                        "UNKNOWN",     "JSON VALUE", "JSON SCALAR",
                                        "JSON OBJECT", "JSON ARRAY", "JSON"};
  for (const char* test : kTests) {
    if (tokens_.AcceptWords(test)) {
      node.text = test;
      return Make(std::move(node), tokens_.RangeFrom(mark));
    }
  }
  if (tokens_.AcceptWords("DISTINCT FROM")) {
    node.text = "DISTINCT FROM";
    ASSIGN_OR_RETURN(ExpressionAstPtr right, Binary(kAdditive));
    node.args.push_back(std::move(right));
    return Make(std::move(node), tokens_.RangeFrom(mark));
  }
  return tokens_.Unexpected("NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM or JSON after IS");
}

Result<ExpressionAstPtr> Parser::Unary() {
  size_t mark = tokens_.mark();
  if (tokens_.PeekSymbol("-") || tokens_.PeekSymbol("+")) {
    bool minus = tokens_.Next().text == "-";
    if (++depth_ > kMaxDepth) return tokens_.Unexpected("an expression nested less deep");
    auto operand = Unary();
    --depth_;
    if (!operand.ok() || !minus) return operand;
    return Make(Node(ExpressionAstKind::kCall, "NEGATE", {*operand}), tokens_.RangeFrom(mark));
  }
  return Postfix();
}

/// x[i] and x.field after an expression that is no plain name.
Result<ExpressionAstPtr> Parser::Postfix() {
  size_t mark = tokens_.mark();
  ASSIGN_OR_RETURN(ExpressionAstPtr base, Primary());
  for (int links = 0;;) {
    RETURN_IF_ERROR(CountLink(links));
    if (tokens_.AcceptSymbol("[")) {
      ASSIGN_OR_RETURN(ExpressionAstPtr index, Expression());
      RETURN_IF_ERROR(tokens_.ExpectSymbol("]"));
      base = Make(Node(ExpressionAstKind::kItem, {}, {base, index}), tokens_.RangeFrom(mark));
    } else if (tokens_.PeekSymbol(".") && base->kind != ExpressionAstKind::kStar) {
      tokens_.Next();
      if (tokens_.AcceptSymbol("*")) {
        return tokens_.Unexpected("a field name (row.* is not supported)");
      }
      ASSIGN_OR_RETURN(std::string field, Identifier());
      base = Make(Node(ExpressionAstKind::kField, field, {base}), tokens_.RangeFrom(mark));
    } else {
      return base;
    }
  }
}

Result<ExpressionAstPtr> Parser::Primary() {
  size_t mark = tokens_.mark();
  const Token& token = tokens_.Peek();
  switch (token.kind) {
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kDouble: return Number(mark);
    case TokenKind::kString: {
      std::string text = tokens_.Next().text;
      while (tokens_.Peek().kind == TokenKind::kString) text += tokens_.Next().text;
      return Make(Node(ExpressionAstKind::kString, std::move(text)), tokens_.RangeFrom(mark));
    }
    case TokenKind::kBytes:
      return Make(Node(ExpressionAstKind::kBytes, tokens_.Next().text), tokens_.RangeFrom(mark));
    case TokenKind::kQuotedName: return Name(mark);
    case TokenKind::kWord: return WordExpression(mark);
    case TokenKind::kSymbol:
      if (token.text == "(") return Parenthesized(mark);
      if (token.text == "*") {
        tokens_.Next();
        return Make(Node(ExpressionAstKind::kStar), tokens_.RangeFrom(mark));
      }
      [[fallthrough]];
    default: return tokens_.Unexpected("an expression");
  }
}

Result<ExpressionAstPtr> Parser::Number(size_t mark) {
  const Token& token = tokens_.Next();
  ExpressionAstKind kind = token.kind == TokenKind::kInteger   ? ExpressionAstKind::kInteger
                           : token.kind == TokenKind::kDecimal ? ExpressionAstKind::kDecimal
                                                               : ExpressionAstKind::kDouble;
  return Make(Node(kind, token.text), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::Parenthesized(size_t mark) {
  tokens_.Next();
  if (AtQueryStart()) {
    ExpressionAst node = Node(ExpressionAstKind::kSubquery);
    ASSIGN_OR_RETURN(node.query, Query());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return Make(std::move(node), tokens_.RangeFrom(mark));
  }
  ASSIGN_OR_RETURN(std::vector<ExpressionAstPtr> items, ExpressionList());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  // (a - b) DAY: the difference of two times as an interval.
  if (items.size() == 1 && items[0]->kind == ExpressionAstKind::kCall && items[0]->text == "-" &&
      tokens_.Peek().kind == TokenKind::kWord && IsIntervalUnit(tokens_.Peek().upper)) {
    std::string unit = tokens_.Next().upper;
    if (tokens_.AcceptWords("TO")) {
      ASSIGN_OR_RETURN(std::string to, TimeUnitWord());
      unit += " TO " + to;
    }
    ExpressionAstPtr word = Make(Node(ExpressionAstKind::kString, unit), tokens_.RangeFrom(mark));
    return Make(
        Node(ExpressionAstKind::kCall, "MINUS_DATE", {items[0]->args[0], items[0]->args[1], word}),
        tokens_.RangeFrom(mark));
  }
  if (items.size() == 1) return items[0];
  return Make(Node(ExpressionAstKind::kRow, {}, std::move(items)), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::Name(size_t mark) {
  ExpressionAst node = Node(ExpressionAstKind::kName);
  ASSIGN_OR_RETURN(std::string part, Identifier());
  node.names.push_back(std::move(part));
  if (tokens_.PeekSymbol("(")) return Call(mark, node.names);
  while (tokens_.PeekSymbol(".")) {
    tokens_.Next();
    if (tokens_.AcceptSymbol("*")) {
      node.kind = ExpressionAstKind::kStar;
      return Make(std::move(node), tokens_.RangeFrom(mark));
    }
    ASSIGN_OR_RETURN(part, Identifier());
    node.names.push_back(std::move(part));
  }
  if (tokens_.PeekSymbol("(")) return Call(mark, node.names);
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::Case(size_t mark) {
  ExpressionAst node = Node(ExpressionAstKind::kCase);
  node.args.push_back(nullptr);
  if (!tokens_.PeekWords("WHEN")) {
    ASSIGN_OR_RETURN(node.args[0], Expression());
  }
  while (tokens_.AcceptWords("WHEN")) {
    ASSIGN_OR_RETURN(ExpressionAstPtr when, Expression());
    RETURN_IF_ERROR(tokens_.ExpectWords("THEN"));
    ASSIGN_OR_RETURN(ExpressionAstPtr then, Expression());
    node.args.push_back(std::move(when));
    node.args.push_back(std::move(then));
  }
  if (node.args.size() == 1) return tokens_.Unexpected("WHEN");
  node.args.push_back(nullptr);
  if (tokens_.AcceptWords("ELSE")) {
    ASSIGN_OR_RETURN(node.args.back(), Expression());
  }
  RETURN_IF_ERROR(tokens_.ExpectWords("END"));
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::Cast(size_t mark) {
  ExpressionAst node = Node(ExpressionAstKind::kCast, tokens_.Next().upper);
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  ASSIGN_OR_RETURN(ExpressionAstPtr operand, Expression());
  RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
  ASSIGN_OR_RETURN(node.type, Type());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  node.args.push_back(std::move(operand));
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::Interval(size_t mark) {
  tokens_.Next();
  bool negative = tokens_.AcceptSymbol("-");
  ExpressionAst node = Node(ExpressionAstKind::kInterval);
  ASSIGN_OR_RETURN(node.text, StringLiteral());
  ASSIGN_OR_RETURN(node.unit, TimeUnitWord());
  if (tokens_.AcceptSymbol("(")) {
    tokens_.Next();
    if (tokens_.AcceptSymbol(",")) tokens_.Next();
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  if (tokens_.AcceptWords("TO")) {
    ASSIGN_OR_RETURN(std::string to, TimeUnitWord());
    node.unit += " TO " + to;
    if (tokens_.AcceptSymbol("(")) {
      tokens_.Next();
      RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    }
  }
  auto value = ParseIntervalText(node.text, node.unit);
  if (!value.ok()) {
    Error error = value.error();
    error.position = tokens_.RangeFrom(mark).position;
    return error;
  }
  node.interval_value = negative ? -value->value : value->value;
  node.interval_is_months = value->is_months;
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::Constructor(size_t mark, ExpressionAstKind kind) {
  tokens_.Next();
  const char* close = kind == ExpressionAstKind::kRow ? ")" : "]";
  tokens_.Next();
  ExpressionAst node = Node(kind);
  if (!tokens_.PeekSymbol(close)) {
    ASSIGN_OR_RETURN(node.args, ExpressionList());
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(close));
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

/// NULL, TRUE, DATE '...': nullopt when the word is no value.
std::optional<ExpressionAst> Parser::WordLiteral() {
  using Kind = ExpressionAstKind;
  const std::string word = tokens_.Peek().upper;
  if (word == "NULL" || word == "TRUE" || word == "FALSE" || word == "UNKNOWN") {
    tokens_.Next();
    if (word == "NULL") return Node(Kind::kNull);
    return Node(word == "UNKNOWN" ? Kind::kNull : Kind::kBoolean, word);
  }
  bool is_time = word == "DATE" || word == "TIME" || word == "TIMESTAMP";
  if (!is_time || tokens_.Peek(1).kind != TokenKind::kString) return std::nullopt;
  tokens_.Next();
  Kind kind = word == "DATE" ? Kind::kDate : word == "TIME" ? Kind::kTime : Kind::kTimestamp;
  return Node(kind, tokens_.Next().text);
}

/// EXISTS (query)
Result<ExpressionAstPtr> Parser::Exists(size_t mark) {
  tokens_.Next();
  tokens_.Next();
  ExpressionAst node = Node(ExpressionAstKind::kExists);
  ASSIGN_OR_RETURN(node.query, Query());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

/// Whether FINAL or RUNNING stands before a call or a column.
bool Parser::AtMatchModifier() const {
  if (!in_match_ || !(tokens_.PeekWords("FINAL") || tokens_.PeekWords("RUNNING"))) return false;
  const Token& behind = tokens_.Peek(1);
  if (behind.kind == TokenKind::kQuotedName) return true;
  return behind.kind == TokenKind::kWord &&
         (tokens_.PeekSymbol("(", 2) || !IsReservedWord(behind.upper));
}

Result<ExpressionAstPtr> Parser::MatchModified(size_t mark) {
  ExpressionAst node = Node(ExpressionAstKind::kCall, tokens_.Next().upper);
  ASSIGN_OR_RETURN(ExpressionAstPtr call, Primary());
  node.args = {std::move(call)};
  return Make(std::move(node), tokens_.RangeFrom(mark));
}

Result<ExpressionAstPtr> Parser::WordExpression(size_t mark) {
  const std::string word = tokens_.Peek().upper;
  if (auto literal = WordLiteral()) return Make(std::move(*literal), tokens_.RangeFrom(mark));
  if (word == "INTERVAL") return Interval(mark);
  if (word == "CASE") {
    tokens_.Next();
    return Case(mark);
  }
  bool is_call = tokens_.PeekSymbol("(", 1);
  bool has_bracket = tokens_.PeekSymbol("[", 1);
  if (word == "EXISTS" && is_call) return Exists(mark);
  if (word == "ARRAY" && has_bracket) return Constructor(mark, ExpressionAstKind::kArray);
  if (word == "MAP" && has_bracket) return Constructor(mark, ExpressionAstKind::kMap);
  if (word == "ROW" && is_call) return Constructor(mark, ExpressionAstKind::kRow);
  if (AtMatchModifier()) return MatchModified(mark);
  if (is_call) {
    bool taken = false;
    ASSIGN_OR_RETURN(ExpressionAstPtr special, SpecialCall(mark, word, taken));
    if (taken) return special;
    std::string name = IsReservedWord(word) ? word : tokens_.Peek().text;
    tokens_.Next();
    return Call(mark, std::vector<std::string>{name});
  }
  static constexpr std::array kWithoutParentheses = {
      "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"};
  for (const char* name : kWithoutParentheses) {
    if (word == name) {
      tokens_.Next();
      return Make(Node(ExpressionAstKind::kCall, word), tokens_.RangeFrom(mark));
    }
  }
  if (IsReservedWord(word)) return tokens_.Unexpected("an expression");
  return Name(mark);
}

Result<std::vector<ExpressionAstPtr>> Parser::ExpressionList() {
  std::vector<ExpressionAstPtr> items;
  do {
    ASSIGN_OR_RETURN(ExpressionAstPtr item, Expression());
    items.push_back(std::move(item));
  } while (tokens_.AcceptSymbol(","));
  return items;
}

Result<std::string> Parser::TimeUnitWord() {
  const Token& token = tokens_.Peek();
  if (token.kind != TokenKind::kWord || !IsIntervalUnit(token.upper)) {
    return tokens_.Unexpected("a time unit (YEAR, MONTH, DAY, HOUR, MINUTE, SECOND)");
  }
  return SingularUnit(tokens_.Next().upper);
}

}  // namespace forebay::sql
