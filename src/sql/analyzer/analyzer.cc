#include "sql/analyzer/analyzer.h"

#include <algorithm>
#include <set>

#include "sql/analyzer/alter_table.h"
#include "sql/analyzer/change.h"
#include "sql/analyzer/create_table.h"
#include "sql/analyzer/functions.h"
#include "sql/analyzer/materialized_table.h"
#include "sql/analyzer/sink.h"
#include "sql/analyzer/time_keys.h"
#include "sql/diagnostic.h"
#include "sql/explain/explain.h"
#include "sql/explain/explain_details.h"
#include "sql/optimizer/optimizer.h"
#include "sql/parser/parser.h"

namespace forebay::sql {
namespace {

/// Visits one statement. Lives for one call of AnalyzeStatement.
class StatementAnalyzer {
 public:
  StatementAnalyzer(std::string_view text, Catalog& catalog, const AnalyzerOptions& options)
      : text_(text), queries_(catalog, options), options_(options) {}

  Result<BoundStatement> operator()(const QueryAstPtr& query) {
    ASSIGN_OR_RETURN(std::vector<PlanPtr> roots, Plan(*query));
    return BoundStatement(QueryStatement{roots[0]});
  }

  Result<BoundStatement> operator()(const InsertAst& insert) {
    StatementSetAst set;
    set.inserts.push_back(insert);
    return (*this)(set);
  }

  Result<BoundStatement> operator()(const StatementSetAst& set) {
    InsertStatement bound;
    ASSIGN_OR_RETURN(bound.sinks, Plan(set));
    for (const PlanPtr& sink : bound.sinks) {
      bound.targets.push_back(static_cast<const SinkNode&>(*sink).table.path);
    }
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const CreateTableAst& ast) {
    ASSIGN_OR_RETURN(CatalogTable table, AnalyzeCreateTable(queries_, ast, text_));
    CreateTableStatement bound;
    if (auto fill = FillOf(ast)) {
      ASSIGN_OR_RETURN(PlanPtr sink, AnalyzeInsert(queries_, *fill, &table));
      ASSIGN_OR_RETURN(std::vector<PlanPtr> roots, Optimized({sink}));
      bound.sink = roots[0];
      bound.fill = std::move(fill);
    }
    bound.table = std::move(table);
    bound.if_exists_only = ast.if_exists_only;
    bound.if_not_exists = ast.if_not_exists;
    bound.or_replace = ast.or_replace;
    bound.temporary = ast.temporary;
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const AlterViewAst& ast) {
    AlterViewStatement bound;
    bound.if_exists = ast.if_exists;
    ASSIGN_OR_RETURN(bound.path, queries_.Resolve(ast.name));
    if (ast.query == nullptr) {
      ASSIGN_OR_RETURN(bound.new_path, queries_.ResolveRename(bound.path, ast.new_name));
      return BoundStatement(std::move(bound));
    }
    CreateViewAst view;
    view.name = ast.name;
    view.query = ast.query;
    ASSIGN_OR_RETURN(BoundStatement create, (*this)(view));
    bound.view = std::get<CreateViewStatement>(create).view;
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const AlterDatabaseAst& ast) {
    ASSIGN_OR_RETURN(std::string name, queries_.ResolveDatabase(ast.name));
    return BoundStatement(AlterDatabaseStatement{name, ast.options});
  }

  Result<BoundStatement> operator()(const AlterCatalogAst& ast) {
    for (const std::string& key : ast.reset_options) {
      if (key != "type") continue;
      return InvalidArgument("SQL-1009 ALTER CATALOG RESET does not support changing 'type'");
    }
    return BoundStatement(AlterCatalogStatement{ast.name.parts.back(), ast.set_options,
                                                ast.reset_options, ast.comment});
  }

  Result<BoundStatement> operator()(const FunctionAst& ast) {
    ASSIGN_OR_RETURN(FunctionStatement bound, AnalyzeFunction(queries_, ast));
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const UpdateAst& ast) {
    ASSIGN_OR_RETURN(ChangeStatement bound, AnalyzeUpdate(queries_, ast));
    return Changed(std::move(bound));
  }
  Result<BoundStatement> operator()(const DeleteAst& ast) {
    ASSIGN_OR_RETURN(ChangeStatement bound, AnalyzeDelete(queries_, ast));
    return Changed(std::move(bound));
  }
  Result<BoundStatement> operator()(const TruncateAst& ast) {
    ASSIGN_OR_RETURN(ChangeStatement bound, AnalyzeTruncate(queries_, ast));
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const AnalyzeTableAst& ast) {
    ASSIGN_OR_RETURN(CatalogTable table, queries_.FindTable(ast.table));
    for (const std::string& column : ast.columns) {
      if (table.ref.info.descriptor.schema.IndexOf(column) >= 0) continue;
      return ErrorAt(NotFound("SQL-1004 unknown column '{}'", column), ast.table.range.position);
    }
    return BoundStatement(AnalyzeTableStatement{table.ref.path});
  }

