#include <array>

#include "sql/parser/parser_impl.h"

// ALTER TABLE.

namespace forebay::sql {

/// ALTER TABLE [IF EXISTS] name {ADD ... | MODIFY ... | DROP ... | SET (...) | RESET (...) |
/// RENAME ...}
Result<AlterTableAst> Parser::AlterTable() {
  using Kind = AlterTableAst::Kind;
  AlterTableAst alter;
  alter.if_exists = tokens_.AcceptWords("IF EXISTS");
  ASSIGN_OR_RETURN(alter.name, QualifiedName());
  ASSIGN_OR_RETURN(bool of_partitions, AlterPartitions(alter));
  if (of_partitions) return alter;
  ASSIGN_OR_RETURN(bool of_distribution, AlterDistribution(alter));
  if (of_distribution) return alter;
  if (tokens_.AcceptWords("ADD")) {
    alter.kind = Kind::kAddColumns;
    RETURN_IF_ERROR(AlterElements(alter));
  } else if (tokens_.AcceptWords("MODIFY")) {
    alter.kind = Kind::kModifyColumns;
    RETURN_IF_ERROR(AlterElements(alter));
  } else if (tokens_.AcceptWords("DROP")) {
    RETURN_IF_ERROR(AlterDrop(alter));
  } else if (tokens_.AcceptWords("SET")) {
    alter.kind = Kind::kSetOptions;
    ASSIGN_OR_RETURN(alter.options, OptionList());
  } else if (tokens_.AcceptWords("RESET")) {
    alter.kind = Kind::kResetOptions;
    ASSIGN_OR_RETURN(alter.keys, KeyList());
  } else if (tokens_.AcceptWords("RENAME")) {
    RETURN_IF_ERROR(AlterRename(alter));
  } else {
    return tokens_.Unexpected("ADD, MODIFY, DROP, SET, RESET or RENAME");
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

/// {ADD | MODIFY} DISTRIBUTION [BY ...] [INTO n BUCKETS], or DROP DISTRIBUTION.
Result<bool> Parser::AlterDistribution(AlterTableAst& alter) {
  using Kind = AlterTableAst::Kind;
  if (tokens_.AcceptWords("DROP DISTRIBUTION")) {
    alter.kind = Kind::kDropDistribution;
    return true;
  }
  if (tokens_.AcceptWords("ADD DISTRIBUTION")) {
    alter.kind = Kind::kAddDistribution;
  } else if (tokens_.AcceptWords("MODIFY DISTRIBUTION")) {
    alter.kind = Kind::kModifyDistribution;
  } else {
    return false;
  }
  RETURN_IF_ERROR(Distribution(alter.elements));
  return true;
}

/// One element, or several in parentheses.
Status Parser::AlterElements(AlterTableAst& alter) {
  if (!tokens_.AcceptSymbol("(")) return AlterElement(alter);
  do {
    RETURN_IF_ERROR(AlterElement(alter));
  } while (tokens_.AcceptSymbol(","));
  if (tokens_.PeekSymbol(")")) return tokens_.ExpectSymbol(")");
  return tokens_.Unexpected("',' or ')'");
}

/// A column with its place, a primary key or a watermark.
Status Parser::AlterElement(AlterTableAst& alter) {
  size_t before = alter.elements.columns.size();
  RETURN_IF_ERROR(TableElement(alter.elements));
  if (alter.elements.columns.size() == before) return Status::Ok();
  ColumnAst& column = alter.elements.columns.back();
  column.first = tokens_.AcceptWords("FIRST");
  if (!column.first && tokens_.AcceptWords("AFTER")) {
    ASSIGN_OR_RETURN(column.after, Identifier());
  }
  return Status::Ok();
}

/// DROP column, DROP (column, ...), DROP PRIMARY KEY, DROP CONSTRAINT name or DROP WATERMARK.
Status Parser::AlterDrop(AlterTableAst& alter) {
  using Kind = AlterTableAst::Kind;
  if (tokens_.AcceptWords("PRIMARY KEY")) {
    alter.kind = Kind::kDropPrimaryKey;
    return Status::Ok();
  }
  if (tokens_.AcceptWords("WATERMARK")) {
    alter.kind = Kind::kDropWatermark;
    return Status::Ok();
  }
  if (tokens_.AcceptWords("CONSTRAINT")) {
    alter.kind = Kind::kDropConstraint;
    ASSIGN_OR_RETURN(std::string name, Identifier());
    alter.names = {std::move(name)};
    return Status::Ok();
  }
  alter.kind = Kind::kDropColumns;
  if (tokens_.PeekSymbol("(")) {
    ASSIGN_OR_RETURN(alter.names, NameList());
  } else {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    alter.names = {std::move(name)};
  }
  return Status::Ok();
}

/// RENAME TO name, or RENAME column TO column.
Status Parser::AlterRename(AlterTableAst& alter) {
  if (tokens_.AcceptWords("TO")) {
    alter.kind = AlterTableAst::Kind::kRename;
    ASSIGN_OR_RETURN(alter.new_name, QualifiedName());
    return Status::Ok();
  }
  alter.kind = AlterTableAst::Kind::kRenameColumn;
  ASSIGN_OR_RETURN(std::string column, Identifier());
  RETURN_IF_ERROR(tokens_.ExpectWords("TO"));
  ASSIGN_OR_RETURN(std::string new_name, Identifier());
  alter.names = {std::move(column), std::move(new_name)};
  return Status::Ok();
}

/// ('key', ...)
Result<std::vector<std::string>> Parser::KeyList() {
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  std::vector<std::string> keys;
  if (tokens_.PeekSymbol(")")) {
    Error error = InvalidArgument("RESET does not support empty key");
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
