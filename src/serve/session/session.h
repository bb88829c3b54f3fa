#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/catalog_name.h"
#include "serve/session/batch_insert.h"
#include "serve/session/engine.h"
#include "serve/session/result_cursor.h"
#include "serve/session/sql_catalog.h"
#include "sql/analyzer/analyzer.h"
#include "sql/parser/parser.h"

namespace forebay::serve {

/// One user's conversation with the engine: current database, options, temporary objects.
/// Statements of a session run one after the other; a session belongs to one thread at a time.
class Session {
 public:
  /// `engine` outlives the session.
  explicit Session(const Engine& engine);
  ~Session();

  /// Begins one statement; when the result has `work`, that must be driven to its end. Errors have
  /// a position in the script that `text` stands in.
  Result<StatementResult> Start(const sql::StatementText& text);
  /// As Start, but also does the work.
  Result<StatementResult> Execute(const sql::StatementText& text);

  /// The current database, qualified by its catalog unless that is the local one.
  const std::string& database() const { return database_; }
  SqlCatalog& catalog() { return catalog_; }
  const std::map<std::string, std::string>& settings() const { return settings_; }
  /// table.local-time-zone, in which results show TIMESTAMP_LTZ.
  std::string time_zone() const { return Evaluation().time_zone; }

 private:
  struct Carrier;  ///< carries out the kinds of bound statements

  bool IsStreaming() const;
  sql::AnalyzerOptions AnalyzerOptions() const;
  compute::EvaluationContext Evaluation() const;

  Result<StatementResult> Run(const sql::QueryStatement& query);
  Result<StatementResult> Run(const sql::InsertStatement& insert);
  Result<StatementResult> Run(const sql::CreateTableStatement& create);
  Result<StatementResult> Run(const sql::CreateViewStatement& create);
  Result<StatementResult> Run(const sql::CreateCatalogStatement& create);
  Result<StatementResult> Run(const sql::CreateDatabaseStatement& create);
  Result<StatementResult> Run(const sql::AlterTableStatement& alter);
  Result<StatementResult> Run(const sql::DropStatement& drop);
  Result<StatementResult> Run(const sql::ShowStatement& show);
  Result<StatementResult> Run(const sql::DescribeStatement& describe);
  Result<StatementResult> Run(const sql::SetStatement& set);
  Result<StatementResult> Run(const sql::ResetStatement& reset);
  Result<StatementResult> Run(const sql::UseStatement& use);
  Result<StatementResult> Run(const sql::StopJobStatement& stop);
  Result<StatementResult> Run(const sql::StartJobStatement& start);
  Result<StatementResult> Run(const sql::ExplainStatement& explain);
  Result<StatementResult> Run(const sql::CreateMaterializedTableStatement& create);
  Result<StatementResult> Run(const sql::AlterMaterializedTableStatement& alter);

  // materialized_statements.cc
  struct RefreshRow {
    std::string id;
    std::string name;
    std::string state;
    int64_t begin_ms = 0;
    std::string failure;
  };
  Result<MaterializedTables*> Materialized() const;
  /// kNotFound when there is nothing of the name, kInvalidArgument when it is something else.
  Status CheckMaterialized(const model::TablePath& path);
  bool IsMaterialized(const model::TablePath& path) const;
  /// That no job or refresh looks after the table.
  Status CheckReplaceable(const model::TablePath& path) const;
  /// That ALTER TABLE is for tables and ALTER MATERIALIZED TABLE for the others.
  Status CheckAlterKind(const sql::AlterTableStatement& alter);
  Result<StatementResult> DropMaterialized(const sql::DropStatement& drop);
  Status DropMaterializedIn(const std::string& database);
  std::vector<std::string> MaterializedNames(const std::string& database) const;
  Result<std::string> MaterializedText(const model::TablePath& path);
  /// Full refreshes, for SHOW JOBS.
  std::vector<RefreshRow> RefreshRows() const;