  Result<BoundStatement> operator()(const ModuleAst& ast) {
    return BoundStatement(ModuleStatement{ast});
  }

  Result<BoundStatement> operator()(const ModelAst& ast) {
    ModelStatement bound{ast, {}, {}};
    ASSIGN_OR_RETURN(bound.path, queries_.Resolve(ast.name));
    if (ast.kind == ModelAst::Kind::kRename) {
      ASSIGN_OR_RETURN(bound.new_path, queries_.ResolveRename(bound.path, ast.new_name));
    }
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const CallAst& ast) {
    CallStatement bound{ast.name.parts, {}};
    Scope empty;
    ExpressionAnalyzer analyzer(empty);
    for (const ExpressionAstPtr& argument : ast.args) {
      bool named = argument->kind == ExpressionAstKind::kNamedArgument;
      ASSIGN_OR_RETURN(ExpressionPtr value,
                       analyzer.Analyze(named ? *argument->args[0] : *argument));
      if (value->kind != ExpressionKind::kLiteral) {
        return ErrorAt(NotSupported("SQL-1020 the arguments of CALL are literals"),
                       argument->range.position);
      }
      bound.arguments.push_back(value->value);
    }
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const std::shared_ptr<const PlanFileAst>& ast) {
    PlanFileStatement bound{ast->file, ast->compile, ast->execute, ast->if_not_exists, {}};
    if (!ast->compile) return BoundStatement(std::move(bound));
    StatementSetAst set;
    if (const auto* insert = std::get_if<InsertAst>(&ast->statement.node)) {
      set.inserts.push_back(*insert);
    } else {
      set = std::get<StatementSetAst>(ast->statement.node);
    }
    ASSIGN_OR_RETURN(BoundStatement insert, (*this)(set));
    bound.insert = std::get<InsertStatement>(std::move(insert));
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const CreateMaterializedTableAst& ast) {
    ASSIGN_OR_RETURN(CreateMaterializedTableStatement bound,
                     AnalyzeCreateMaterializedTable(queries_, ast, text_));
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const AlterMaterializedTableAst& ast) {
    ASSIGN_OR_RETURN(AlterMaterializedTableStatement bound,
                     AnalyzeAlterMaterializedTable(queries_, ast, text_));
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const CreateViewAst& ast) {
    CreateViewStatement bound;
    ASSIGN_OR_RETURN(bound.view.path, queries_.Resolve(ast.name));
    ASSIGN_OR_RETURN(Relation query, queries_.Analyze(*ast.query));
    bound.output = query.plan->output;
    if (!ast.columns.empty() && ast.columns.size() != bound.output.size()) {
      return ErrorAt(InvalidArgument("SQL-1012 the view names {} columns, its query has {}",
                                     ast.columns.size(), bound.output.size()),
                     ast.name.range.position);
    }
    std::set<std::string> names;
    for (size_t i = 0; i < bound.output.size(); ++i) {
      if (!ast.columns.empty()) bound.output[i].name = ast.columns[i];
      if (!names.insert(bound.output[i].name).second) {
        return ErrorAt(
            InvalidArgument("SQL-1014 the view has two columns '{}'", bound.output[i].name),
            ast.name.range.position);
      }
    }
    const SourceRange& range = ast.query->range;
    bound.view.query = text_.substr(range.begin, range.end - range.begin);
    bound.view.database = options_.current_database;
    bound.view.columns = ast.columns;
    bound.view.comment = ast.comment;
    bound.if_not_exists = ast.if_not_exists;
    bound.or_replace = ast.or_replace;
    bound.temporary = ast.temporary;
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const CreateDatabaseAst& ast) {
    ASSIGN_OR_RETURN(std::string name, queries_.ResolveDatabase(ast.name));
    return BoundStatement(
        CreateDatabaseStatement{name, ast.if_not_exists, ast.comment, ast.options});
  }

