#include <algorithm>
#include <array>

#include "sql/parser/parser_impl.h"

// CREATE TABLE.

namespace forebay::sql {

Result<CreateTableAst> Parser::CreateTable(bool temporary, bool or_replace) {
  CreateTableAst table;
  table.temporary = temporary;
  table.or_replace = or_replace;
  table.if_not_exists = tokens_.AcceptWords("IF NOT EXISTS");
  ASSIGN_OR_RETURN(table.name, QualifiedName());
  if (AtColumnOrder()) {
    ASSIGN_OR_RETURN(table.column_order, NameList());
  } else if (tokens_.PeekSymbol("(")) {
    RETURN_IF_ERROR(TableElements(table));
  }
  RETURN_IF_ERROR(TableClauses(table));
  if (tokens_.AcceptWords("LIKE")) {
    ASSIGN_OR_RETURN(table.like, TableLike());
  } else if (tokens_.AcceptWords("AS")) {
    ASSIGN_OR_RETURN(table.as_query, Query());
  }
  return table;
}

/// [COMMENT '...'] [DISTRIBUTED ...] [PARTITIONED BY (...)] [WITH (...)]
Status Parser::TableClauses(CreateTableAst& table) {
  if (tokens_.AcceptWords("COMMENT")) {
    ASSIGN_OR_RETURN(table.comment, StringLiteral());
  }
  if (tokens_.AcceptWords("DISTRIBUTED")) RETURN_IF_ERROR(Distribution(table));
  if (tokens_.AcceptWords("PARTITIONED BY")) {
    ASSIGN_OR_RETURN(table.partition_keys, NameList());
  }
  if (tokens_.AcceptWords("WITH")) {
    ASSIGN_OR_RETURN(table.options, OptionList());
  }
  return Status::Ok();
}

/// (a, b) AS SELECT ...: names without types.
bool Parser::AtColumnOrder() const {
  if (!tokens_.PeekSymbol("(")) return false;
  bool is_name =
      tokens_.Peek(1).kind == TokenKind::kWord || tokens_.Peek(1).kind == TokenKind::kQuotedName;
  return is_name && (tokens_.PeekSymbol(",", 2) || tokens_.PeekSymbol(")", 2));
}

/// After LIKE: source [({INCLUDING | EXCLUDING | OVERWRITING} part ...)]
Result<TableLikeAst> Parser::TableLike() {
  using Strategy = TableLikeAst::Strategy;
  TableLikeAst like;
  ASSIGN_OR_RETURN(like.source, QualifiedName());
  if (!tokens_.AcceptSymbol("(")) return like;
  while (!tokens_.AcceptSymbol(")")) {
    Strategy strategy = Strategy::kIncluding;
    if (tokens_.AcceptWords("EXCLUDING")) {
      strategy = Strategy::kExcluding;
    } else if (tokens_.AcceptWords("OVERWRITING")) {
      strategy = Strategy::kOverwriting;
    } else {
      RETURN_IF_ERROR(tokens_.ExpectWords("INCLUDING"));
    }
    static constexpr std::array kParts = {"ALL",      "CONSTRAINTS", "DISTRIBUTION", "GENERATED",
                                          "METADATA", "OPTIONS",     "PARTITIONS",   "WATERMARKS"};
    auto part = std::find_if(kParts.begin(), kParts.end(),
                             [&](const char* word) { return tokens_.PeekWords(word); });
    if (part == kParts.end()) return tokens_.Unexpected("a part of the table, such as OPTIONS");
    if (!like.strategies.emplace(*part, strategy).second) {
      return tokens_.Unexpected("each part of the table once");
    }
    tokens_.Next();
  }
  return like;
}

Status Parser::TableElements(CreateTableAst& table) {
  tokens_.Next();
  do {
    RETURN_IF_ERROR(TableElement(table));
  } while (tokens_.AcceptSymbol(","));
  if (tokens_.PeekSymbol(")")) return tokens_.ExpectSymbol(")");
  return tokens_.Unexpected("',' or ')'");
}

Status Parser::TableElement(CreateTableAst& table) {
  if (tokens_.AcceptWords("WATERMARK FOR")) {
    WatermarkAst watermark;
    ASSIGN_OR_RETURN(watermark.column, QualifiedName());
    RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
    ASSIGN_OR_RETURN(watermark.expression, Expression());
    if (table.watermark) return tokens_.Unexpected("one WATERMARK only");
    table.watermark = std::move(watermark);
    return Status::Ok();
  }
  if (tokens_.AcceptWords("CONSTRAINT")) {
    ASSIGN_OR_RETURN(table.primary_key_name, Identifier());
    return PrimaryKey(table);
  }
  if (tokens_.PeekWords("PRIMARY KEY")) return PrimaryKey(table);
  if (tokens_.PeekWords("UNIQUE"))
    return tokens_.Unexpected("PRIMARY KEY (UNIQUE is not supported)");
  ASSIGN_OR_RETURN(ColumnAst column, ColumnDefinition());
  if (column.is_primary_key) table.primary_key.push_back(column.name);
  table.columns.push_back(std::move(column));
  return Status::Ok();
}

Status Parser::PrimaryKey(CreateTableAst& table) {
  size_t mark = tokens_.mark();
  RETURN_IF_ERROR(tokens_.ExpectWords("PRIMARY KEY"));
  ASSIGN_OR_RETURN(table.primary_key, NameList());
  table.primary_key_enforced = !tokens_.AcceptWords("NOT ENFORCED");
  if (table.primary_key_enforced) tokens_.AcceptWords("ENFORCED");
  table.primary_key_range = tokens_.RangeFrom(mark);
  return Status::Ok();
}

/// name type [NOT NULL] [METADATA [FROM 'key'] [VIRTUAL]] [PRIMARY KEY NOT ENFORCED] [COMMENT
/// 'text'], or name AS expression
Result<ColumnAst> Parser::ColumnDefinition() {
  size_t mark = tokens_.mark();
  ColumnAst column;
  ASSIGN_OR_RETURN(column.name, Identifier());
  column.range = tokens_.RangeFrom(mark);
  if (tokens_.AcceptWords("AS")) {
    column.kind = ColumnAst::Kind::kComputed;
    ASSIGN_OR_RETURN(column.expression, Expression());
  } else {
    ASSIGN_OR_RETURN(column.type, Type());
    if (tokens_.AcceptWords("METADATA")) {
      column.kind = ColumnAst::Kind::kMetadata;
      if (tokens_.AcceptWords("FROM")) {
        ASSIGN_OR_RETURN(column.metadata_key, StringLiteral());
      }
      column.is_virtual = tokens_.AcceptWords("VIRTUAL");
    }
    if (tokens_.AcceptWords("PRIMARY KEY")) {
      column.is_primary_key = true;
      RETURN_IF_ERROR(tokens_.ExpectWords("NOT ENFORCED"));
    }
  }
  if (tokens_.AcceptWords("COMMENT")) {
    ASSIGN_OR_RETURN(column.comment, StringLiteral());
  }
  return column;
}

/// DISTRIBUTED [BY [HASH | RANGE](a, b)] [INTO n BUCKETS]
Status Parser::Distribution(CreateTableAst& table) {
  table.distributed = true;
  if (tokens_.AcceptWords("BY")) {
    for (const char* kind : {"HASH", "RANGE"}) {
      if (tokens_.AcceptWords(kind)) table.distribution_kind = kind;
    }
    ASSIGN_OR_RETURN(table.bucket_keys, NameList());
  }
  if (tokens_.AcceptWords("INTO")) {
    const Token& token = tokens_.Peek();
    if (token.kind != TokenKind::kInteger || token.text.size() > 6) {
      return tokens_.Unexpected("a number of buckets");
    }
    table.bucket_count = std::stoi(tokens_.Next().text);
    RETURN_IF_ERROR(tokens_.ExpectWords("BUCKETS"));
  }
  return Status::Ok();
}

}  // namespace forebay::sql
