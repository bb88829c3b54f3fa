#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/change_type.h"
#include "model/table.h"
#include "sql/plan/expression.h"
#include "sql/plan/over_frame.h"

namespace forebay::sql {

/// Whether a column is a time attribute: a TIMESTAMP(3) or TIMESTAMP_LTZ(3) that watermarks follow,
/// or processing time.
enum class TimeAttribute : uint8_t { kNone, kRowtime, kProctime };

/// An output column of a plan node.
struct Field {
  std::string name;
  model::DataType type;
  TimeAttribute time_attribute = TimeAttribute::kNone;
};

/// Which change types a node may emit (org.apache.flink.table.connector.ChangelogMode).
struct ChangelogMode {
  bool insert = true;
  bool update_before = false;
  bool update_after = false;
  bool remove = false;

  bool IsInsertOnly() const { return !update_before && !update_after && !remove; }
  static ChangelogMode InsertOnly() { return {}; }
  static ChangelogMode All() { return {true, true, true, true}; }
  /// "[I]", "[I,UA,D]", as Flink's EXPLAIN CHANGELOG_MODE prints them.
  std::string ToString() const;
  friend bool operator==(const ChangelogMode&, const ChangelogMode&) = default;
};

enum class PlanKind : uint8_t {
  kTableScan,
  kValues,
  kCalc,
  kWatermark,
  kAggregate,
  kWindowTable,
  kWindowAggregate,
  kJoin,
  kLookupJoin,
  kRank,
  kDeduplicate,
  kUnion,
  kSort,
  kLimit,
  kSink,
  kOverAggregate,
  kUnnest,
  kMatch,
  kChangelog,
};

/// Of an input that no STATE_TTL hint names.
inline constexpr int64_t kNoTtlHint = -1;

struct PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

/// A relational operator with typed inputs and outputs; the nodes form a DAG (a shared node is one
/// operator whose output goes to several). Immutable once the analyzer returns it. Plans are stored
/// with the jobs that run them (plan_json.h) and are not made again when a job is restored, so
/// `id`s are stable.
struct PlanNode {
  explicit PlanNode(PlanKind node_kind) : kind(node_kind) {}
  virtual ~PlanNode() = default;

  PlanKind kind;
  int id = 0;  ///< unique in the plan, given in topological order from 1
  std::vector<PlanPtr> inputs;
  std::vector<Field> output;
  /// What this node emits in streaming mode. A node emits update_before only if a consumer needs
  /// it.
  ChangelogMode changelog;
  /// Sets of output columns that identify a row among the changes (upsert keys); empty: none is
  /// known.
  std::vector<std::vector<int>> upsert_keys;
  /// How long the state of each input is kept after it was last written, in milliseconds; 0, or no
  /// number: for ever (the "ttl" of an ExecNode's "state"). kNoTtlHint until the optimizer has
  /// put the setting's in.
  std::vector<int64_t> state_ttl_ms;
  /// What a STATE_TTL hint says of the inputs, as EXPLAIN shows it: "{LEFT=1d, RIGHT=12h}", "[1d]".
  std::string state_ttl_hint;

  std::vector<model::DataType> OutputTypes() const;
  int64_t StateTtlMs(size_t input = 0) const {
    return input < state_ttl_ms.size() ? state_ttl_ms[input] : 0;
  }
};

/// A column that says something about a row rather than being in it: METADATA FROM 'key'.
struct MetadataColumn {
  std::string name;
  std::string key;
  model::DataType type;     ///< as declared
  bool is_virtual = false;  ///< not written
  std::string comment = {};
};

/// Everything execution needs to know of a table, taken at planning time.
struct TableRef {
  model::TablePath path;
  /// Forebay's own tables have an id; tables of other connectors have the id 0 and live in
  /// `options`.
  model::TableInfo info;
  /// The WITH options merged with OPTIONS hints. "connector" is absent for Forebay's own tables.
  std::map<std::string, std::string> options;
  std::vector<MetadataColumn> metadata = {};

