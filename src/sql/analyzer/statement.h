#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/table_change.h"
#include "sql/catalog/catalog.h"
#include "sql/parser/ast.h"
#include "sql/plan/plan.h"

// Statements after analysis: names resolved, checked against the catalog as far as reading it goes,
// ready for the session to carry out. What a statement changes (create, drop) is checked again by
// whoever changes it.

namespace forebay::sql {

/// SELECT, VALUES: one root without a sink.
struct QueryStatement {
  PlanPtr plan;
};

/// INSERT or a statement set: one SinkNode a target; the plans share nodes and run as one job.
struct InsertStatement {
  std::vector<PlanPtr> sinks;
  std::vector<model::TablePath> targets;
};

struct CreateTableStatement {
  CatalogTable table;
  /// CREATE TABLE ... AS: the INSERT that fills it, and its plan while the table is yet to be made.
  std::shared_ptr<const InsertAst> fill;
  PlanPtr sink;
  bool if_exists_only = false;  ///< REPLACE TABLE: there must be one
  bool if_not_exists = false;
  bool or_replace = false;
  bool temporary = false;
};

struct CreateViewStatement {
  CatalogView view;
  std::vector<Field> output;  ///< of its query, as analyzed now
  bool if_not_exists = false;
  bool or_replace = false;
  bool temporary = false;
};

struct AlterViewStatement {
  model::TablePath path;
  bool if_exists = false;
  std::optional<model::TablePath> new_path;
  std::optional<CatalogView> view;  ///< AS
};

struct AlterDatabaseStatement {
  std::string database;
  std::map<std::string, std::string> options;
};

struct AlterCatalogStatement {
  std::string catalog;
  std::map<std::string, std::string> set_options;
  std::vector<std::string> reset_options;
  std::optional<std::string> comment;
};

/// CREATE or ALTER FUNCTION; a body in SQL was checked. The path of a system function has only the
/// name.
struct FunctionStatement {
  CatalogFunction function;
  bool alter = false;
  bool temporary = false;
  bool system = false;
  bool lenient = false;
};

/// UPDATE and DELETE: the rows to write, or the keys to delete. TRUNCATE TABLE: no sink.
struct ChangeStatement {
  enum class Kind { kUpdate, kDelete, kTruncate };
  Kind kind = Kind::kUpdate;
  CatalogTable table;
  PlanPtr sink;
};

struct AnalyzeTableStatement {
  model::TablePath path;
};

struct ModuleStatement {
  ModuleAst module;
};

struct CallStatement {
  std::vector<std::string> name;
  std::vector<model::Value> arguments;
};

struct ModelStatement {
  ModelAst ast;
  model::TablePath path;
  model::TablePath new_path;  ///< RENAME TO
};

/// COMPILE PLAN, EXECUTE PLAN.
struct PlanFileStatement {
  std::string file;
  bool compile = false;
  bool execute = false;
  bool if_not_exists = false;
  InsertStatement insert;  ///< when it compiles
};

struct CreateDatabaseStatement {
  std::string database;
  bool if_not_exists = false;
  std::string comment;
  std::map<std::string, std::string> options;
};

struct AlterTableStatement {
  model::TablePath path;
  bool if_exists = false;
  /// Columns and options as the user names them; see ToTableChanges.
  model::TableChanges changes;
  /// ADD, MODIFY, DROP and RENAME of parts of the schema: the table as it shall be.
  std::optional<CatalogTable> altered;
  /// RENAME TO.
  std::optional<model::TablePath> new_path;
  /// ADD PARTITION, DROP PARTITION.
  std::vector<model::PartitionSpec> partitions;
  bool drops_partitions = false;
  bool lenient = false;       ///< partitions may exist already, or be gone
  bool materialized = false;  ///< ALTER MATERIALIZED TABLE
};

struct CreateCatalogStatement {
  std::string catalog;
  bool if_not_exists = false;
  std::string comment;
  std::map<std::string, std::string> options;
};

struct DropStatement {
  DropAst::Kind kind = DropAst::Kind::kTable;
  model::TablePath path;  ///< kDatabase: only `database` is set
  std::string catalog;    ///< of kCatalog
  bool if_exists = false;
  bool cascade = false;
  bool temporary = false;
  bool system = false;  ///< of a function
};

struct ShowStatement {
  ShowAst::Kind kind = ShowAst::Kind::kTables;
  std::string catalog;             ///< of kDatabases, kCreateCatalog
  std::string database;            ///< of kTables, kViews; qualified
  model::TablePath path;           ///< of kColumns, kCreate..., kPartitions
  model::PartitionSpec partition;  ///< of kPartitions: only those with these values
  std::string like;
  bool not_like = false;
  bool ignore_case = false;
  std::vector<Field> columns;  ///< of kColumns
};

struct DescribeStatement {
  DescribeAst::Kind kind = DescribeAst::Kind::kTable;
  model::TablePath path;
  std::string name;  ///< of the catalog, database or job
  bool extended = false;
  std::vector<Field> columns;  ///< of the table or view, computed ones too
};

struct SetStatement {
  std::string key;  ///< empty: list all
  std::string value;
};
struct ResetStatement {
  std::string key;  ///< empty: all
};
struct UseStatement {
  std::string name;
  bool catalog = false;
};
struct StopJobStatement {
  std::string job;
  bool with_savepoint = false;
  bool with_drain = false;
};

struct StartJobStatement {
  std::string job;
};

struct ExplainStatement {
  std::vector<std::string> details;
  std::vector<PlanPtr> roots;
  std::string text;  ///< what EXPLAIN prints
};

struct CreateMaterializedTableStatement {
  CatalogTable table;
  MaterializedTableDefinition definition;
  bool or_alter = false;
};

struct AlterMaterializedTableStatement {
  AlterMaterializedTableAst::Kind kind = AlterMaterializedTableAst::Kind::kSuspend;
  model::TablePath path;
  std::map<std::string, std::string> options;  ///< kResume
  model::PartitionSpec partition;              ///< kRefresh; empty: all of it
  MaterializedTableDefinition definition;      ///< kQuery: the new query
  std::vector<Field> output;                   ///< kQuery: of the new query
};

using BoundStatement =
    std::variant<QueryStatement, InsertStatement, CreateTableStatement, CreateViewStatement,
                 CreateCatalogStatement, CreateDatabaseStatement, AlterTableStatement,
                 DropStatement, ShowStatement, DescribeStatement, SetStatement, ResetStatement,
                 UseStatement, StopJobStatement, StartJobStatement, ExplainStatement,
                 CreateMaterializedTableStatement, AlterMaterializedTableStatement,
                 AlterViewStatement, AlterDatabaseStatement, AlterCatalogStatement,
                 FunctionStatement, ChangeStatement, AnalyzeTableStatement, ModuleStatement,
                 CallStatement, PlanFileStatement, ModelStatement>;

}  // namespace forebay::sql
