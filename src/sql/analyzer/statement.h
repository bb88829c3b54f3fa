#pragma once

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
};

struct ShowStatement {
  ShowAst::Kind kind = ShowAst::Kind::kTables;
  std::string catalog;             ///< of kDatabases, kCreateCatalog
  std::string database;            ///< of kTables, kViews; qualified
  model::TablePath path;           ///< of kColumns, kCreate..., kPartitions
  model::PartitionSpec partition;  ///< of kPartitions: only those with these values
  std::string like;
  bool not_like = false;
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
                 CreateMaterializedTableStatement, AlterMaterializedTableStatement>;

}  // namespace forebay::sql