  bool IsForeign() const { return options.contains("connector"); }
  std::string connector() const {
    auto it = options.find("connector");
    return it == options.end() ? "forebay" : it->second;
  }
};

/// Which part of a table a scan reads.
enum class ScanPart : uint8_t {
  kAll,        ///< lake and log: the whole table (the union read)
  kLake,       ///< t$lake: only what is in the lake
  kChangelog,  ///< t$changelog: the log with its change types as columns
};

/// Numbers of the columns that only a $changelog scan has: _change_type, _log_offset and
/// _commit_timestamp.
inline constexpr int kChangeTypeColumn = -1;
inline constexpr int kLogOffsetColumn = -2;
inline constexpr int kCommitTimestampColumn = -3;
/// The number of the table's first metadata column; the next ones count down from here.
inline constexpr int kFirstMetadataColumn = -16;

/// Reads a table's physical columns `columns` (indexes, in output order); a $changelog scan also
/// the columns above. Metadata columns come in the connector's types.
struct TableScanNode : PlanNode {
  TableScanNode() : PlanNode(PlanKind::kTableScan) {}
  TableRef table;
  ScanPart part = ScanPart::kAll;
  std::vector<int> columns;
  /// Empty, or for each of `columns` nothing (it is read whole) or, of a ROW, which fields anything
  /// reads: a source may give NULLs for the others.
  std::vector<std::vector<bool>> used_fields;
  /// Conjuncts over this node's output that a source may use to skip data; the plan still checks
  /// them.
  std::vector<ExpressionPtr> pushed_filters;
  /// The query sees a point in time: milliseconds since the epoch, from FOR SYSTEM_TIME AS OF.
  std::optional<int64_t> as_of_ms;
};

/// Rows given in the statement: literals and calls without columns.
struct ValuesNode : PlanNode {
  ValuesNode() : PlanNode(PlanKind::kValues) {}
  std::vector<std::vector<ExpressionPtr>> rows;
};

/// Filters, then projects (Flink's Calc).
struct CalcNode : PlanNode {
  CalcNode() : PlanNode(PlanKind::kCalc) {}
  ExpressionPtr condition;  ///< null: every row
  std::vector<ExpressionPtr> projections;
};

/// Derives the watermark: the largest value of `expression` so far. `rowtime` is the column that
/// becomes the time attribute.
struct WatermarkNode : PlanNode {
  WatermarkNode() : PlanNode(PlanKind::kWatermark) {}
  int rowtime = 0;
  ExpressionPtr expression;
};

/// GROUP BY without a window. Output: keys, then aggregates. No keys: one group for all rows.
/// SELECT DISTINCT is an aggregate without calls.
struct AggregateNode : PlanNode {
  AggregateNode() : PlanNode(PlanKind::kAggregate) {}
  std::vector<int> keys;
  std::vector<AggregateCall> calls;
};

enum class WindowKind : uint8_t { kTumble, kHop, kCumulate, kSession };

/// A window table-valued function's parameters, in milliseconds.
struct WindowSpec {
  WindowKind kind = WindowKind::kTumble;
  int64_t size_ms = 0;   ///< TUMBLE, HOP: the size; CUMULATE: the largest size; SESSION: the gap
  int64_t slide_ms = 0;  ///< HOP: the slide; CUMULATE: the step
  int64_t offset_ms = 0;
  int time_column = -1;             ///< input column: rowtime or proctime attribute
  std::vector<int> partition_keys;  ///< SESSION: PARTITION BY columns
  /// The input already carries window columns (a window on a window's result): these are their
  /// indexes, and `kind` says what windows they are; -1 otherwise.
  int window_start_column = -1;
  int window_end_column = -1;
};

/// TUMBLE/HOP/CUMULATE/SESSION as a table: the input's columns plus window_start, window_end,
/// window_time.
struct WindowTableNode : PlanNode {
  WindowTableNode() : PlanNode(PlanKind::kWindowTable) {}
  WindowSpec window;
};

enum class WindowProperty : uint8_t { kStart, kEnd, kTime };

/// When the windows of GROUP BY TUMBLE(...) and HOP(...) are answered besides at their ends
/// ('table.exec.emit.*'; Flink's WindowEmitStrategy). Delays are in milliseconds of processing
/// time; 0: with every row.
struct WindowEmit {
  std::optional<int64_t> early_ms;  ///< before the end
  std::optional<int64_t> late_ms;   ///< behind it, as late rows come
  int64_t lateness_ms = 0;          ///< how long a window stays open behind its end
};

/// GROUP BY window_start, window_end over a window table. Output: keys, then aggregates, then the
/// window properties. Emits each window's groups once, when the watermark passes its end.
struct WindowAggregateNode : PlanNode {
  WindowAggregateNode() : PlanNode(PlanKind::kWindowAggregate) {}
  WindowSpec window;
  std::vector<int> keys;
  std::vector<AggregateCall> calls;
  std::vector<WindowProperty> properties;
  std::optional<WindowEmit> emit;
};

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kSemi, kAnti };

