#include "base/ascii_case.h"
#include "sql/parser/interval_text.h"
#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

// Function calls: the plain form, and those with words of their own between the parentheses.

namespace forebay::sql {

namespace {

ExpressionAstPtr Make(ExpressionAstKind kind, std::string text, std::vector<ExpressionAstPtr> args,
                      SourceRange range) {
  ExpressionAst node;
  node.kind = kind;
  node.text = std::move(text);
  node.args = std::move(args);
  node.range = range;
  return std::make_shared<const ExpressionAst>(std::move(node));
}

/// `value IS NOT NULL`.
ExpressionAstPtr IsValue(const ExpressionAstPtr& value) {
  ExpressionAst is;
  is.kind = ExpressionAstKind::kIs;
  is.text = "NULL";
  is.negated = true;
  is.args = {value};
  is.range = value->range;
  return std::make_shared<const ExpressionAst>(std::move(is));
}

}  // namespace

Result<ExpressionAstPtr> Parser::SpecialCall(size_t mark, const std::string& name, bool& taken) {
  taken = true;
  if (name == "CAST" || name == "TRY_CAST") return Cast(mark);
  if (name == "EXTRACT") return ExtractCall(mark);
  if (name == "TRIM") return TrimCall(mark);
  if (name == "SUBSTRING" || name == "OVERLAY") return SubstringCall(mark, name);
  if (name == "POSITION") return PositionCall(mark);
  if (name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF") return UnitCall(mark, name);
  if (name == "FLOOR" || name == "CEIL" || name == "CEILING") return FloorCall(mark, name);
  if (name == "JSON_VALUE" || name == "JSON_QUERY" || name == "JSON_EXISTS") {
    return JsonCall(mark, name);
  }
  if (name == "JSON_OBJECT" || name == "JSON_ARRAY" || name == "JSON_OBJECTAGG" ||
      name == "JSON_ARRAYAGG") {
    return JsonConstructor(mark, name);
  }
  if (name == "DESCRIPTOR") {
    tokens_.Next();
    tokens_.Next();
    ASSIGN_OR_RETURN(std::vector<ExpressionAstPtr> columns, ExpressionList());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    return Make(ExpressionAstKind::kDescriptor, {}, std::move(columns), tokens_.RangeFrom(mark));
  }
  taken = false;
  return ExpressionAstPtr();
}

/// EXTRACT(unit FROM x)
Result<ExpressionAstPtr> Parser::ExtractCall(size_t mark) {
  tokens_.Next();
  tokens_.Next();
  const Token& unit = tokens_.Peek();
  if (unit.kind != TokenKind::kWord) return tokens_.Unexpected("a time unit");
  auto word = Make(ExpressionAstKind::kString, unit.upper, {}, unit.range);
  tokens_.Next();
  RETURN_IF_ERROR(tokens_.ExpectWords("FROM"));
  ASSIGN_OR_RETURN(ExpressionAstPtr operand, Expression());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(ExpressionAstKind::kCall, "EXTRACT", {word, operand}, tokens_.RangeFrom(mark));
}

/// TRIM([BOTH | LEADING | TRAILING] [chars] FROM x) and TRIM(x)
Result<ExpressionAstPtr> Parser::TrimCall(size_t mark) {
  tokens_.Next();
  tokens_.Next();
  std::string side = "BOTH";
  for (const char* word : {"BOTH", "LEADING", "TRAILING"}) {
    if (tokens_.AcceptWords(word)) side = word;
  }
  ExpressionAstPtr characters = Make(ExpressionAstKind::kNull, {}, {}, tokens_.RangeFrom(mark));
  ExpressionAstPtr operand;
  if (tokens_.AcceptWords("FROM")) {
    ASSIGN_OR_RETURN(operand, Expression());
  } else {
    ASSIGN_OR_RETURN(operand, Expression());
    if (tokens_.AcceptWords("FROM")) {
      characters = operand;
      ASSIGN_OR_RETURN(operand, Expression());
    }
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  auto word = Make(ExpressionAstKind::kString, side, {}, tokens_.RangeFrom(mark));
  return Make(ExpressionAstKind::kCall, "TRIM", {word, characters, operand},
              tokens_.RangeFrom(mark));
}

/// SUBSTRING(x FROM a [FOR b]), OVERLAY(x PLACING y FROM a [FOR b]), both also with commas.
Result<ExpressionAstPtr> Parser::SubstringCall(size_t mark, const std::string& name) {
  tokens_.Next();
  tokens_.Next();
  std::vector<ExpressionAstPtr> args;
  do {
    ASSIGN_OR_RETURN(ExpressionAstPtr arg, Expression());
    args.push_back(std::move(arg));
  } while (tokens_.AcceptSymbol(",") || tokens_.AcceptWords("PLACING") ||
           tokens_.AcceptWords("FROM") || tokens_.AcceptWords("FOR"));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(ExpressionAstKind::kCall, name, std::move(args), tokens_.RangeFrom(mark));
}

/// POSITION(a IN b): the needle must not itself be an IN predicate, so it is parsed above that
/// level.
Result<ExpressionAstPtr> Parser::PositionCall(size_t mark) {
  tokens_.Next();
  tokens_.Next();
  constexpr int kAdditive = 7;
  ASSIGN_OR_RETURN(ExpressionAstPtr needle, Binary(kAdditive));
  RETURN_IF_ERROR(tokens_.ExpectWords("IN"));
  ASSIGN_OR_RETURN(ExpressionAstPtr text, Expression());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(ExpressionAstKind::kCall, "POSITION", {needle, text}, tokens_.RangeFrom(mark));
}

/// TIMESTAMPADD(unit, n, x), TIMESTAMPDIFF(unit, a, b)
Result<ExpressionAstPtr> Parser::UnitCall(size_t mark, const std::string& name) {
  tokens_.Next();
  tokens_.Next();
  const Token& unit = tokens_.Peek();
  if (unit.kind != TokenKind::kWord) return tokens_.Unexpected("a time unit");
  std::string text = SingularUnit(unit.upper);
  if (text.starts_with("SQL_TSI_")) text = text.substr(8);
  std::vector<ExpressionAstPtr> args = {Make(ExpressionAstKind::kString, text, {}, unit.range)};
  tokens_.Next();
  RETURN_IF_ERROR(tokens_.ExpectSymbol(","));
  ASSIGN_OR_RETURN(std::vector<ExpressionAstPtr> rest, ExpressionList());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  args.insert(args.end(), rest.begin(), rest.end());
  return Make(ExpressionAstKind::kCall, name, std::move(args), tokens_.RangeFrom(mark));
}

/// FLOOR(x), FLOOR(x TO unit), FLOOR(x, n)
Result<ExpressionAstPtr> Parser::FloorCall(size_t mark, const std::string& name) {
  tokens_.Next();
  tokens_.Next();
  ASSIGN_OR_RETURN(std::vector<ExpressionAstPtr> args, ExpressionList());
  if (tokens_.AcceptWords("TO")) {
    const Token& unit = tokens_.Peek();
    if (unit.kind != TokenKind::kWord) return tokens_.Unexpected("a time unit");
    args.push_back(Make(ExpressionAstKind::kString, SingularUnit(unit.upper), {}, unit.range));
    tokens_.Next();
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return Make(ExpressionAstKind::kCall, name == "CEILING" ? "CEIL" : name, std::move(args),
              tokens_.RangeFrom(mark));
}

/// JSON_VALUE(x, path [RETURNING type] [NULL | ERROR | DEFAULT e ON EMPTY] [.. ON ERROR]),
/// JSON_QUERY(x, path [wrapper] [NULL | ERROR | EMPTY ARRAY | EMPTY OBJECT ON EMPTY] ..),
/// JSON_EXISTS(x, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])
Result<ExpressionAstPtr> Parser::JsonCall(size_t mark, const std::string& name) {
  tokens_.Next();
  tokens_.Next();
  ExpressionAst node;
  node.kind = ExpressionAstKind::kCall;
  node.text = name;
  ASSIGN_OR_RETURN(node.args, ExpressionList());
  while (!tokens_.PeekSymbol(")")) {
    if (tokens_.AcceptWords("RETURNING")) {
      ASSIGN_OR_RETURN(node.type, Type());
      node.clauses["RETURNING"] = node.type.ToString();
      continue;
    }
    std::string behavior;
    ExpressionAstPtr default_value;
    while (tokens_.Peek().kind == TokenKind::kWord && !tokens_.PeekWords("ON") &&
           !tokens_.PeekWords("DEFAULT") && !tokens_.PeekWords("WRAPPER")) {
      behavior += (behavior.empty() ? "" : " ") + tokens_.Next().upper;
    }
    if (tokens_.AcceptWords("WRAPPER")) {
      node.clauses["WRAPPER"] = behavior;
      continue;
    }
    if (tokens_.AcceptWords("DEFAULT")) {
      behavior = "DEFAULT";
      ASSIGN_OR_RETURN(default_value, Expression());
    }
    RETURN_IF_ERROR(tokens_.ExpectWords("ON"));
    bool empty = tokens_.AcceptWords("EMPTY");
    if (!empty) RETURN_IF_ERROR(tokens_.ExpectWords("ERROR"));
    node.clauses[empty ? "ON EMPTY" : "ON ERROR"] = behavior;
    if (default_value != nullptr) {
      auto label = empty ? "DEFAULT ON EMPTY" : "DEFAULT ON ERROR";
      node.args.push_back(
          Make(ExpressionAstKind::kNamedArgument, label, {default_value}, default_value->range));
    }
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  node.range = tokens_.RangeFrom(mark);
  return std::make_shared<const ExpressionAst>(std::move(node));
}

/// JSON_OBJECT([[KEY] k VALUE v, ..] [NULL | ABSENT ON NULL]), JSON_ARRAY([v, ..] [NULL | ABSENT ON
/// NULL]), and the aggregates JSON_OBJECTAGG and JSON_ARRAYAGG with one member
Result<ExpressionAstPtr> Parser::JsonConstructor(size_t mark, const std::string& name) {
  tokens_.Next();
  tokens_.Next();
  ExpressionAst node;
  node.kind = ExpressionAstKind::kCall;
  node.text = name;
  bool more = !tokens_.PeekSymbol(")") && !tokens_.PeekWords("NULL ON NULL") &&
              !tokens_.PeekWords("ABSENT ON NULL");
  bool aggregate = name.ends_with("AGG");
  while (more) {
    if (name.starts_with("JSON_OBJECT")) {
      if (tokens_.PeekWords("KEY") && !tokens_.PeekWords("VALUE", 1)) tokens_.Next();
      ASSIGN_OR_RETURN(ExpressionAstPtr key, Expression());
      node.args.push_back(std::move(key));
      RETURN_IF_ERROR(tokens_.ExpectWords("VALUE"));
    }
    ASSIGN_OR_RETURN(ExpressionAstPtr value, Expression());
    node.args.push_back(std::move(value));
    more = !aggregate && tokens_.AcceptSymbol(",");
  }
  if (tokens_.AcceptWords("NULL ON NULL")) node.clauses["ON NULL"] = "NULL";
  if (tokens_.AcceptWords("ABSENT ON NULL")) node.clauses["ON NULL"] = "ABSENT";
  if (name == "JSON_ARRAYAGG" && tokens_.AcceptWords("ORDER BY")) {
    RETURN_IF_ERROR(OrderItems().status());  // as in Flink, the order stays that of arrival
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  node.range = tokens_.RangeFrom(mark);
  return std::make_shared<const ExpressionAst>(std::move(node));
}

/// name(args), the name taken already.
/// names(arguments); names are more than one when a catalog's function is called.
Result<ExpressionAstPtr> Parser::Call(size_t mark, const std::vector<std::string>& names) {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  ExpressionAst call;
  call.kind = ExpressionAstKind::kCall;
  for (const std::string& name : names) call.text += (call.text.empty() ? "" : ".") + name;
  if (tokens_.AcceptWords("DISTINCT")) {
    call.distinct = true;
  } else {
    tokens_.AcceptWords("ALL");
  }
  while (!tokens_.PeekSymbol(")")) {
    ASSIGN_OR_RETURN(ExpressionAstPtr arg, Argument());
    call.args.push_back(std::move(arg));
    if (!tokens_.AcceptSymbol(",")) break;
    if (tokens_.PeekSymbol(")")) return tokens_.Unexpected("an argument");
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  RETURN_IF_ERROR(CallSuffix(call));
  call.range = tokens_.RangeFrom(mark);
  if (functions_ != nullptr) {
    ASSIGN_OR_RETURN(std::optional<SqlFunction> function, functions_->Find(names));
    if (function) return ExpandFunction(call, *function);
  }
  return std::make_shared<const ExpressionAst>(std::move(call));
}

Result<ExpressionAstPtr> Parser::Argument() {
  size_t mark = tokens_.mark();
  if (tokens_.PeekWords("TABLE") && !tokens_.PeekSymbol("(", 1)) return TableArgument(mark);
  const Token& token = tokens_.Peek();
  bool named = (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName) &&
               tokens_.PeekSymbol("=>", 1);
  if (!named) return Expression();
  std::string name = token.kind == TokenKind::kWord ? token.upper : token.text;
  tokens_.Next();
  tokens_.Next();
  ExpressionAstPtr value;
  if (tokens_.PeekWords("DEFAULT") && !tokens_.PeekSymbol("(", 1)) {
    size_t at = tokens_.mark();
    tokens_.Next();
    value = Make(ExpressionAstKind::kNull, "DEFAULT", {}, tokens_.RangeFrom(at));
  } else {
    ASSIGN_OR_RETURN(value, Argument());
  }
  return Make(ExpressionAstKind::kNamedArgument, name, {value}, tokens_.RangeFrom(mark));
}

/// TABLE t [PARTITION BY a, b] [ORDER BY ...], or TABLE (query).
Result<ExpressionAstPtr> Parser::TableArgument(size_t mark) {
  tokens_.Next();
  ExpressionAst node;
  node.kind = ExpressionAstKind::kTableArgument;
  ASSIGN_OR_RETURN(NameAst name, QualifiedName());
  node.names = std::move(name.parts);
  auto over = std::make_shared<OverAst>();
  bool parenthesized = false;
  if (tokens_.AcceptWords("PARTITION BY")) {
    parenthesized = tokens_.AcceptSymbol("(");
    // A comma may also end this argument: a column is followed by another only inside parentheses,
    // or when neither DESCRIPTOR nor a named argument comes next.
    bool goes_on = true;
    while (goes_on) {
      ASSIGN_OR_RETURN(ExpressionAstPtr column, Expression());
      over->partition_by.push_back(std::move(column));
      bool ends = tokens_.PeekWords("DESCRIPTOR", 1) || tokens_.PeekSymbol("=>", 2);
      goes_on = (parenthesized || !ends) && tokens_.AcceptSymbol(",");
    }
    if (parenthesized) RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  if (tokens_.AcceptWords("ORDER BY")) {
    ASSIGN_OR_RETURN(over->order_by, OrderItems());
  }
  node.over = std::move(over);
  node.range = tokens_.RangeFrom(mark);
  return std::make_shared<const ExpressionAst>(std::move(node));
}

/// What may follow the parentheses of a call: null treatment, WITHIN GROUP, FILTER, OVER.
Status Parser::CallSuffix(ExpressionAst& call) {
  bool ignores = tokens_.PeekWords("IGNORE NULLS");
  if (ignores || tokens_.PeekWords("RESPECT NULLS")) {
    std::string name = UpperAscii(call.text);
    bool collects = name == "ARRAY_AGG";
    if (!collects && name != "LAG" && name != "LEAD") {
      return tokens_.Unexpected(
          "IGNORE NULLS and RESPECT NULLS behind ARRAY_AGG, LAG and LEAD only");
    }
    tokens_.Next();
    tokens_.Next();
    // Flink takes it behind LAG and LEAD and answers as without it; no FILTER may follow.
    if (tokens_.PeekWords("FILTER")) return tokens_.Unexpected("no FILTER behind IGNORE NULLS");
    if (ignores && collects && !call.args.empty()) call.filter = IsValue(call.args[0]);
  }
  if (tokens_.PeekWords("WITHIN GROUP")) {
    return tokens_.Unexpected("no WITHIN GROUP (it is not supported)");
  }
  if (tokens_.AcceptWords("FILTER")) {
    RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    RETURN_IF_ERROR(tokens_.ExpectWords("WHERE"));
    ASSIGN_OR_RETURN(call.filter, Expression());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  if (tokens_.AcceptWords("OVER")) {
    ASSIGN_OR_RETURN(call.over, Over());
  }
  return Status::Ok();
}

Result<std::shared_ptr<const OverAst>> Parser::Over() {
  OverAst over;
  if (tokens_.PeekSymbol("(")) {
    ASSIGN_OR_RETURN(over, WindowSpecification());
  } else {
    ASSIGN_OR_RETURN(over.window_name, Identifier());
  }
  return std::make_shared<const OverAst>(std::move(over));
}

Result<OverAst> Parser::WindowSpecification() {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  OverAst over;
  if (tokens_.AcceptWords("PARTITION BY")) {
    ASSIGN_OR_RETURN(over.partition_by, ExpressionList());
  }
  if (tokens_.AcceptWords("ORDER BY")) {
    ASSIGN_OR_RETURN(over.order_by, OrderItems());
  }
  bool rows = tokens_.AcceptWords("ROWS");
  if (rows || tokens_.AcceptWords("RANGE")) {
    over.has_frame = true;
    over.is_rows = rows;
    bool between = tokens_.AcceptWords("BETWEEN");
    ASSIGN_OR_RETURN(over.start, FrameBound());
    over.end.kind = FrameBoundKind::kCurrentRow;
    if (between) {
      RETURN_IF_ERROR(tokens_.ExpectWords("AND"));
      ASSIGN_OR_RETURN(over.end, FrameBound());
    }
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return over;
}

Result<OverAst::Bound> Parser::FrameBound() {
  using Kind = FrameBoundKind;
  if (tokens_.AcceptWords("UNBOUNDED PRECEDING")) {
    return OverAst::Bound{Kind::kUnboundedPreceding, nullptr};
  }
  if (tokens_.AcceptWords("UNBOUNDED FOLLOWING")) {
    return OverAst::Bound{Kind::kUnboundedFollowing, nullptr};
  }
  if (tokens_.AcceptWords("CURRENT ROW")) return OverAst::Bound{Kind::kCurrentRow, nullptr};
  constexpr int kAdditive = 7;
  OverAst::Bound bound;
  ASSIGN_OR_RETURN(bound.offset, Binary(kAdditive));
  bound.kind = Kind::kPreceding;
  if (tokens_.AcceptWords("FOLLOWING")) {
    bound.kind = Kind::kFollowing;
  } else {
    RETURN_IF_ERROR(tokens_.ExpectWords("PRECEDING"));
  }
  return bound;
}

}  // namespace forebay::sql