  Result<StatementResult> Run(const sql::AlterViewStatement& alter);
  Result<StatementResult> Run(const sql::AlterDatabaseStatement& alter);
  Result<StatementResult> Run(const sql::AlterCatalogStatement& alter);
  Result<StatementResult> Run(const sql::FunctionStatement& function);
  Result<StatementResult> Run(const sql::ChangeStatement& change);
  Result<StatementResult> Run(const sql::AnalyzeTableStatement& analyze);
  Result<StatementResult> Run(const sql::ModuleStatement& module);
  Result<StatementResult> Run(const sql::CallStatement& call);
  Result<StatementResult> Run(const sql::PlanFileStatement& plan);
  Result<StatementResult> Run(const sql::ModelStatement& statement);

  /// CREATE TABLE ... AS and REPLACE TABLE ... AS.
  Result<StatementResult> CreateTableAs(const sql::CreateTableStatement& create);
  Result<StatementResult> ReplaceTableAs(const sql::CreateTableStatement& create);
  Result<StatementResult> Fill(const sql::CreateTableStatement& create);
  TableWrite InsertOf(const sql::PlanPtr& sink);
  Result<StatementResult> SubmitPlan(const std::vector<sql::PlanPtr>& sinks);
  Result<StatementResult> ShowFunctions(const sql::ShowStatement& show);
  Result<StatementResult> CreateModel(const sql::ModelStatement& create);
  Result<StatementResult> ChangeModel(const sql::ModelStatement& change);
  Result<std::vector<std::string>> ModelNames(const std::string& database);
  /// The stored text of a model, or a temporary one's. kNotFound.
  Result<std::string> FindModel(const model::TablePath& path);
  Result<StatementResult> ShowModules(const sql::ShowStatement& show);
  Result<StatementResult> ShowColumns(const sql::ShowStatement& show);
  Result<StatementResult> ShowCreateView(const sql::ShowStatement& show);
  Result<StatementResult> DropFunction(const sql::DropStatement& drop);
  Result<StatementResult> DescribeDatabase(const sql::DescribeStatement& describe);
  Result<StatementResult> DescribeFunction(const sql::DescribeStatement& describe);
  StatementResult ColumnRows(const std::vector<sql::Field>& fields,
                             const std::optional<sql::CatalogTable>& table);
  Result<StatementResult> DropCatalog(const sql::DropStatement& drop);
  Result<StatementResult> ShowJobs();
  Result<StatementResult> ShowCreateCatalog(const std::string& name);
  Result<StatementResult> DescribeCatalog(const sql::DescribeStatement& describe);
  Result<StatementResult> AlterPartitions(const sql::AlterTableStatement& alter);
  Result<StatementResult> ShowPartitions(const sql::ShowStatement& show);
  Result<StatementResult> DescribeJob(const std::string& id);
  std::string SharedText(const std::vector<sql::PlanPtr>& roots) const;
  Result<StatementResult> AnalyzeJob(const std::string& id, const std::string& form);
  Result<StatementResult> Analyze(const sql::ExplainStatement& explain);

  const Engine& engine_;
  SqlCatalog catalog_;
  std::string database_ = kDefaultDatabase;
  std::map<std::string, std::string> settings_;
  std::map<model::TablePath, std::string> temporary_models_;  ///< as stored ones
  /// Loaded modules; those in use come first, in their order.
  std::vector<std::string> modules_ = {"core"};
  size_t used_modules_ = 1;
  std::string statement_;  ///< text of the statement that runs, for job records

 public:
  /// Exists in every data directory, as in Flink's default catalog.
  static constexpr const char* kDefaultDatabase = "default_database";
  static constexpr const char* kCatalog = model::kLocalCatalog;
};

/// Names for completion: SHOW statements' lists are the same.
std::vector<std::string> FunctionNames();
/// By a name in lower case.
bool IsBuiltInFunction(const std::string& name);

}  // namespace forebay::serve
