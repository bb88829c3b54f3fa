#include <array>

#include "sql/parser/parser_impl.h"

// ALTER TABLE.

namespace forebay::sql {

namespace {

/// What Flink has and we do not.
struct Refused {
  const char* words;
  const char* what;
};
constexpr std::array kRefused = {
    Refused{"MODIFY", "columns, keys and watermarks cannot be modified"},
    Refused{"DROP", "columns, keys and watermarks cannot be dropped"},
};

}  // namespace

/// ALTER TABLE [IF EXISTS] name {ADD ... | DROP ... | SET (...) | RESET (...) | RENAME TO name}
Result<AlterTableAst> Parser::AlterTable() {
  AlterTableAst alter;
  alter.if_exists = tokens_.AcceptWords("IF EXISTS");
  ASSIGN_OR_RETURN(alter.name, QualifiedName());
  ASSIGN_OR_RETURN(bool of_partitions, AlterPartitions(alter));
  if (of_partitions) return alter;
  SourcePosition position = tokens_.Peek().range.position;
  for (const Refused& refused : kRefused) {
    if (!tokens_.PeekWords(refused.words)) continue;
    Error error =
        NotSupported("ALTER TABLE ... {} is not supported: {}", refused.words, refused.what);
    error.position = position;
    return error;
  }
  if (tokens_.AcceptWords("ADD")) {
    RETURN_IF_ERROR(AlterAdd(alter));
  } else if (tokens_.AcceptWords("SET")) {
    alter.kind = AlterTableAst::Kind::kSetOptions;
    ASSIGN_OR_RETURN(alter.options, OptionList());
  } else if (tokens_.AcceptWords("RESET")) {
    alter.kind = AlterTableAst::Kind::kResetOptions;
    ASSIGN_OR_RETURN(alter.keys, KeyList());
  } else if (tokens_.AcceptWords("RENAME TO")) {
    alter.kind = AlterTableAst::Kind::kRename;
    ASSIGN_OR_RETURN(alter.new_name, QualifiedName());
  } else if (tokens_.PeekWords("RENAME")) {
    Error error = NotSupported("ALTER TABLE ... RENAME of a column is not supported");
    error.position = position;
    return error;
  } else {
    return tokens_.Unexpected("ADD, DROP PARTITION, SET, RESET or RENAME TO");
  }
  return alter;
}

/// ADD [IF NOT EXISTS] PARTITION (...) [PARTITION (...)], or DROP [IF EXISTS] PARTITION (...)
/// [, PARTITION (...)]. False: it is something else, and nothing was taken.
Result<bool> Parser::AlterPartitions(AlterTableAst& alter) {
  using Kind = AlterTableAst::Kind;
  if (tokens_.AcceptWords("ADD IF NOT EXISTS PARTITION")) {
    alter.kind = Kind::kAddPartitions;
    alter.lenient = true;
  } else if (tokens_.AcceptWords("ADD PARTITION")) {
    alter.kind = Kind::kAddPartitions;
  } else if (tokens_.AcceptWords("DROP IF EXISTS PARTITION")) {
    alter.kind = Kind::kDropPartitions;
    alter.lenient = true;
  } else if (tokens_.AcceptWords("DROP PARTITION")) {
    alter.kind = Kind::kDropPartitions;
  } else {
    return false;
  }
  do {
    ASSIGN_OR_RETURN(Options spec, PartitionSpec());
    alter.partitions.push_back(std::move(spec));
    tokens_.AcceptSymbol(",");
  } while (tokens_.AcceptWords("PARTITION"));
  return true;
}

/// ADD column, or ADD (column, ...)
Status Parser::AlterAdd(AlterTableAst& alter) {
  if (!tokens_.AcceptSymbol("(")) return AddedColumn(alter);
  do {
    RETURN_IF_ERROR(AddedColumn(alter));
  } while (tokens_.AcceptSymbol(","));
  if (tokens_.PeekSymbol(")")) return tokens_.ExpectSymbol(")");
  return tokens_.Unexpected("',' or ')'");
}

Status Parser::AddedColumn(AlterTableAst& alter) {
  SourcePosition position = tokens_.Peek().range.position;
  for (const char* words : {"WATERMARK FOR", "CONSTRAINT", "PRIMARY KEY", "UNIQUE"}) {
    if (!tokens_.PeekWords(words)) continue;
    Error error = NotSupported("ALTER TABLE ... ADD takes columns, not {}", words);
    error.position = position;
    return error;
  }
  ASSIGN_OR_RETURN(ColumnAst column, ColumnDefinition());
  if (tokens_.PeekWords("FIRST") || tokens_.PeekWords("AFTER")) {
    Error error = NotSupported("a column can only be added as the last one");
    error.position = tokens_.Peek().range.position;
    return error;
  }
  alter.columns.push_back(std::move(column));
  return Status::Ok();
}

/// ('key', ...)
Result<std::vector<std::string>> Parser::KeyList() {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  std::vector<std::string> keys;
  if (tokens_.PeekSymbol(")")) {
    Error error = InvalidArgument("ALTER TABLE RESET does not support empty key");
    error.position = tokens_.Peek().range.position;
    return error;
  }
  do {
    ASSIGN_OR_RETURN(std::string key, StringLiteral());
    keys.push_back(std::move(key));
  } while (tokens_.AcceptSymbol(","));
  RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  return keys;
}

}  // namespace forebay::sql
