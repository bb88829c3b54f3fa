#include <limits>
#include <utility>

#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

// MATCH_RECOGNIZE (...): everything the grammar has; what is not executed is refused by the
// analyzer, which knows why.

namespace forebay::sql {

Result<TableAst> Parser::MatchRecognize(TableAst input) {
  size_t mark = tokens_.mark();
  tokens_.Next();
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  auto match = std::make_shared<MatchAst>();
  bool outer = std::exchange(in_match_, true);
  Status status = MatchClauses(*match);
  in_match_ = outer;
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  TableAst table;
  table.kind = TableAstKind::kMatchRecognize;
  table.range = tokens_.RangeFrom(mark);
  table.left = std::make_shared<const TableAst>(std::move(input));
  table.match = std::move(match);
  return table;
}

Status Parser::MatchClauses(MatchAst& match) {
  if (tokens_.AcceptWords("PARTITION BY")) {
    ASSIGN_OR_RETURN(match.partition_by, ExpressionList());
  }
  if (tokens_.AcceptWords("ORDER BY")) {
    ASSIGN_OR_RETURN(match.order_by, OrderItems());
  }
  if (tokens_.AcceptWords("MEASURES")) {
    ASSIGN_OR_RETURN(match.measures, Measures());
  }
  RETURN_IF_ERROR(RowsPerMatch(match));
  RETURN_IF_ERROR(AfterMatch(match));
  RETURN_IF_ERROR(tokens_.ExpectWords("PATTERN"));
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  RETURN_IF_ERROR(MatchPattern(match));
  if (tokens_.AcceptWords("WITHIN")) {
    size_t mark = tokens_.mark();
    if (!tokens_.PeekWords("INTERVAL")) return tokens_.Unexpected("INTERVAL");
    ASSIGN_OR_RETURN(match.within, Interval(mark));
  }
  RETURN_IF_ERROR(MatchSubset(match));
  RETURN_IF_ERROR(tokens_.ExpectWords("DEFINE"));
  ASSIGN_OR_RETURN(match.definitions, Definitions());
  return Status::Ok();
}

Result<std::vector<MatchAst::Named>> Parser::Measures() {
  std::vector<MatchAst::Named> measures;
  do {
    MatchAst::Named measure;
    ASSIGN_OR_RETURN(measure.expression, Expression());
    RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
    size_t mark = tokens_.mark();
    ASSIGN_OR_RETURN(measure.name, Identifier());
    measure.range = tokens_.RangeFrom(mark);
    measures.push_back(std::move(measure));
  } while (tokens_.AcceptSymbol(","));
  return measures;
}

Result<std::vector<MatchAst::Named>> Parser::Definitions() {
  std::vector<MatchAst::Named> definitions;
  do {
    MatchAst::Named definition;
    size_t mark = tokens_.mark();
    ASSIGN_OR_RETURN(definition.name, Identifier());
    definition.range = tokens_.RangeFrom(mark);
    RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
    ASSIGN_OR_RETURN(definition.expression, Expression());
    definitions.push_back(std::move(definition));
  } while (tokens_.AcceptSymbol(","));
  return definitions;
}

Status Parser::RowsPerMatch(MatchAst& match) {
  if (tokens_.AcceptWords("ONE ROW PER MATCH")) return Status::Ok();
  match.all_rows = tokens_.AcceptWords("ALL ROWS PER MATCH");
  return Status::Ok();
}

Status Parser::AfterMatch(MatchAst& match) {
  size_t mark = tokens_.mark();
  if (!tokens_.AcceptWords("AFTER")) return Status::Ok();
  RETURN_IF_ERROR(tokens_.ExpectWords("MATCH SKIP"));
  if (tokens_.AcceptWords("PAST LAST ROW")) {
    match.skip = MatchAst::Skip::kPastLastRow;
  } else if (tokens_.AcceptWords("TO NEXT ROW")) {
    match.skip = MatchAst::Skip::kNextRow;
  } else {
    RETURN_IF_ERROR(tokens_.ExpectWords("TO"));
    bool first = tokens_.AcceptWords("FIRST");
    if (!first) tokens_.AcceptWords("LAST");
    match.skip = first ? MatchAst::Skip::kFirst : MatchAst::Skip::kLast;
    ASSIGN_OR_RETURN(match.skip_variable, Identifier());
  }
  match.skip_range = tokens_.RangeFrom(mark);
  return Status::Ok();
}

/// SUBSET u = (a, b), ...
Status Parser::MatchSubset(MatchAst& match) {
  if (!tokens_.AcceptWords("SUBSET")) return Status::Ok();
  do {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    match.subsets.push_back(std::move(name));
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    auto members = NameList();
    RETURN_IF_ERROR(members.status());
  } while (tokens_.AcceptSymbol(","));
  return Status::Ok();
}

Status Parser::MatchPattern(MatchAst& match) {
  // Flink takes anchors and does as if they were not there.
  tokens_.AcceptSymbol("^");
  ASSIGN_OR_RETURN(match.pattern, Alternation());
  tokens_.AcceptWords("$");
  return tokens_.ExpectSymbol(")");
}

Result<PatternAst> Parser::Alternation() {
  size_t mark = tokens_.mark();
  ASSIGN_OR_RETURN(PatternAst first, Concatenation());
  if (!tokens_.PeekSymbol("|")) return first;
  PatternAst all;
  all.kind = PatternAst::Kind::kAlternation;
  all.parts.push_back(std::move(first));
  while (tokens_.AcceptSymbol("|")) {
    ASSIGN_OR_RETURN(PatternAst next, Concatenation());
    all.parts.push_back(std::move(next));
  }
  all.range = tokens_.RangeFrom(mark);
  return all;
}

Result<PatternAst> Parser::Concatenation() {
  size_t mark = tokens_.mark();
  PatternAst all;
  all.kind = PatternAst::Kind::kConcatenation;
  do {
    ASSIGN_OR_RETURN(PatternAst next, PatternFactor());
    all.parts.push_back(std::move(next));
  } while (!tokens_.PeekSymbol(")") && !tokens_.PeekSymbol("|") && !tokens_.PeekSymbol("-") &&
           !tokens_.PeekSymbol(",") && !tokens_.PeekWords("$"));
  if (all.parts.size() == 1) return std::move(all.parts[0]);
  all.range = tokens_.RangeFrom(mark);
  return all;
}

Result<PatternAst> Parser::PatternFactor() {
  size_t mark = tokens_.mark();
  ASSIGN_OR_RETURN(PatternAst part, PatternPrimary());
  bool follows = tokens_.PeekSymbol("*") || tokens_.PeekSymbol("+") || tokens_.PeekSymbol("?") ||
                 (tokens_.PeekSymbol("{") && !tokens_.PeekSymbol("-", 1));
  if (!follows) return part;
  if (part.quantified) {  // a quantifier around a quantifier
    PatternAst around;
    around.kind = PatternAst::Kind::kConcatenation;
    around.parts.push_back(std::move(part));
    part = std::move(around);
  }
  RETURN_IF_ERROR(PatternQuantifier(part));
  part.range = tokens_.RangeFrom(mark);
  return part;
}

Result<PatternAst> Parser::PatternPrimary() {
  if (++depth_ > kMaxDepth) return tokens_.Unexpected("a pattern that is not nested so deeply");
  size_t mark = tokens_.mark();
  PatternAst part;
  if (tokens_.AcceptSymbol("(")) {
    ASSIGN_OR_RETURN(part, Alternation());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else if (tokens_.PeekSymbol("{")) {
    tokens_.Next();
    RETURN_IF_ERROR(tokens_.ExpectSymbol("-"));
    part.kind = PatternAst::Kind::kExclusion;
    ASSIGN_OR_RETURN(PatternAst inner, Alternation());
    part.parts.push_back(std::move(inner));
    RETURN_IF_ERROR(tokens_.ExpectSymbol("-"));
    RETURN_IF_ERROR(tokens_.ExpectSymbol("}"));
  } else if (tokens_.AcceptWords("PERMUTE")) {
    part.kind = PatternAst::Kind::kPermutation;
    RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    do {
      ASSIGN_OR_RETURN(PatternAst inner, Alternation());
      part.parts.push_back(std::move(inner));
    } while (tokens_.AcceptSymbol(","));
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else {
    ASSIGN_OR_RETURN(part.name, Identifier());
  }
  part.range = tokens_.RangeFrom(mark);
  --depth_;
  return part;
}

/// * + ? {n} {n,} {n,m} {,m}, each with a ? behind it when it is reluctant.
Status Parser::PatternQuantifier(PatternAst& part) {
  part.quantified = true;
  if (tokens_.AcceptSymbol("*")) {
    part.min = 0;
    part.max = -1;
  } else if (tokens_.AcceptSymbol("+")) {
    part.max = -1;
  } else if (tokens_.AcceptSymbol("?")) {
    part.min = 0;
  } else {
    tokens_.Next();
    part.min = -1;
    bool from = !tokens_.PeekSymbol(",");
    if (from) {
      ASSIGN_OR_RETURN(part.min, PatternCount());
    }
    part.max = part.min;
    if (tokens_.AcceptSymbol(",")) {
      part.max = -1;
      if (!from || !tokens_.PeekSymbol("}")) {
        ASSIGN_OR_RETURN(part.max, PatternCount());
      }
    }
    RETURN_IF_ERROR(tokens_.ExpectSymbol("}"));
  }
  part.reluctant = tokens_.AcceptSymbol("?");
  return Status::Ok();
}

Result<int> Parser::PatternCount() {
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  const Token& token = tokens_.Peek();
  int64_t count = token.kind == TokenKind::kInteger && token.text.size() < 12
                      ? std::strtoll(token.text.c_str(), nullptr, 10)
                      : kMax + 1;
  if (count > kMax) return tokens_.Unexpected("a number of rows");
  tokens_.Next();
  return static_cast<int>(count);
}

}  // namespace forebay::sql