  Result<BoundStatement> operator()(const AlterTableAst& ast) {
    ASSIGN_OR_RETURN(AlterTableStatement bound, AnalyzeAlterTable(queries_, ast, text_));
    bound.materialized = ast.materialized;
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const DropAst& ast) {
    DropStatement bound;
    bound.kind = ast.kind;
    bound.if_exists = ast.if_exists;
    bound.cascade = ast.cascade;
    bound.temporary = ast.temporary;
    bound.system = ast.system;
    if (ast.kind == DropAst::Kind::kFunction) {
      ASSIGN_OR_RETURN(bound.path, FunctionPath(queries_, ast.name, ast.system));
    } else if (ast.kind == DropAst::Kind::kDatabase) {
      ASSIGN_OR_RETURN(bound.path.database, queries_.ResolveDatabase(ast.name));
    } else if (ast.kind == DropAst::Kind::kCatalog) {
      bound.catalog = ast.name.parts.back();
    } else {
      ASSIGN_OR_RETURN(bound.path, queries_.Resolve(ast.name));
    }
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const CreateCatalogAst& ast) {
    CreateCatalogStatement bound;
    bound.catalog = ast.name;
    bound.if_not_exists = ast.if_not_exists;
    bound.comment = ast.comment;
    bound.options = ast.options;
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const ShowAst& ast) {
    ShowStatement bound;
    bound.kind = ast.kind;
    bound.catalog = options_.current_catalog;
    bound.like = ast.like;
    bound.not_like = ast.not_like;
    bound.ignore_case = ast.ignore_case;
    bound.database = options_.current_database;
    bound.partition = ast.partition;
    bool of_table = ast.kind == ShowAst::Kind::kColumns || ast.kind == ShowAst::Kind::kPartitions ||
                    ast.kind == ShowAst::Kind::kCreateTable ||
                    ast.kind == ShowAst::Kind::kCreateView ||
                    ast.kind == ShowAst::Kind::kCreateMaterializedTable;
    bool of_catalog =
        ast.kind == ShowAst::Kind::kDatabases || ast.kind == ShowAst::Kind::kCreateCatalog;
    if (of_table) {
      ASSIGN_OR_RETURN(bound.path, queries_.Resolve(ast.name));
      if (ast.kind == ShowAst::Kind::kColumns || ast.kind == ShowAst::Kind::kCreateView) {
        ASSIGN_OR_RETURN(bound.columns, ColumnsOf(ast.name));
      }
    } else if (of_catalog && !ast.name.parts.empty()) {
      bound.catalog = ast.name.parts.back();
    } else if (!ast.name.parts.empty()) {
      ASSIGN_OR_RETURN(bound.database, queries_.ResolveDatabase(ast.name));
    }
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const DescribeAst& ast) {
    DescribeStatement bound;
    bound.kind = ast.kind;
    bound.extended = ast.extended;
    bound.name = ast.name.parts.back();
    if (ast.kind == DescribeAst::Kind::kDatabase) {
      ASSIGN_OR_RETURN(bound.name, queries_.ResolveDatabase(ast.name));
    } else if (ast.kind == DescribeAst::Kind::kFunction) {
      ASSIGN_OR_RETURN(bound.path, FunctionPath(queries_, ast.name, false));
    } else if (ast.kind == DescribeAst::Kind::kTable) {
      ASSIGN_OR_RETURN(bound.path, queries_.Resolve(ast.name));
      ASSIGN_OR_RETURN(bound.columns, ColumnsOf(ast.name));
    }
    return BoundStatement(std::move(bound));
  }

  Result<BoundStatement> operator()(const SetAst& ast) {
    return BoundStatement(SetStatement{ast.key, ast.value});
  }
  Result<BoundStatement> operator()(const ResetAst& ast) {
    return BoundStatement(ResetStatement{ast.key});
  }
  Result<BoundStatement> operator()(const UseAst& ast) {
    if (ast.catalog) return BoundStatement(UseStatement{ast.name.parts.back(), true});
    ASSIGN_OR_RETURN(std::string name, queries_.ResolveDatabase(ast.name));
    return BoundStatement(UseStatement{name, false});
  }
  Result<BoundStatement> operator()(const StopJobAst& ast) {
    return BoundStatement(StopJobStatement{ast.job, ast.with_savepoint, ast.with_drain});
  }
  Result<BoundStatement> operator()(const StartJobAst& ast) {
    return BoundStatement(StartJobStatement{ast.job});
  }

