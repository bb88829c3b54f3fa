#include <array>

#include "sql/parser/parser.h"
#include "sql/parser/parser_impl.h"

namespace forebay::sql {

Status Parser::ExpectEnd() {
  tokens_.AcceptSymbol(";");
  if (tokens_.AtEnd()) return Status::Ok();
  return tokens_.Unexpected("the end of the statement");
}

Result<StatementAst> Parser::Statement() {
  size_t mark = tokens_.mark();
  ASSIGN_OR_RETURN(StatementAst statement, StatementNode());
  statement.range = tokens_.RangeFrom(mark);
  return statement;
}

Result<StatementAst> Parser::StatementNode() {
  if (AtQueryStart()) return Wrap(Query());
  if (tokens_.AcceptWords("CREATE")) return Create();
  if (tokens_.AcceptWords("ALTER MATERIALIZED TABLE")) return AlterMaterializedTable();
  if (tokens_.AcceptWords("ALTER")) return Alter();
  if (tokens_.AcceptWords("REPLACE TABLE")) {
    auto table = CreateTable(false, true);
    if (table.ok()) table->if_exists_only = true;
    return Wrap(std::move(table));
  }
  using Model = ModelAst::Kind;
  if (tokens_.AcceptWords("DROP MODEL")) return Wrap(NamedModel(Model::kDrop, false));
  if (tokens_.AcceptWords("DROP TEMPORARY MODEL")) return Wrap(NamedModel(Model::kDrop, true));
  if (tokens_.AcceptWords("SHOW CREATE MODEL")) return Wrap(NamedModel(Model::kShowCreate, false));
  if (tokens_.AcceptWords("DESCRIBE MODEL") || tokens_.AcceptWords("DESC MODEL")) {
    return Wrap(NamedModel(Model::kDescribe, false));
  }
  if (tokens_.AcceptWords("DROP")) return Wrap(Drop());
  if (tokens_.AcceptWords("INSERT")) return Wrap(Insert());
  if (tokens_.AcceptWords("EXECUTE STATEMENT SET BEGIN") ||
      tokens_.AcceptWords("BEGIN STATEMENT SET")) {
    return Wrap(StatementSet());
  }
  if (tokens_.AcceptWords("EXECUTE PLAN")) return ExecutePlan();
  if (tokens_.AcceptWords("EXECUTE")) return StatementNode();  // EXECUTE INSERT, EXECUTE SELECT
  if (tokens_.AcceptWords("EXPLAIN")) return Explain();
  if (tokens_.AcceptWords("SHOW")) return Wrap(Show());
  if (tokens_.AcceptWords("DESCRIBE") || tokens_.AcceptWords("DESC")) return Wrap(Describe());
  if (tokens_.AcceptWords("SET")) return Wrap(Set());
  if (tokens_.AcceptWords("RESET")) return Wrap(Reset());
  if (tokens_.AcceptWords("STOP JOB")) return Wrap(StopJob());
  if (tokens_.AcceptWords("START JOB")) return Wrap(StartJob());
  if (tokens_.AcceptWords("UPDATE")) return Wrap(Update());
  if (tokens_.AcceptWords("DELETE FROM")) return Wrap(Delete());
  if (tokens_.AcceptWords("COMPILE")) return CompilePlan();
  if (tokens_.AcceptWords("CALL")) return Wrap(CallProcedure());
  if (tokens_.AcceptWords("ANALYZE TABLE")) return Wrap(AnalyzeTable());
  if (tokens_.AcceptWords("LOAD MODULE")) return Wrap(Module(ModuleAst::Kind::kLoad));
  if (tokens_.AcceptWords("UNLOAD MODULE")) return Wrap(Module(ModuleAst::Kind::kUnload));
  if (tokens_.AcceptWords("USE MODULES")) return Wrap(Module(ModuleAst::Kind::kUse));
  if (tokens_.AcceptWords("TRUNCATE TABLE")) return Wrap(Truncate());
  if (tokens_.AcceptWords("USE")) return Wrap(Use());
  static constexpr std::array kLater = {"MERGE INTO", "ADD JAR", "REMOVE JAR"};
  for (const char* word : kLater) {
    if (tokens_.PeekWords(word)) {
      Error error = NotSupported("SQL-1020 {} is not supported", word);
      error.position = tokens_.Peek().range.position;
      return error;
    }
  }
  return tokens_.Unexpected("a statement (SELECT, INSERT, CREATE, DROP, SHOW, EXPLAIN, SET, ...)");
}

Result<StatementAst> Parser::Create() {
  for (const char* words : {"OR ALTER MATERIALIZED TABLE", "MATERIALIZED TABLE"}) {
    if (tokens_.AcceptWords(words)) return Wrap(CreateMaterializedTable(*words == 'O'));
  }
  bool or_replace = tokens_.AcceptWords("OR REPLACE");
  bool temporary = tokens_.AcceptWords("TEMPORARY");
  if (tokens_.AcceptWords("TABLE")) return Wrap(CreateTable(temporary, or_replace));
  if (tokens_.AcceptWords("VIEW")) return Wrap(CreateView(temporary, or_replace));
  if (tokens_.AcceptWords("DATABASE")) return Wrap(CreateDatabase());
  if (tokens_.AcceptWords("CATALOG")) return Wrap(CreateCatalog());
  if (tokens_.PeekWords("FUNCTION") || tokens_.PeekWords("SYSTEM FUNCTION")) {
    return Wrap(Function(false, temporary));
  }
  if (tokens_.AcceptWords("MODEL")) return Wrap(CreateModel(temporary));
  return tokens_.Unexpected("TABLE, VIEW, DATABASE, CATALOG or FUNCTION after CREATE");
}

Result<CreateViewAst> Parser::CreateView(bool temporary, bool or_replace) {
  CreateViewAst view;
  view.temporary = temporary;
  view.or_replace = or_replace;
  view.if_not_exists = tokens_.AcceptWords("IF NOT EXISTS");
  ASSIGN_OR_RETURN(view.name, QualifiedName());
  if (tokens_.PeekSymbol("(")) {
    ASSIGN_OR_RETURN(view.columns, NameList());
  }
  if (tokens_.AcceptWords("COMMENT")) {
    ASSIGN_OR_RETURN(view.comment, StringLiteral());
  }
  RETURN_IF_ERROR(tokens_.ExpectWords("AS"));
  ASSIGN_OR_RETURN(view.query, Query());
  return view;
}

Result<CreateCatalogAst> Parser::CreateCatalog() {
  CreateCatalogAst catalog;
  catalog.if_not_exists = tokens_.AcceptWords("IF NOT EXISTS");
  ASSIGN_OR_RETURN(catalog.name, Identifier());
  if (tokens_.AcceptWords("COMMENT")) {
    ASSIGN_OR_RETURN(catalog.comment, StringLiteral());
  }
  RETURN_IF_ERROR(tokens_.ExpectWords("WITH"));
  ASSIGN_OR_RETURN(catalog.options, OptionList());
  return catalog;
}

Result<CreateDatabaseAst> Parser::CreateDatabase() {
  CreateDatabaseAst database;
  database.if_not_exists = tokens_.AcceptWords("IF NOT EXISTS");
  ASSIGN_OR_RETURN(database.name, QualifiedName());
  if (tokens_.AcceptWords("COMMENT")) {
    ASSIGN_OR_RETURN(database.comment, StringLiteral());
  }
  if (tokens_.AcceptWords("WITH")) {
    ASSIGN_OR_RETURN(database.options, OptionList());
  }
  return database;
}

Result<DropAst> Parser::Drop() {
  DropAst drop;
  drop.temporary = tokens_.AcceptWords("TEMPORARY");
  if (tokens_.AcceptWords("TABLE")) {
    drop.kind = DropAst::Kind::kTable;
  } else if (tokens_.AcceptWords("VIEW")) {
    drop.kind = DropAst::Kind::kView;
  } else if (!drop.temporary && tokens_.AcceptWords("MATERIALIZED TABLE")) {
    drop.kind = DropAst::Kind::kMaterializedTable;
  } else if (tokens_.AcceptWords("DATABASE")) {
    drop.kind = DropAst::Kind::kDatabase;
  } else if (tokens_.AcceptWords("CATALOG")) {
    drop.kind = DropAst::Kind::kCatalog;
  } else if (tokens_.AcceptWords("FUNCTION")) {
    drop.kind = DropAst::Kind::kFunction;
  } else if (tokens_.AcceptWords("SYSTEM FUNCTION")) {
    drop.kind = DropAst::Kind::kFunction;
    drop.system = true;
  } else {
    return tokens_.Unexpected("TABLE, VIEW, DATABASE, CATALOG or FUNCTION after DROP");
  }
  drop.if_exists = tokens_.AcceptWords("IF EXISTS");
  ASSIGN_OR_RETURN(drop.name, QualifiedName());
  drop.cascade = tokens_.AcceptWords("CASCADE");
  if (!drop.cascade) tokens_.AcceptWords("RESTRICT");
  return drop;
}

/// After INSERT.
Result<InsertAst> Parser::Insert() {
  InsertAst insert;
  insert.overwrite = tokens_.AcceptWords("OVERWRITE");
  if (!insert.overwrite) RETURN_IF_ERROR(tokens_.ExpectWords("INTO"));
  ASSIGN_OR_RETURN(insert.table, QualifiedName());
  if (tokens_.Peek().kind == TokenKind::kHint) {
    ASSIGN_OR_RETURN(insert.option_hints, OptionHints());
  }
  if (tokens_.AcceptWords("PARTITION")) {
    ASSIGN_OR_RETURN(insert.partition, PartitionSpec());
  }
  if (tokens_.PeekSymbol("(") && !AtQueryStart()) {
    ASSIGN_OR_RETURN(insert.columns, NameList());
  }
  ASSIGN_OR_RETURN(insert.query, Query());
  return insert;
}

/// INSERT ...; INSERT ...; END
Result<StatementSetAst> Parser::StatementSet() {
  StatementSetAst set;
  tokens_.AcceptSymbol(";");
  while (!tokens_.PeekWords("END")) {
    RETURN_IF_ERROR(tokens_.ExpectWords("INSERT"));
    ASSIGN_OR_RETURN(InsertAst insert, Insert());
    set.inserts.push_back(std::move(insert));
    RETURN_IF_ERROR(tokens_.ExpectSymbol(";"));
  }
  if (set.inserts.empty()) return tokens_.Unexpected("INSERT in the statement set");
  tokens_.Next();
  return set;
}

Result<StatementAst> Parser::Explain() {
  ExplainAst explain;
  tokens_.AcceptWords("PLAN FOR");
  static constexpr std::array kDetails = {"CHANGELOG_MODE", "ESTIMATED_COST", "JSON_EXECUTION_PLAN",
                                          "PLAN_ADVICE", "ANALYZE"};
  bool more = true;
  while (more) {
    more = false;
    for (const char* detail : kDetails) {
      if (tokens_.AcceptWords(detail)) {
        explain.details.push_back(detail);
        tokens_.AcceptSymbol(",");
        more = true;
      }
    }
  }
  size_t mark = tokens_.mark();
  bool analyze = !explain.details.empty() && explain.details.back() == "ANALYZE";
  if (analyze && tokens_.AcceptWords("JOB")) {
    // Of a running job instead of a statement: its id is a detail of its own.
    ASSIGN_OR_RETURN(std::string job, StringLiteral());
    explain.details = {"ANALYZE", "JOB", job};
    if (tokens_.AcceptWords("AS DOT")) {
      explain.details.emplace_back("DOT");
    } else if (tokens_.AcceptWords("AS JSON")) {
      explain.details.emplace_back("JSON");
    }
  } else if (tokens_.AcceptWords("STATEMENT SET BEGIN")) {
    ASSIGN_OR_RETURN(StatementSetAst set, StatementSet());
    explain.statement = Wrap(std::move(set));
    explain.statement.range = tokens_.RangeFrom(mark);
  } else if (AtQueryStart() || tokens_.PeekWords("INSERT")) {
    ASSIGN_OR_RETURN(explain.statement, Statement());
  } else {
    return tokens_.Unexpected("a query, INSERT or STATEMENT SET BEGIN");
  }
  return Wrap(std::make_shared<const ExplainAst>(std::move(explain)));
}

/// SET; SET 'key' = 'value'; the quotes may be left out when both are plain words with dots and
/// dashes.
Result<SetAst> Parser::Set() {
  SetAst set;
  if (tokens_.AtEnd() || tokens_.PeekSymbol(";")) return set;
  auto take = [&](bool key) {
    std::string text;
    if (tokens_.Peek().kind == TokenKind::kString) return tokens_.Next().text;
    while (!tokens_.AtEnd() && !tokens_.PeekSymbol(";") && !(key && tokens_.PeekSymbol("="))) {
      text += tokens_.Next().text;
    }
    return text;
  };
  set.key = take(true);
  RETURN_IF_ERROR(tokens_.ExpectSymbol("="));
  if (set.key.empty()) return tokens_.Unexpected("an option name before '='");
  set.value = take(false);
  return set;
}

Result<UseAst> Parser::Use() {
  UseAst use;
  use.catalog = tokens_.AcceptWords("CATALOG");
  ASSIGN_OR_RETURN(use.name, QualifiedName());
  return use;
}

Result<ResetAst> Parser::Reset() {
  ResetAst reset;
  if (tokens_.Peek().kind == TokenKind::kString) reset.key = tokens_.Next().text;
  return reset;
}

Result<StartJobAst> Parser::StartJob() {
  StartJobAst start;
  ASSIGN_OR_RETURN(start.job, StringLiteral());
  return start;
}

Result<StopJobAst> Parser::StopJob() {
  StopJobAst stop;
  ASSIGN_OR_RETURN(stop.job, StringLiteral());
  while (tokens_.AcceptWords("WITH")) {
    if (tokens_.AcceptWords("SAVEPOINT")) {
      stop.with_savepoint = true;
    } else {
      RETURN_IF_ERROR(tokens_.ExpectWords("DRAIN"));
      stop.with_drain = true;
    }
  }
  return stop;
}

}  // namespace forebay::sql
