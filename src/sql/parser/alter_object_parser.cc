#include "sql/parser/parser_impl.h"

// ALTER of other things than tables.

namespace forebay::sql {

Result<StatementAst> Parser::Alter() {
  if (tokens_.AcceptWords("TABLE")) return Wrap(AlterTable());
  if (tokens_.AcceptWords("VIEW")) return Wrap(AlterView());
  if (tokens_.AcceptWords("DATABASE")) return Wrap(AlterDatabase());
  if (tokens_.AcceptWords("CATALOG")) return Wrap(AlterCatalog());
  if (tokens_.AcceptWords("MODEL")) return Wrap(AlterModel());
  bool temporary = tokens_.AcceptWords("TEMPORARY");
  if (tokens_.PeekWords("FUNCTION") || tokens_.PeekWords("SYSTEM FUNCTION")) {
    return Wrap(Function(true, temporary));
  }
  return tokens_.Unexpected("TABLE, VIEW, DATABASE, CATALOG or FUNCTION after ALTER");
}

/// ALTER VIEW [IF EXISTS] name {RENAME TO name | AS query}
Result<AlterViewAst> Parser::AlterView() {
  AlterViewAst alter;
  alter.if_exists = tokens_.AcceptWords("IF EXISTS");
  ASSIGN_OR_RETURN(alter.name, QualifiedName());
  if (tokens_.AcceptWords("RENAME TO")) {
    ASSIGN_OR_RETURN(alter.new_name, QualifiedName());
  } else if (tokens_.AcceptWords("AS")) {
    ASSIGN_OR_RETURN(alter.query, Query());
  } else {
    return tokens_.Unexpected("RENAME TO or AS");
  }
  return alter;
}

Result<AlterDatabaseAst> Parser::AlterDatabase() {
  AlterDatabaseAst alter;
  ASSIGN_OR_RETURN(alter.name, QualifiedName());
  RETURN_IF_ERROR(tokens_.ExpectWords("SET"));
  ASSIGN_OR_RETURN(alter.options, OptionList());
  return alter;
}

Result<AlterCatalogAst> Parser::AlterCatalog() {
  AlterCatalogAst alter;
  ASSIGN_OR_RETURN(alter.name, QualifiedName());
  if (tokens_.AcceptWords("SET")) {
    ASSIGN_OR_RETURN(alter.set_options, OptionList());
  } else if (tokens_.AcceptWords("RESET")) {
    ASSIGN_OR_RETURN(alter.reset_options, KeyList());
  } else {
    RETURN_IF_ERROR(tokens_.ExpectWords("COMMENT"));
    ASSIGN_OR_RETURN(std::string comment, StringLiteral());
    alter.comment = std::move(comment);
  }
  return alter;
}

}  // namespace forebay::sql
