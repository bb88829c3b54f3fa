#include <array>

#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

namespace forebay::sql {

bool Parser::AtQueryStart(size_t ahead) const {
  while (tokens_.PeekSymbol("(", ahead)) ++ahead;
  return tokens_.PeekWords("SELECT", ahead) || tokens_.PeekWords("WITH", ahead) ||
         tokens_.PeekWords("VALUES", ahead);
}

Result<QueryAstPtr> Parser::Query() {
  if (++depth_ > kMaxDepth) return tokens_.Unexpected("a query nested less deep");
  size_t mark = tokens_.mark();
  std::vector<CteAst> ctes;
  if (tokens_.AcceptWords("WITH")) {
    if (tokens_.PeekWords("RECURSIVE")) {
      Error error = NotSupported("SQL-1020 WITH RECURSIVE is not supported");
      error.position = tokens_.Peek().range.position;
      return error;
    }
    do {
      ASSIGN_OR_RETURN(CteAst cte, Cte());
      ctes.push_back(std::move(cte));
    } while (tokens_.AcceptSymbol(","));
  }
  ASSIGN_OR_RETURN(QueryAst query, QueryTerm(0));
  query.ctes.insert(query.ctes.begin(), ctes.begin(), ctes.end());
  RETURN_IF_ERROR(QueryTail(query));
  query.range = tokens_.RangeFrom(mark);
  --depth_;
  return std::make_shared<const QueryAst>(std::move(query));
}

Result<CteAst> Parser::Cte() {
  size_t mark = tokens_.mark();
  CteAst cte;
  ASSIGN_OR_RETURN(cte.name, Identifier());
  if (tokens_.PeekSymbol("(")) {
    ASSIGN_OR_RETURN(cte.columns, NameList());
  }
  RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  ASSIGN_OR_RETURN(cte.query, Query());
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  cte.range = tokens_.RangeFrom(mark);
  return cte;
}

/// Level 0: UNION and EXCEPT; level 1: INTERSECT, which binds tighter.
Result<QueryAst> Parser::QueryTerm(int level) {
  if (level == 2) return QueryPrimary();
  size_t mark = tokens_.mark();
  ASSIGN_OR_RETURN(QueryAst left, QueryTerm(level + 1));
  for (int links = 0;;) {
    RETURN_IF_ERROR(CountLink(links));
    SetOperation operation;
    if (level == 0 && tokens_.AcceptWords("UNION")) {
      operation = SetOperation::kUnion;
    } else if (level == 0 && (tokens_.AcceptWords("EXCEPT") || tokens_.AcceptWords("MINUS"))) {
      operation = SetOperation::kExcept;
    } else if (level == 1 && tokens_.AcceptWords("INTERSECT")) {
      operation = SetOperation::kIntersect;
    } else {
      return left;
    }
    QueryAst combined;
    combined.kind = QueryAstKind::kSetOperation;
    combined.operation = operation;
    combined.all = tokens_.AcceptWords("ALL");
    if (!combined.all) tokens_.AcceptWords("DISTINCT");
    ASSIGN_OR_RETURN(QueryAst right, QueryTerm(level + 1));
    combined.left = std::make_shared<const QueryAst>(std::move(left));
    combined.right = std::make_shared<const QueryAst>(std::move(right));
    combined.range = tokens_.RangeFrom(mark);
    left = std::move(combined);
  }
}

Result<QueryAst> Parser::QueryPrimary() {
  size_t mark = tokens_.mark();
  QueryAst query;
  if (tokens_.AcceptSymbol("(")) {
    query.kind = QueryAstKind::kNested;
    ASSIGN_OR_RETURN(query.left, Query());
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  } else if (tokens_.AcceptWords("VALUES")) {
    query.kind = QueryAstKind::kValues;
    ASSIGN_OR_RETURN(query.values, ValuesRows());
  } else if (tokens_.PeekWords("SELECT")) {
    ASSIGN_OR_RETURN(query.select, Select());
  } else {
    return tokens_.Unexpected("SELECT, VALUES or a query in parentheses");
  }
  query.range = tokens_.RangeFrom(mark);
  return query;
}

Status Parser::QueryTail(QueryAst& query) {
  if (tokens_.AcceptWords("ORDER BY")) {
    ASSIGN_OR_RETURN(query.order_by, OrderItems());
  }
  while (true) {
    if (tokens_.AcceptWords("LIMIT")) {
      if (tokens_.AcceptWords("ALL")) continue;
      ASSIGN_OR_RETURN(query.limit, Expression());
    } else if (tokens_.AcceptWords("OFFSET")) {
      ASSIGN_OR_RETURN(query.offset, Expression());
      if (!tokens_.AcceptWords("ROWS")) tokens_.AcceptWords("ROW");
    } else if (tokens_.AcceptWords("FETCH FIRST") || tokens_.AcceptWords("FETCH NEXT")) {
      ASSIGN_OR_RETURN(query.limit, Expression());
      if (!tokens_.AcceptWords("ROWS")) RETURN_IF_ERROR(tokens_.ExpectWords("ROW"));
      RETURN_IF_ERROR(tokens_.ExpectWords("ONLY"));
    } else {
      return Status::Ok();
    }
  }
}

Result<std::vector<std::vector<ExpressionAstPtr>>> Parser::ValuesRows() {
  std::vector<std::vector<ExpressionAstPtr>> rows;
  do {
    bool row_word = tokens_.PeekWords("ROW") && tokens_.PeekSymbol("(", 1);
    if (row_word) tokens_.Next();
    if (tokens_.AcceptSymbol("(")) {
      ASSIGN_OR_RETURN(std::vector<ExpressionAstPtr> row, ExpressionList());
      RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
      rows.push_back(std::move(row));
    } else {
      ASSIGN_OR_RETURN(ExpressionAstPtr single, Expression());
      rows.push_back({std::move(single)});
    }
  } while (tokens_.AcceptSymbol(","));
  return rows;
}

Result<SelectAst> Parser::Select() {
  size_t mark = tokens_.mark();
  tokens_.Next();
  SelectAst select;
  while (tokens_.Peek().kind == TokenKind::kHint) select.hints[tokens_.Next().text] = {};
  if (tokens_.AcceptWords("DISTINCT")) {
    select.distinct = true;
  } else {
    tokens_.AcceptWords("ALL");
  }
  do {
    ASSIGN_OR_RETURN(SelectItemAst item, SelectItem());
    select.items.push_back(std::move(item));
  } while (tokens_.AcceptSymbol(","));
  if (tokens_.AcceptWords("FROM")) {
    ASSIGN_OR_RETURN(select.from, From());
  }
  RETURN_IF_ERROR(SelectClauses(select));
  select.range = tokens_.RangeFrom(mark);
  return select;
}

Status Parser::SelectClauses(SelectAst& select) {
  if (tokens_.AcceptWords("WHERE")) {
    ASSIGN_OR_RETURN(select.where, Expression());
  }
  if (tokens_.AcceptWords("GROUP BY")) {
    do {
      ASSIGN_OR_RETURN(GroupItemAst item, GroupItem());
      select.group_by.push_back(std::move(item));
    } while (tokens_.AcceptSymbol(","));
  }
  if (tokens_.AcceptWords("HAVING")) {
    ASSIGN_OR_RETURN(select.having, Expression());
  }
  if (tokens_.AcceptWords("WINDOW")) {
    do {
      ASSIGN_OR_RETURN(std::string name, Identifier());
      RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
      ASSIGN_OR_RETURN(select.windows[name], WindowSpecification());
    } while (tokens_.AcceptSymbol(","));
  }
  if (tokens_.PeekWords("QUALIFY")) {
    return tokens_.Unexpected("no QUALIFY (Flink has none: filter in an outer query)");
  }
  return Status::Ok();
}

Result<SelectItemAst> Parser::SelectItem() {
  SelectItemAst item;
  ASSIGN_OR_RETURN(item.expression, Expression());
  if (tokens_.AcceptWords("AS")) {
    ASSIGN_OR_RETURN(item.alias, Identifier());
  } else {
    const Token& token = tokens_.Peek();
    bool is_alias = token.kind == TokenKind::kQuotedName ||
                    (token.kind == TokenKind::kWord && !IsReservedWord(token.upper));
    if (is_alias) {
      ASSIGN_OR_RETURN(item.alias, Identifier());
    }
  }
  return item;
}

Result<GroupItemAst> Parser::GroupItem() {
  GroupItemAst item;
  using Kind = GroupItemAst::Kind;
  if (tokens_.AcceptWords("GROUPING SETS")) {
    item.kind = Kind::kGroupingSets;
  } else if (tokens_.AcceptWords("ROLLUP")) {
    item.kind = Kind::kRollup;
  } else if (tokens_.AcceptWords("CUBE")) {
    item.kind = Kind::kCube;
  } else {
    if (tokens_.PeekSymbol("(") && tokens_.PeekSymbol(")", 1)) {
      tokens_.Next();
      tokens_.Next();
      item.kind = Kind::kGroupingSets;
      item.sets.emplace_back();
      return item;
    }
    ASSIGN_OR_RETURN(ExpressionAstPtr expression, Expression());
    item.sets.push_back({std::move(expression)});
    return item;
  }
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  do {
    std::vector<ExpressionAstPtr> set;
    if (tokens_.AcceptSymbol("(")) {
      if (!tokens_.PeekSymbol(")")) {
        ASSIGN_OR_RETURN(set, ExpressionList());
      }
      RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
    } else {
      ASSIGN_OR_RETURN(ExpressionAstPtr single, Expression());
      set.push_back(std::move(single));
    }
    item.sets.push_back(std::move(set));
  } while (tokens_.AcceptSymbol(","));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return item;
}

Result<std::vector<OrderItemAst>> Parser::OrderItems() {
  std::vector<OrderItemAst> items;
  do {
    OrderItemAst item;
    ASSIGN_OR_RETURN(item.expression, Expression());
    item.descending = tokens_.AcceptWords("DESC");
    if (!item.descending) tokens_.AcceptWords("ASC");
    if (tokens_.AcceptWords("NULLS FIRST")) {
      item.nulls_first = true;
    } else if (tokens_.AcceptWords("NULLS LAST")) {
      item.nulls_first = false;
    }
    items.push_back(std::move(item));
  } while (tokens_.AcceptSymbol(","));
  return items;
}

}  // namespace forebay::sql
