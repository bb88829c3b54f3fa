#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/data_type.h"
#include "sql/catalog/materialized_table.h"
#include "sql/parser/query_ast.h"

// Statements: what query_ast.h is for queries and expressions.

namespace forebay::sql {

/// A column of CREATE TABLE.
struct ColumnAst {
  enum class Kind { kPhysical, kComputed, kMetadata };
  Kind kind = Kind::kPhysical;
  std::string name;
  SourceRange range;
  model::DataType type;         ///< kPhysical, kMetadata
  ExpressionAstPtr expression;  ///< kComputed; its range gives the text
  std::string metadata_key;     ///< FROM '..'; empty: the name
  bool is_virtual = false;
  bool is_primary_key = false;  ///< written at the column
  std::string comment;
  /// Where ALTER TABLE puts it; neither: behind the last one, or where it is.
  bool first = false;
  std::string after;
};

struct WatermarkAst {
  NameAst column;
  ExpressionAstPtr expression;
};

/// CREATE TABLE ... LIKE source (INCLUDING OPTIONS, ...): what becomes of each part of the source.
struct TableLikeAst {
  enum class Strategy { kIncluding, kExcluding, kOverwriting };
  NameAst source;
  /// By the part's word: ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, PARTITIONS,
  /// WATERMARKS.
  std::map<std::string, Strategy> strategies;
};

struct CreateTableAst {
  NameAst name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  bool if_exists_only = false;  ///< REPLACE TABLE: there must be one
  std::vector<ColumnAst> columns;
  std::vector<std::string> primary_key;
  SourceRange primary_key_range;
  bool primary_key_enforced = false;
  std::string primary_key_name;  ///< CONSTRAINT name; empty: none
  std::optional<WatermarkAst> watermark;
  std::string comment;
  std::vector<std::string> partition_keys;
  std::vector<std::string> bucket_keys;  ///< DISTRIBUTED BY HASH(...)
  std::optional<int> bucket_count;       ///< INTO n BUCKETS
  std::map<std::string, std::string> options;
  QueryAstPtr as_query;  ///< CREATE TABLE ... AS
  /// CREATE TABLE (a, b) AS: the query's columns in this order, nothing else declared.
  std::vector<std::string> column_order;
  bool distributed = false;          ///< DISTRIBUTED was written
  std::string distribution_kind;     ///< HASH or RANGE as written; empty: none
  std::optional<TableLikeAst> like;  ///< CREATE TABLE ... LIKE
};

/// CREATE [OR ALTER] MATERIALIZED TABLE; the query is `table.as_query`.
struct CreateMaterializedTableAst {
  CreateTableAst table;
  bool or_alter = false;
  std::vector<std::string> column_order;  ///< (a, b): names alone, instead of definitions
  std::optional<Freshness> freshness;
  std::optional<RefreshMode> refresh_mode;
};

struct AlterMaterializedTableAst {
  enum class Kind { kSuspend, kResume, kRefresh, kQuery };
  Kind kind = Kind::kSuspend;
  NameAst name;
  std::map<std::string, std::string> options;    ///< kResume
  std::map<std::string, std::string> partition;  ///< kRefresh; empty: all of it
  QueryAstPtr query;                             ///< kQuery
};

struct CreateViewAst {
  NameAst name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<std::string> columns;
  std::string comment;
  QueryAstPtr query;
};

struct CreateDatabaseAst {
  NameAst name;
  bool if_not_exists = false;
  std::string comment;
  std::map<std::string, std::string> options;
};

struct AlterViewAst {
  NameAst name;
  bool if_exists = false;
  NameAst new_name;   ///< RENAME TO
  QueryAstPtr query;  ///< AS
};

struct AlterDatabaseAst {
  NameAst name;
  std::map<std::string, std::string> options;
};

/// ALTER CATALOG name {SET (...) | RESET (...) | COMMENT '...'}
struct AlterCatalogAst {
  NameAst name;
  std::map<std::string, std::string> set_options;
  std::vector<std::string> reset_options;
  std::optional<std::string> comment;
};

/// CREATE and ALTER FUNCTION. Either the class of another language, or parameters and a body in
/// SQL.
struct FunctionAst {
  struct Parameter {
    std::string name;
    model::DataType type;
  };
  NameAst name;
  bool alter = false;
  bool temporary = false;
  bool system = false;
  bool lenient = false;  ///< IF NOT EXISTS, or of ALTER: IF EXISTS
  std::string class_name;
  std::string language;  ///< upper case; empty: not written
  std::vector<Parameter> parameters;
  std::optional<model::DataType> returns;
  std::string body;
  std::map<std::string, std::string> options;  ///< of LANGUAGE TEMPORAL
  SourceRange range;
};

/// CREATE, ALTER, DROP, DESCRIBE and SHOW CREATE MODEL.
struct ModelAst {
  enum class Kind { kCreate, kSet, kReset, kRename, kDrop, kDescribe, kShowCreate };
  Kind kind = Kind::kCreate;
  NameAst name;
  bool temporary = false;
  bool lenient = false;            ///< IF [NOT] EXISTS
  std::vector<ColumnAst> inputs;   ///< kCreate
  std::vector<ColumnAst> outputs;  ///< kCreate
  std::string comment;
  std::map<std::string, std::string> options;  ///< kCreate, kSet
  std::vector<std::string> keys;               ///< kReset
  NameAst new_name;                            ///< kRename
};

struct CreateCatalogAst {
  std::string name;
  bool if_not_exists = false;
  std::string comment;
  std::map<std::string, std::string> options;
};

struct DropAst {
  enum class Kind { kTable, kView, kMaterializedTable, kDatabase, kCatalog, kFunction };
  Kind kind = Kind::kTable;
  NameAst name;
  bool temporary = false;
  bool system = false;  ///< of a function
  bool if_exists = false;
  bool cascade = false;
};

struct AlterTableAst {
  enum class Kind {
    kAddColumns,
    kSetOptions,
    kResetOptions,
    kRename,
    kAddPartitions,
    kDropPartitions,
    kModifyColumns,
    kDropColumns,
    kRenameColumn,
    kDropPrimaryKey,
    kDropConstraint,
    kDropWatermark,
    kAddDistribution,
    kModifyDistribution,
    kDropDistribution,
  };
  Kind kind = Kind::kAddColumns;
  NameAst name;
  bool if_exists = false;
  /// kAddColumns, kModifyColumns: columns, primary key and watermark; kAddDistribution,
  /// kModifyDistribution: buckets.
  CreateTableAst elements;
  std::vector<std::string> names;  ///< kDropColumns; kRenameColumn: old, new; kDropConstraint
  std::map<std::string, std::string> options;                  ///< kSetOptions
  std::vector<std::string> keys;                               ///< kResetOptions
  NameAst new_name;                                            ///< kRename
  std::vector<std::map<std::string, std::string>> partitions;  ///< kAddPartitions, kDropPartitions
  bool lenient = false;       ///< of partitions: IF NOT EXISTS, IF EXISTS
  bool materialized = false;  ///< ALTER MATERIALIZED TABLE
};

struct InsertAst {
  NameAst table;
  bool overwrite = false;
  std::map<std::string, std::string> partition;  ///< PARTITION (key = value, ...)
  std::vector<std::string> columns;
  bool by_name = false;  ///< the query's columns go where they are named: CREATE TABLE ... AS
  std::map<std::string, std::string> option_hints;
  QueryAstPtr query;
};

struct StatementSetAst {
  std::vector<InsertAst> inserts;
};

/// UPDATE table SET column = value, ... WHERE condition
struct UpdateAst {
  TableAst table;
  std::vector<std::pair<std::string, ExpressionAstPtr>> assignments;
  ExpressionAstPtr where;
};

struct DeleteAst {
  TableAst table;
  ExpressionAstPtr where;
};

struct TruncateAst {
  NameAst table;
};

/// ANALYZE TABLE name [PARTITION (...)] COMPUTE STATISTICS [FOR COLUMNS a, b | FOR ALL COLUMNS]
struct AnalyzeTableAst {
  NameAst table;
  std::vector<std::string> columns;
};

/// LOAD MODULE name [WITH (...)], UNLOAD MODULE name, USE MODULES a, b
struct ModuleAst {
  enum class Kind { kLoad, kUnload, kUse };
  Kind kind = Kind::kUse;
  std::vector<std::string> names;
  std::map<std::string, std::string> options;
};

/// CALL name(arguments)
struct CallAst {
  NameAst name;
  std::vector<ExpressionAstPtr> args;
};

struct ShowAst {
  enum class Kind {
    kDatabases,
    kTables,
    kViews,
    kColumns,
    kCreateTable,
    kCreateView,
    kCreateCatalog,
    kFunctions,
    kCatalogs,
    kCurrentDatabase,
    kCurrentCatalog,
    kJobs,
    kModules,
    kPartitions,
    kMaterializedTables,
    kCreateMaterializedTable,
    kUserFunctions,
    kFullModules,
    kProcedures,
    kJars,
    kModels,
  };
  Kind kind = Kind::kTables;
  NameAst name;  ///< FROM/IN database or table; the table of SHOW CREATE and SHOW PARTITIONS
  std::map<std::string, std::string> partition;  ///< kPartitions: only those with these values
  std::string like;                              ///< LIKE pattern; empty: none
  bool not_like = false;
  bool ignore_case = false;  ///< ILIKE
};

struct DescribeAst {
  enum class Kind { kTable, kDatabase, kCatalog, kJob, kFunction };
  Kind kind = Kind::kTable;
  NameAst name;
  bool extended = false;
};

struct SetAst {
  std::string key;  ///< empty: SET alone lists everything
  std::string value;
};
struct ResetAst {
  std::string key;  ///< empty: everything
};
struct UseAst {
  NameAst name;
  bool catalog = false;
};
struct StopJobAst {
  std::string job;
  bool with_savepoint = false;
  bool with_drain = false;
};
/// START JOB 'id': Forebay's own, the way back from STOP JOB.
struct StartJobAst {
  std::string job;
};

struct ExplainAst;
struct PlanFileAst;

/// A statement: what it is, and its text in the script.
struct StatementAst {
  SourceRange range;
  std::variant<QueryAstPtr, InsertAst, StatementSetAst, CreateTableAst, CreateViewAst,
               CreateCatalogAst, CreateDatabaseAst, AlterTableAst, DropAst, ShowAst, DescribeAst,
               SetAst, ResetAst, UseAst, StopJobAst, StartJobAst, std::shared_ptr<const ExplainAst>,
               CreateMaterializedTableAst, AlterMaterializedTableAst, AlterViewAst,
               AlterDatabaseAst, AlterCatalogAst, FunctionAst, UpdateAst, DeleteAst, TruncateAst,
               AnalyzeTableAst, ModuleAst, CallAst, std::shared_ptr<const PlanFileAst>, ModelAst>
      node;
};

struct ExplainAst {
  /// Upper-case details: CHANGELOG_MODE, ESTIMATED_COST, JSON_EXECUTION_PLAN, PLAN_ADVICE, ANALYZE.
  std::vector<std::string> details;
  StatementAst statement;  ///< a query, INSERT or statement set
};

/// COMPILE PLAN 'file' FOR ..., EXECUTE PLAN 'file', COMPILE AND EXECUTE PLAN 'file' FOR ...
struct PlanFileAst {
  std::string file;
  bool compile = false;
  bool execute = false;
  bool if_not_exists = false;
  StatementAst statement;  ///< when it compiles: an INSERT or a statement set
};

}  // namespace forebay::sql