/// left_time BETWEEN right_time + lower AND right_time + upper, over a time attribute of each side.
struct JoinInterval {
  bool is_rowtime = true;  ///< both; else both are processing time
  int left_time = -1;      ///< column of the left input
  int right_time = -1;     ///< column of the right input
  int64_t lower_ms = 0;
  int64_t upper_ms = 0;
};

/// FOR SYSTEM_TIME AS OF event time: a left row meets the right row of its key that was the last
/// one at the left row's time. Both are rowtime columns of their inputs. By processing time, which
/// only temporal table functions know, it is the last one that has come.
struct JoinVersions {
  int left_time = -1;
  int right_time = -1;
  bool is_proctime = false;
  /// Columns of the right input that say whose version a row is, as a temporal table function
  /// declares them; empty: the upsert keys say it.
  std::vector<int> declared_key = {};
};

/// Joins two inputs on equal keys; NULL keys never match. Output: left columns, then right columns
/// (left only for SEMI, ANTI).
struct JoinNode : PlanNode {
  JoinNode() : PlanNode(PlanKind::kJoin) {}
  JoinKind join = JoinKind::kInner;
  std::vector<int> left_keys;
  std::vector<int> right_keys;
  ExpressionPtr condition;  ///< over left columns then right columns; null: none
  /// Both inputs carry the same window (a window join): rows match within a window, state goes when
  /// it ends.
  bool windowed = false;
  /// An interval join, in streaming mode: `condition` is without what the interval says.
  std::optional<JoinInterval> interval;
  std::optional<JoinVersions> versions;  ///< a temporal join
};

/// Looks every input row up in a table at processing time (FOR SYSTEM_TIME AS OF proctime). Output:
/// input columns, then the table's columns `columns`.
struct LookupJoinNode : PlanNode {
  LookupJoinNode() : PlanNode(PlanKind::kLookupJoin) {}
  TableRef table;
  std::vector<int> columns;
  bool left_outer = false;
  /// Over the input: for every primary-key column, or for those of model::PrefixLookupKey alone.
  std::vector<ExpressionPtr> keys;
  ExpressionPtr condition;  ///< over input columns then `columns`; null: none
  /// How often, and after how long, a row that found nothing is looked up again (LOOKUP hint).
  int64_t retries = 0;
  int64_t retry_delay_ms = 0;
  /// Rows that found something need not wait for those that are looked up again.
  bool unordered = false;
};

/// How rows are ordered; Flink's default is NULLs smallest.
struct SortKey {
  int column = 0;
  bool descending = false;
  bool nulls_first = true;
};

/// ROW_NUMBER() OVER (PARTITION BY keys ORDER BY ...) BETWEEN rank_start AND rank_end (Flink's
/// Rank). Output: the input's columns and, if `output_rank_number`, the number as BIGINT.
struct RankNode : PlanNode {
  RankNode() : PlanNode(PlanKind::kRank) {}
  std::vector<int> keys;
  std::vector<SortKey> order;
  int64_t rank_start = 1;
  int64_t rank_end = 1;
  bool output_rank_number = false;
  /// Not empty: the columns by which an update finds the row it replaces; updates come without old
  /// rows and never move a row back in `order` (Flink's UpdateFastStrategy).
  std::vector<int> update_keys;
  /// Input and output are per window: keys include the window's columns, results come when the
  /// window ends.
  bool windowed = false;
};

