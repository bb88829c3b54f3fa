#include "sql/parser/parser_impl.h"

// Statements about models.

namespace forebay::sql {

/// After CREATE [TEMPORARY] MODEL: [IF NOT EXISTS] name [INPUT (...)] [OUTPUT (...)] [COMMENT
/// '...'] [WITH (...)]
Result<ModelAst> Parser::CreateModel(bool temporary) {
  ModelAst model;
  model.temporary = temporary;
  model.lenient = tokens_.AcceptWords("IF NOT EXISTS");
  ASSIGN_OR_RETURN(model.name, QualifiedName());
  for (auto [word, columns] :
       {std::pair("INPUT", &model.inputs), std::pair("OUTPUT", &model.outputs)}) {
    if (!tokens_.AcceptWords(word)) continue;
    RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
    do {
      ASSIGN_OR_RETURN(ColumnAst column, ColumnDefinition());
      if (column.kind != ColumnAst::Kind::kPhysical) return tokens_.Unexpected("plain columns");
      columns->push_back(std::move(column));
    } while (tokens_.AcceptSymbol(","));
    RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  }
  if (tokens_.AcceptWords("COMMENT")) {
    ASSIGN_OR_RETURN(model.comment, StringLiteral());
  }
  if (tokens_.AcceptWords("WITH")) {
    ASSIGN_OR_RETURN(model.options, OptionList());
  }
  return model;
}

/// After ALTER MODEL: [IF EXISTS] name {SET (...) | RESET (...) | RENAME TO name}
Result<ModelAst> Parser::AlterModel() {
  ModelAst model;
  model.lenient = tokens_.AcceptWords("IF EXISTS");
  ASSIGN_OR_RETURN(model.name, QualifiedName());
  if (tokens_.AcceptWords("SET")) {
    model.kind = ModelAst::Kind::kSet;
    ASSIGN_OR_RETURN(model.options, OptionList());
  } else if (tokens_.AcceptWords("RESET")) {
    model.kind = ModelAst::Kind::kReset;
    ASSIGN_OR_RETURN(model.keys, KeyList());
  } else {
    model.kind = ModelAst::Kind::kRename;
    RETURN_IF_ERROR(tokens_.ExpectWords("RENAME TO"));
    ASSIGN_OR_RETURN(model.new_name, QualifiedName());
  }
  return model;
}

/// After DROP [TEMPORARY] MODEL, DESCRIBE MODEL and SHOW CREATE MODEL.
Result<ModelAst> Parser::NamedModel(ModelAst::Kind kind, bool temporary) {
  ModelAst model;
  model.kind = kind;
  model.temporary = temporary;
  if (kind == ModelAst::Kind::kDrop) model.lenient = tokens_.AcceptWords("IF EXISTS");
  ASSIGN_OR_RETURN(model.name, QualifiedName());
  return model;
}

}  // namespace forebay::sql
