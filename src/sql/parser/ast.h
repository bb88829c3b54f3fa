#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/data_type.h"
#include "sql/catalog/materialized_table.h"
#include "sql/plan/over_frame.h"

// The syntax tree: what was written, names not resolved and types not checked. One struct a
// construct; the kind says which members are set. Nodes are immutable once parsed.

namespace forebay::sql {

/// The bytes [begin, end) of the script a node was parsed from, and where they start.
struct SourceRange {
  SourcePosition position;
  size_t begin = 0;
  size_t end = 0;
};

struct ExpressionAst;
struct QueryAst;
struct TableAst;
using ExpressionAstPtr = std::shared_ptr<const ExpressionAst>;
using QueryAstPtr = std::shared_ptr<const QueryAst>;
using TableAstPtr = std::shared_ptr<const TableAst>;

/// A possibly qualified name as written: a, db.a, catalog.db.a.
struct NameAst {
  std::vector<std::string> parts;
  SourceRange range;
};

/// ORDER BY item; nulls_first is unset when not written (Flink's default: NULLs are smallest).
struct OrderItemAst {
  ExpressionAstPtr expression;
  bool descending = false;
  std::optional<bool> nulls_first;
};

/// The OVER clause: OVER (PARTITION BY ... ORDER BY ... frame) or OVER name.
struct OverAst {
  std::string window_name;
  std::vector<ExpressionAstPtr> partition_by;
  std::vector<OrderItemAst> order_by;
  struct Bound {
    FrameBoundKind kind = FrameBoundKind::kUnboundedPreceding;
    ExpressionAstPtr offset;
  };
  bool has_frame = false;
  bool is_rows = false;  ///< ROWS, else RANGE
  Bound start;
  Bound end{FrameBoundKind::kCurrentRow, nullptr};
};

enum class ExpressionAstKind : uint8_t {
  kNull,       ///< NULL
  kBoolean,    ///< TRUE, FALSE: text; UNKNOWN is kNull cast to BOOLEAN by the analyzer (text
               ///< "UNKNOWN")
  kInteger,    ///< digits: text
  kDecimal,    ///< digits with a point: text
  kDouble,     ///< with an exponent: text
  kString,     ///< text, unescaped
  kBytes,      ///< X'..': text holds the bytes
  kDate,       ///< DATE '..': text
  kTime,       ///< TIME '..': text
  kTimestamp,  ///< TIMESTAMP '..': text
  kInterval,   ///< INTERVAL '..' unit: interval_value, interval_is_months, text as written, unit
  kName,       ///< a column or qualified column: names
  kStar,       ///< * or names.*
  kCall,     ///< text(args): text is the upper-case name for keywords and operators, as written for
             ///< other functions
  kCast,     ///< CAST(args[0] AS type); text "CAST" or "TRY_CAST"
  kCase,     ///< CASE: args = [operand or null, when, then, when, then, ..., else or null]
  kBetween,  ///< args[0] BETWEEN args[1] AND args[2]; negated; text: "SYMMETRIC" or empty
  kIn,       ///< args[0] IN (args[1..]) or IN (query); negated; text: the comparison of
             ///< args[0] text ANY (query), empty for "="
  kLike,     ///< args[0] LIKE args[1] [ESCAPE args[2]]; text "LIKE" or "SIMILAR"; negated
  kIs,      ///< args[0] IS [NOT] text: NULL, TRUE, FALSE, UNKNOWN, "DISTINCT FROM" (args[1]), "JSON
            ///< ..."; negated
  kExists,  ///< EXISTS (query)
  kSubquery,       ///< (query) as a scalar
  kRow,            ///< ROW(args) or (a, b)
  kArray,          ///< ARRAY[args]
  kMap,            ///< MAP[k, v, ...]
  kItem,           ///< args[0][args[1]]
  kField,          ///< args[0].text where args[0] is no plain name
  kTableArgument,  ///< TABLE t [PARTITION BY ...]: names, over.partition_by; an argument of a table
                   ///< function
  kDescriptor,     ///< DESCRIPTOR(a, b): names of columns in args (kName)
  kNamedArgument,  ///< text => args[0]
};

/// A scalar expression as written. Operators are calls: "+", "-", "*", "/", "%", "||", "=", "<>",
/// "<", "<=", ">", ">=", "AND", "OR", "NOT", "NEGATE" (unary minus). Special calls keep their words
/// as string arguments (kString): EXTRACT('UNIT', x), FLOOR/CEIL(x, 'UNIT'),
/// TIMESTAMPADD/TIMESTAMPDIFF('UNIT', a, b), TRIM('BOTH', chars or kNull, x), POSITION(a, b),
/// SUBSTRING(x, from[, for]), OVERLAY(x, y, from[, for]), JSON_VALUE(x, path[, RETURNING type, 'ON
/// EMPTY', ..]).
struct ExpressionAst {
  ExpressionAstKind kind = ExpressionAstKind::kNull;
  SourceRange range;
  std::string text;
  std::vector<std::string> names;
  std::vector<ExpressionAstPtr> args;
  model::DataType type;  ///< kCast; JSON_VALUE ... RETURNING
  bool negated = false;
  bool distinct = false;       ///< COUNT(DISTINCT x)
  int64_t interval_value = 0;  ///< months or milliseconds
  bool interval_is_months = false;
  std::string unit;         ///< kInterval: "MINUTE", "DAY TO SECOND"
  ExpressionAstPtr filter;  ///< FILTER (WHERE ...)
  std::shared_ptr<const OverAst> over;
  QueryAstPtr query;
  /// JSON_VALUE and JSON_QUERY clauses as written, e.g. {"ON EMPTY", "ERROR"}; DEFAULT values are
  /// in args after the path.
  std::map<std::string, std::string> clauses;
};

struct SelectItemAst {
  ExpressionAstPtr expression;
  std::string alias;  ///< empty: none
};

enum class JoinAstKind : uint8_t { kInner, kLeft, kRight, kFull, kCross, kComma };

enum class TableAstKind : uint8_t {
  kNamed,           ///< name [hints] [FOR SYSTEM_TIME AS OF as_of]
  kSubquery,        ///< (query)
  kJoin,            ///< left kind JOIN right ON condition | USING (names)
  kFunction,        ///< TABLE(function(...)), LATERAL TABLE(function(...)) or function(...)
  kUnnest,          ///< UNNEST(expression) [WITH ORDINALITY]
  kMatchRecognize,  ///< left MATCH_RECOGNIZE (match)
};

/// A part of a PATTERN as written.
struct PatternAst {
  enum class Kind : uint8_t { kVariable, kConcatenation, kAlternation, kPermutation, kExclusion };
  Kind kind = Kind::kVariable;
  SourceRange range;
  std::string name;               ///< kVariable
  std::vector<PatternAst> parts;  ///< all others
  bool quantified = false;
  int min = 1;  ///< -1: {,max}
  int max = 1;  ///< -1: any number
  bool reluctant = false;
};

/// What stands in the parentheses of MATCH_RECOGNIZE.
struct MatchAst {
  struct Named {
    std::string name;
    SourceRange range;
    ExpressionAstPtr expression;
  };
  enum class Skip : uint8_t { kNextRow, kPastLastRow, kFirst, kLast };

