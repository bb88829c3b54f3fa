#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/catalog_name.h"
#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/query_hints.h"
#include "sql/catalog/catalog.h"
#include "sql/parser/ast.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// What analysis depends on besides the statement and the catalog.
struct AnalyzerOptions {
  std::string current_catalog = model::kLocalCatalog;
  std::string current_database = "default_database";  ///< qualified
  bool streaming = true;
  std::string time_zone = "UTC";
  /// Those that start with "python.": how functions in Python run.
  std::map<std::string, std::string> python_settings;
  /// 'table.exec.source.cdc-events-duplicate': tables in formats of changes may say a change twice.
  bool cdc_events_duplicate = false;
  int64_t state_ttl_ms = 0;    ///< 'table.exec.state.ttl'; 0: for ever
  bool shares_tables = false;  ///< 'table.exec.shared-arrangements'
  /// 'table.exec.emit.*'; a delay below 0: none is set.
  std::optional<WindowEmit> window_emit = {};
};

/// A plan and how its columns are named in the query it stands in.
struct Relation {
  PlanPtr plan;
  Scope scope;
};

/// A row without columns, and no names.
Relation OneRow();

/// Makes `plan` a relation under the alias `qualifier`.
Relation MakeRelation(PlanPtr plan, const std::string& qualifier);

/// Whether the call is one of TO_CHANGELOG or FROM_CHANGELOG.
bool IsChangelogFunction(const ExpressionAst& call);

/// Analyzes queries into plans that are correct but not yet optimized. One instance a statement;
/// not thread-safe. `catalog` must outlive it.
class QueryAnalyzer {
 public:
  QueryAnalyzer(Catalog& catalog, AnalyzerOptions options)
      : catalog_(catalog), options_(std::move(options)) {}
  QueryAnalyzer(const QueryAnalyzer&) = delete;
  QueryAnalyzer& operator=(const QueryAnalyzer&) = delete;

  Result<Relation> Analyze(const QueryAst& query);
  /// A query in an expression, which may read the columns of `outer`.
  Result<Relation> AnalyzeSubquery(const QueryAst& query, const Scope& outer);
  /// The named table with its computed columns and watermark, or the view's query.
  Result<Relation> Table(const TableAst& ast);
  Result<CatalogTable> FindTable(const NameAst& name);
  /// The database and table a name means; "t$lake" stays whole.
  Result<model::TablePath> Resolve(const NameAst& name) const;
  /// The new name of the object at `path`: a name alone stays in its database, as in Flink.
  Result<model::TablePath> ResolveRename(const model::TablePath& path, const NameAst& name) const;
  /// The database that `name` (db, catalog.db) means, qualified.
  Result<std::string> ResolveDatabase(const NameAst& name) const;
  /// A scan of `table` with computed columns and watermark above it.
  Result<PlanPtr> Scan(const CatalogTable& table, ScanPart part, std::optional<int64_t> as_of_ms);

  const AnalyzerOptions& options() const { return options_; }
  Catalog& catalog() { return catalog_; }
  const UserFunctions& functions() const { return functions_; }

 private:
  friend class SelectAnalyzer;

  Result<Relation> Body(const QueryAst& query);
  Result<Relation> Values(const QueryAst& query);
  Result<Relation> SetOperationOf(const QueryAst& query);
  Result<Relation> OrderAndLimit(const QueryAst& query, Relation relation,
                                 std::vector<SortKey> order);
  Result<Relation> From(const TableAst& ast);
  Result<Relation> Named(const TableAst& ast);
  Result<Relation> LakeSnapshots(const model::TablePath& path, const TableAst& ast);
  Result<Relation> Sampled(Relation relation, const TableAst& ast);
  Result<Relation> View(const CatalogView& view, const TableAst& ast);
  Result<Relation> Join(const TableAst& ast);
  /// Gives a join what the SELECT's STATE_TTL hint says of its sides.
  void HintStateTtl(const TableAst& ast, const PlanPtr& join) const;
  Result<Relation> JoinUsing(JoinKind kind, const TableAst& ast, const Relation& left,
                             const Relation& right);
  Result<Relation> LookupJoin(const TableAst& ast, const Relation& left, const TableAst& right);
  /// FOR SYSTEM_TIME AS OF an event time of `left`.
  Result<Relation> TemporalJoin(const TableAst& ast, const Relation& left, const TableAst& right);
  /// A join with LATERAL (query).
  Result<Relation> LateralJoin(const TableAst& ast, const Relation& left);
  Result<Relation> VersionedJoin(const TableAst& ast, const Relation& left, const Relation& right,
                                 JoinVersions versions);
  /// A join with LATERAL TABLE(f(time)) of a temporal table function.
  Result<Relation> TemporalFunctionJoin(const TableAst& ast, const Relation& left,
                                        const CatalogFunction& function);
  Result<Relation> WindowFunction(const TableAst& ast);
  /// TO_CHANGELOG and FROM_CHANGELOG.
  Result<Relation> ChangelogFunction(const TableAst& ast);
  Result<Relation> MatchRecognize(const TableAst& ast);
  /// UNNEST of an expression over `left`, whose columns come first.
  Result<Relation> Unnest(const Relation& left, const TableAst& ast, JoinAstKind join);
  /// Whether the call in FROM is one of a user's table function.
  Result<bool> IsTableFunction(const ExpressionAst& call) const;
  Result<Relation> JoinUnnest(const TableAst& ast, const Relation& left);
  Result<Relation> Renamed(Relation relation, const TableAst& ast);
  Status CheckCatalog(const NameAst& name) const;
  Error UnknownTable(const model::TablePath& path, const SourceRange& range);

  Catalog& catalog_;
  AnalyzerOptions options_;
  UserFunctions functions_{catalog_, options_.current_database, options_.python_settings};
  std::map<std::string, Relation> ctes_;
  std::set<model::TablePath> open_views_;
  std::map<std::string, LookupRetry> lookup_retries_;  ///< of the SELECT being analyzed
  StateTtlHints state_ttls_;                           ///< of the SELECT being analyzed
  const Scope* outer_scope_ = nullptr;  ///< of the query around the one being analyzed
};

}  // namespace forebay::sql