  Result<BoundStatement> operator()(const std::shared_ptr<const ExplainAst>& ast) {
    ExplainStatement bound;
    bound.details = ast->details;
    // EXPLAIN ANALYZE JOB 'id' has no statement.
    if (ast->details.size() >= 3 && ast->details[1] == "JOB") {
      return BoundStatement(std::move(bound));
    }
    const auto& node = ast->statement.node;
    if (const auto* query = std::get_if<QueryAstPtr>(&node)) {
      ASSIGN_OR_RETURN(bound.roots, Plan(**query));
    } else if (const auto* insert = std::get_if<InsertAst>(&node)) {
      StatementSetAst set;
      set.inserts.push_back(*insert);
      ASSIGN_OR_RETURN(bound.roots, Plan(set));
    } else if (const auto* set = std::get_if<StatementSetAst>(&node)) {
      ASSIGN_OR_RETURN(bound.roots, Plan(*set));
    } else {
      return NotSupported("SQL-1020 EXPLAIN takes a query, an INSERT or a statement set");
    }
    auto asks = [&](const char* detail) {
      return std::find(bound.details.begin(), bound.details.end(), detail) != bound.details.end();
    };
    if (asks("PLAN_ADVICE") && !options_.streaming) {
      return NotSupported("SQL-1020 EXPLAIN PLAN_ADVICE is not supported under batch mode");
    }
    bound.text = ExplainPlan(bound.roots, asks("CHANGELOG_MODE"), asks("ESTIMATED_COST"));
    if (asks("PLAN_ADVICE")) bound.text += "\n" + PlanAdvice(bound.roots);
    if (asks("JSON_EXECUTION_PLAN")) {
      bound.text += "\n== Physical Execution Plan ==\n" + ExecutionPlanJson(bound.roots);
    }
    return BoundStatement(std::move(bound));
  }

 private:
  /// Of a table or a view, computed ones too.
  Result<std::vector<Field>> ColumnsOf(const NameAst& name) {
    TableAst table;
    table.name = name;
    table.range = name.range;
    ASSIGN_OR_RETURN(Relation relation, queries_.Table(table));
    std::vector<Field> fields = relation.plan->output;
    for (size_t i = 0; i < fields.size(); ++i) {
      PlanPtr with_key = WithTimeKey(relation.plan, static_cast<int>(i));
      if (with_key != nullptr) fields[i] = with_key->output[i];
    }
    return fields;
  }

  Result<std::vector<PlanPtr>> Optimized(std::vector<PlanPtr> roots) const {
    return Optimize(std::move(roots), options_.streaming, options_.state_ttl_ms,
                    options_.shares_tables);
  }

  Result<BoundStatement> Changed(ChangeStatement bound) {
    ASSIGN_OR_RETURN(std::vector<PlanPtr> roots, Optimized({bound.sink}));
    bound.sink = roots[0];
    return BoundStatement(std::move(bound));
  }

  Result<std::vector<PlanPtr>> Plan(const QueryAst& query) {
    ASSIGN_OR_RETURN(Relation relation, queries_.Analyze(query));
    return Optimized({relation.plan});
  }

  Result<std::vector<PlanPtr>> Plan(const StatementSetAst& set) {
    std::vector<PlanPtr> sinks;
    for (const InsertAst& insert : set.inserts) {
      ASSIGN_OR_RETURN(PlanPtr sink, AnalyzeInsert(queries_, insert));
      sinks.push_back(std::move(sink));
    }
    return Optimized(std::move(sinks));
  }

  std::string text_;
  QueryAnalyzer queries_;
  const AnalyzerOptions& options_;
};

}  // namespace

Result<BoundStatement> AnalyzeStatement(const StatementAst& statement, std::string_view text,
                                        Catalog& catalog, const AnalyzerOptions& options) {
  StatementAnalyzer analyzer(text, catalog, options);
  auto bound = std::visit(analyzer, statement.node);
  if (!bound.ok()) return ErrorAt(bound.error(), statement.range.position);
  return bound;
}

Result<BoundStatement> AnalyzeSql(std::string_view text, Catalog& catalog,
                                  const AnalyzerOptions& options, SourcePosition origin) {
  FunctionResolver functions(catalog, options.current_catalog, options.current_database);
  ASSIGN_OR_RETURN(StatementAst statement, ParseStatement(text, origin, &functions));
  return AnalyzeStatement(statement, text, catalog, options);
}

}  // namespace forebay::sql