  std::vector<ExpressionAstPtr> partition_by;
  std::vector<OrderItemAst> order_by;
  std::vector<Named> measures;
  bool all_rows = false;
  Skip skip = Skip::kNextRow;
  std::string skip_variable;  ///< kFirst, kLast
  SourceRange skip_range;
  PatternAst pattern;
  ExpressionAstPtr within;
  std::vector<std::string> subsets;  ///< the names of SUBSET
  std::vector<Named> definitions;
};

/// An item of FROM.
struct TableAst {
  TableAstKind kind = TableAstKind::kNamed;
  SourceRange range;
  NameAst name;
  std::map<std::string, std::string> option_hints;  ///< /*+ OPTIONS('k'='v') */
  ExpressionAstPtr as_of;
  std::optional<double> sample;       ///< TABLESAMPLE: the part of the rows, 0 to 1
  std::optional<double> sample_seed;  ///< REPEATABLE
  QueryAstPtr query;
  ExpressionAstPtr function;  ///< kFunction: a kCall; kUnnest: the argument
  bool lateral = false;
  bool with_ordinality = false;
  JoinAstKind join = JoinAstKind::kInner;
  bool natural = false;
  TableAstPtr left;
  TableAstPtr right;
  ExpressionAstPtr condition;
  std::vector<std::string> using_columns;
  std::shared_ptr<const MatchAst> match;  ///< kMatchRecognize, over `left`
  std::string alias;
  std::vector<std::string> column_aliases;
};

/// GROUP BY item: a plain expression, or GROUPING SETS / ROLLUP / CUBE with lists of expressions.
struct GroupItemAst {
  enum class Kind { kExpression, kGroupingSets, kRollup, kCube };
  Kind kind = Kind::kExpression;
  std::vector<std::vector<ExpressionAstPtr>> sets;  ///< kExpression: one set of one expression
};

struct SelectAst {
  SourceRange range;
  bool distinct = false;
  std::vector<SelectItemAst> items;
  TableAstPtr from;  ///< null: no FROM
  ExpressionAstPtr where;
  std::vector<GroupItemAst> group_by;
  ExpressionAstPtr having;
  std::map<std::string, OverAst> windows;
  std::map<std::string, std::vector<std::string>> hints;  ///< /*+ STATE_TTL('a'='1d') */ as words
};

struct CteAst {
  std::string name;
  std::vector<std::string> columns;
  QueryAstPtr query;
  SourceRange range;
};

enum class QueryAstKind : uint8_t { kSelect, kValues, kSetOperation, kNested };
enum class SetOperation : uint8_t { kUnion, kIntersect, kExcept };

/// A query: one of the kinds, with optional WITH, ORDER BY, LIMIT and OFFSET around it.
struct QueryAst {
  QueryAstKind kind = QueryAstKind::kSelect;
  SourceRange range;
  std::vector<CteAst> ctes;
  SelectAst select;
  std::vector<std::vector<ExpressionAstPtr>> values;
  SetOperation operation = SetOperation::kUnion;
  bool all = false;
  QueryAstPtr left;  ///< kSetOperation; kNested: the parenthesised query
  QueryAstPtr right;
  std::vector<OrderItemAst> order_by;
  ExpressionAstPtr limit;
  ExpressionAstPtr offset;
};

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
               CreateMaterializedTableAst, AlterMaterializedTableAst,
               AlterViewAst, AlterDatabaseAst, AlterCatalogAst, FunctionAst, UpdateAst, DeleteAst,
               TruncateAst, AnalyzeTableAst, ModuleAst, CallAst, std::shared_ptr<const PlanFileAst>,
               ModelAst>
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
