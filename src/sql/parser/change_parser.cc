#include "sql/parser/parser_impl.h"

// UPDATE, DELETE, TRUNCATE TABLE, plans in files, procedures, modules and ANALYZE TABLE.

namespace forebay::sql {

/// name [hints] [[AS] alias]
Result<TableAst> Parser::ChangedTable() {
  size_t mark = tokens_.mark();
  TableAst table;
  ASSIGN_OR_RETURN(table.name, QualifiedName());
  if (tokens_.Peek().kind == TokenKind::kHint) {
    ASSIGN_OR_RETURN(table.option_hints, OptionHints());
  }
  if (!tokens_.PeekWords("SET")) RETURN_IF_ERROR(TableAlias(table));
  table.range = tokens_.RangeFrom(mark);
  return table;
}

Result<UpdateAst> Parser::Update() {
  UpdateAst update;
  ASSIGN_OR_RETURN(update.table, ChangedTable());
  RETURN_IF_ERROR(tokens_.ExpectWords("SET"));
  do {
    ASSIGN_OR_RETURN(NameAst column, QualifiedName());
    RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
    ASSIGN_OR_RETURN(ExpressionAstPtr value, Expression());
    update.assignments.emplace_back(column.parts.back(), std::move(value));
  } while (tokens_.AcceptSymbol(","));
  if (tokens_.AcceptWords("WHERE")) {
    ASSIGN_OR_RETURN(update.where, Expression());
  }
  return update;
}

/// After DELETE FROM.
Result<DeleteAst> Parser::Delete() {
  DeleteAst remove;
  ASSIGN_OR_RETURN(remove.table, ChangedTable());
  if (tokens_.AcceptWords("WHERE")) {
    ASSIGN_OR_RETURN(remove.where, Expression());
  }
  return remove;
}

/// After TRUNCATE TABLE.
Result<TruncateAst> Parser::Truncate() {
  TruncateAst truncate;
  ASSIGN_OR_RETURN(truncate.table, QualifiedName());
  return truncate;
}

/// After ANALYZE TABLE.
Result<AnalyzeTableAst> Parser::AnalyzeTable() {
  AnalyzeTableAst analyze;
  ASSIGN_OR_RETURN(analyze.table, QualifiedName());
  if (tokens_.AcceptWords("PARTITION")) RETURN_IF_ERROR(internal::ToStatus(PartitionSpec()));
  RETURN_IF_ERROR(tokens_.ExpectWords("COMPUTE STATISTICS"));
  if (tokens_.AcceptWords("FOR ALL COLUMNS") || !tokens_.AcceptWords("FOR COLUMNS")) {
    return analyze;
  }
  do {
    ASSIGN_OR_RETURN(std::string column, Identifier());
    analyze.columns.push_back(std::move(column));
  } while (tokens_.AcceptSymbol(","));
  return analyze;
}

Result<ModuleAst> Parser::Module(ModuleAst::Kind kind) {
  ModuleAst module;
  module.kind = kind;
  do {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    module.names.push_back(std::move(name));
  } while (kind == ModuleAst::Kind::kUse && tokens_.AcceptSymbol(","));
  if (kind == ModuleAst::Kind::kLoad && tokens_.AcceptWords("WITH")) {
    ASSIGN_OR_RETURN(module.options, OptionList());
  }
  return module;
}

/// After CALL.
Result<CallAst> Parser::CallProcedure() {
  CallAst call;
  ASSIGN_OR_RETURN(call.name, QualifiedName());
  RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  while (!tokens_.AcceptSymbol(")")) {
    ASSIGN_OR_RETURN(ExpressionAstPtr argument, Argument());
    call.args.push_back(std::move(argument));
    if (!tokens_.PeekSymbol(")")) RETURN_IF_ERROR(tokens_.ExpectSymbol(","));
  }
  return call;
}

/// After COMPILE: [AND EXECUTE] PLAN 'file' [IF NOT EXISTS] FOR {INSERT ... | STATEMENT SET ...}
Result<StatementAst> Parser::CompilePlan() {
  PlanFileAst plan;
  plan.compile = true;
  plan.execute = tokens_.AcceptWords("AND EXECUTE");
  RETURN_IF_ERROR(tokens_.ExpectWords("PLAN"));
  ASSIGN_OR_RETURN(plan.file, StringLiteral());
  plan.if_not_exists = tokens_.AcceptWords("IF NOT EXISTS");
  RETURN_IF_ERROR(tokens_.ExpectWords("FOR"));
  ASSIGN_OR_RETURN(plan.statement, PlannedStatement());
  return Wrap(std::make_shared<const PlanFileAst>(std::move(plan)));
}

/// INSERT ..., or STATEMENT SET BEGIN ... END.
Result<StatementAst> Parser::PlannedStatement() {
  size_t mark = tokens_.mark();
  if (tokens_.PeekWords("INSERT")) return Statement();
  RETURN_IF_ERROR(tokens_.ExpectWords("STATEMENT SET BEGIN"));
  ASSIGN_OR_RETURN(StatementSetAst set, StatementSet());
  StatementAst statement = Wrap(std::move(set));
  statement.range = tokens_.RangeFrom(mark);
  return statement;
}

/// After EXECUTE PLAN.
Result<StatementAst> Parser::ExecutePlan() {
  PlanFileAst plan;
  plan.execute = true;
  ASSIGN_OR_RETURN(plan.file, StringLiteral());
  return Wrap(std::make_shared<const PlanFileAst>(std::move(plan)));
}

}  // namespace forebay::sql