/// Functions OVER (PARTITION BY keys ORDER BY order frame) of one window (Flink's OverAggregate).
/// Output: the input's columns, then the calls. Streaming: `order` is one column, ascending, and
/// the frame ends with the current row; it begins with the first one unless the column is a time
/// attribute.
struct OverAggregateNode : PlanNode {
  OverAggregateNode() : PlanNode(PlanKind::kOverAggregate) {}
  std::vector<int> keys;
  std::vector<SortKey> order;
  OverFrame frame;
  std::vector<AggregateCall> calls;

  /// Whether rows come in the order of the window, with time.
  bool IsByTime() const {
    return !order.empty() &&
           inputs[0]->output[order[0].column].time_attribute != TimeAttribute::kNone;
  }
};

/// Every row once for each element of a collection in it (Flink's Correlate over $UNNEST_ROWS).
/// Output: the input's columns `kept`, then of what an element gives those in `produced`: an
/// ARRAY's element, or its fields when it is a ROW; a MAP's key and value; a MULTISET's element as
/// often as it is in it; behind them the ordinality, from 1.
struct UnnestNode : PlanNode {
  UnnestNode() : PlanNode(PlanKind::kUnnest) {}
  ExpressionPtr collection;  ///< over the input
  std::vector<int> kept;
  std::vector<int> produced;
  bool with_ordinality = false;
  /// LEFT JOIN: a row without elements comes once, with NULLs.
  bool left_outer = false;
  /// Which elements count, over the output; null: all. Only with left_outer: else it is a filter.
  ExpressionPtr condition;
};

/// Changes as rows and back (Flink's TO_CHANGELOG and FROM_CHANGELOG). To rows: every change is an
/// insert of its code, then the input's columns; what has no code is dropped. From rows: the input
/// without its column `op_column`, whose text says the change; text that is no code is an error.
struct ChangelogNode : PlanNode {
  ChangelogNode() : PlanNode(PlanKind::kChangelog) {}
  bool to_rows = true;
  int op_column = -1;
  /// What a change is called: to rows one code a change, from rows any number.
  std::vector<std::pair<std::string, model::ChangeType>> codes;
};

/// ROW_NUMBER() = 1 ordered by a time attribute: keeps the first or the last row of each key
/// (Flink's Deduplicate).
struct DeduplicateNode : PlanNode {
  DeduplicateNode() : PlanNode(PlanKind::kDeduplicate) {}
  std::vector<int> keys;
  int time_column = 0;
  bool keep_last = false;
  bool is_rowtime = true;
  /// Gives a changelog of upserts its old rows (Flink's ChangelogNormalize).
  bool normalizes = false;
  ExpressionPtr condition;  ///< only with `normalizes`: a row that does not meet it is none
};

/// UNION ALL: inputs have equal types.
struct UnionNode : PlanNode {
  UnionNode() : PlanNode(PlanKind::kUnion) {}
};

/// ORDER BY. In streaming mode only rowtime ascending (temporal sort) or under a limit.
struct SortNode : PlanNode {
  SortNode() : PlanNode(PlanKind::kSort) {}
  std::vector<SortKey> order;
};

/// LIMIT/OFFSET; with `order` it is a global top-N.
struct LimitNode : PlanNode {
  LimitNode() : PlanNode(PlanKind::kLimit) {}
  std::vector<SortKey> order;
  int64_t offset = 0;
  std::optional<int64_t> fetch;
  std::vector<int> update_keys;  ///< as RankNode's
};

/// Writes the input into a table. Input columns are the table's physical columns in order.
struct SinkNode : PlanNode {
  SinkNode() : PlanNode(PlanKind::kSink) {}
  TableRef table;
  bool overwrite = false;
  /// The table's columns that are written, others stay as they are (partial update); empty: all.
  std::vector<int> target_columns;
  /// PARTITION (key = value, ...) of the INSERT, as written.
  std::map<std::string, std::string> partition;
};

}  // namespace forebay::sql
