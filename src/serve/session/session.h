#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "model/catalog_name.h"
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
  /// That ALTER TABLE is for tables and ALTER MATERIALIZED TABLE for the others.
  Status CheckAlterKind(const sql::AlterTableStatement& alter);
  Result<StatementResult> DropMaterialized(const sql::DropStatement& drop);
  Status DropMaterializedIn(const std::string& database);
  std::vector<std::string> MaterializedNames(const std::string& database) const;
  Result<std::string> MaterializedText(const model::TablePath& path);
  /// Full refreshes, for SHOW JOBS.
  std::vector<RefreshRow> RefreshRows() const;

  Result<StatementResult> DropCatalog(const sql::DropStatement& drop);
  Result<StatementResult> ShowJobs();
  Result<StatementResult> ShowCreateCatalog(const std::string& name);
  Result<StatementResult> DescribeCatalog(const sql::DescribeStatement& describe);
  Result<StatementResult> AlterPartitions(const sql::AlterTableStatement& alter);
  Result<StatementResult> ShowPartitions(const sql::ShowStatement& show);
  Result<StatementResult> DescribeJob(const std::string& id);

  const Engine& engine_;
  SqlCatalog catalog_;
  std::string database_ = kDefaultDatabase;
  std::map<std::string, std::string> settings_;
  std::string statement_;  ///< text of the statement that runs, for job records

 public:
  /// Exists in every data directory, as in Flink's default catalog.
  static constexpr const char* kDefaultDatabase = "default_database";
  static constexpr const char* kCatalog = model::kLocalCatalog;
};

/// Names for completion: SHOW statements' lists are the same.
std::vector<std::string> FunctionNames();

}  // namespace forebay::serve
