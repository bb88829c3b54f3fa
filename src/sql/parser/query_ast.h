#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/data_type.h"
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

}  // namespace forebay::sql
