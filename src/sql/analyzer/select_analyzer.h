#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/subquery.h"

namespace forebay::sql {

/// Analyzes one SELECT: FROM and WHERE, then aggregation, then OVER windows, then ROW_NUMBER, then
/// the projection. Expressions are analyzed once over the FROM scope; what a later stage computes
/// stands in them as pseudo columns (aggregates and window properties behind the scope's, OVER
/// calls far behind), which each stage replaces by its output columns.
class SelectAnalyzer {
 public:
  explicit SelectAnalyzer(QueryAnalyzer& queries) : queries_(queries) {}

  /// `order_by`: keys over the result; those that are no result column are appended to it as extra
  /// columns.
  Result<Relation> Analyze(const SelectAst& select, const std::vector<OrderItemAst>& order_by,
                           std::vector<SortKey>& order, int& num_visible);

 private:
  /// Pseudo columns of the stages after the aggregation are this plus their index.
  static constexpr int kLaterStage = 1 << 20;

  struct Pseudo {
    enum class Kind {
      kAggregate,
      kProperty,
      kGroupingSet,
      kRank,
      kOver,
      kSubquery
    } kind = Kind::kAggregate;
    int index = 0;  ///< into aggregates_, overs_ or subqueries_, or the WindowProperty
  };
  struct Aggregate {
    AggregateCall call;
    std::vector<ExpressionPtr> args;
    ExpressionPtr filter;
  };
  struct OverWindow {
    std::vector<ExpressionPtr> partition;
    std::vector<ExpressionPtr> order;
    std::vector<SortKey> keys;
    OverFrame frame;
  };
  struct OverCall {
    Aggregate aggregate;
    OverWindow window;
  };

  /// A subquery of the select list or HAVING, and what it reads of this query.
  struct PendingSubquery {
    Subquery subquery;
    std::map<int, ExpressionPtr> outer_values;  ///< by the column of scope_
    bool filters = false;                       ///< a conjunct of HAVING, else a value
  };

  Status FromAndWhere(const SelectAst& select);
  Status Where(const ExpressionAst& condition);
  Status Having(const ExpressionAst& condition);
  Result<PendingSubquery> PendingOf(const ExpressionAst& ast);
  /// EXISTS or IN as a conjunct of WHERE.
  Status WhereSubquery(const ExpressionAst& ast, bool negated);
  /// The value of a subquery anywhere else in WHERE; null when `ast` is none.
  Result<ExpressionPtr> WhereValue(const ExpressionAst& ast, bool only_truth_matters);
  Result<Subquery> AnalyzeSubquery(const ExpressionAst& ast, ExpressionAnalyzer& operands);
  Result<ExpressionPtr> SubqueryOf(const ExpressionAst& ast);
  /// Joins the pending subqueries to plan_ and puts their values where they stand.
  Status ApplySubqueries();
  void ReplacePending(int column, const ExpressionPtr& value);
  Status GroupBy(const SelectAst& select);
  /// Adds a key; -1 for a window function, which is none.
  Result<int> GroupKey(const ExpressionAst& ast);
  Status GroupWindow(const ExpressionAst& call);
  Status Items(const SelectAst& select);
  Status Star(const ExpressionAst& star);
  Status StarOfRow(const ExpressionAst& star);
  Status OrderBy(const std::vector<OrderItemAst>& items, std::vector<SortKey>& order);
  Result<int> OrderColumn(const ExpressionAst& ast);

  /// CURRENT_DATABASE(); null for any other call.
  Result<ExpressionPtr> SessionValue(const ExpressionAst& call);
  Result<ExpressionPtr> Hook(const ExpressionAst& call);
  Result<ExpressionPtr> AggregateOf(const ExpressionAst& call, const std::string& name);
  /// The pseudo column of the aggregate `name`, which may be there already.
  Result<ExpressionPtr> AddAggregate(Aggregate aggregate, const std::string& name,
                                     bool may_be_empty);
  /// The same with the type in it already.
  Result<ExpressionPtr> AddTypedAggregate(Aggregate aggregate, const std::string& name);
  Result<ExpressionPtr> UserAggregateOf(const ExpressionAst& call, const CatalogFunction& function);
  Result<ExpressionPtr> StatisticOf(Aggregate of, const std::string& name, bool may_be_empty);
  Result<ExpressionPtr> StatisticOver(OverCall of, const std::string& name);
  Result<ExpressionPtr> OverOf(const ExpressionAst& call, const std::string& name);
  ExpressionPtr AddOver(OverCall over);
  /// The name and type of a function over a window; `user`: of a user's own.
  Status NameOver(const ExpressionAst& call, const std::string& name,
                  const std::optional<CatalogFunction>& user, Aggregate& aggregate);
  Result<OverWindow> WindowOf(const OverAst& over, bool framed);
  /// GROUPING, GROUPING_ID and GROUP_ID.
  Result<ExpressionPtr> GroupingOf(const ExpressionAst& call, const std::string& name);
  /// The window and the time column of TUMBLE(...), TUMBLE_START(...) and their kin.
  Result<WindowSpec> GroupWindowOf(const ExpressionAst& call, const std::string& function);
  Result<ExpressionPtr> GroupProperty(const ExpressionAst& call, const std::string& name);
  Result<ExpressionPtr> AnalyzeItem(const ExpressionAst& ast);
  ExpressionPtr AddPseudo(Pseudo pseudo, model::DataType type);

  /// Puts the aggregation over plan_ and rewrites every pending expression to its output.
  Status ApplyAggregation();
  void ApplyWindowAggregation(const WindowColumns& window);
  struct WindowedInput;
  void AddKeys(const WindowColumns& window, WindowedInput& in);
  std::optional<WindowedInput> ComputedWindows(const WindowColumns& window);
  WindowedInput AttachedWindows(const WindowColumns& window);
  PlanPtr PlainAggregation(std::vector<ExpressionPtr> projections, std::vector<std::string> names,
                           std::vector<int> keys, std::vector<AggregateCall> calls);
  /// What 'table.exec.emit.*' asks of the windows that are grouped by.
  Result<std::optional<WindowEmit>> EmitOf(WindowKind kind) const;
  PlanPtr WithStateTtl(PlanPtr aggregate) const;
  bool InEverySet(size_t key) const;
  bool KeepsWindows(const WindowColumns& window) const;
  bool IsOfWindows(const WindowColumns& window);
  PlanPtr OnceForEachSet(WindowedInput& in) const;
  void PlacePseudo(size_t num_keys);
  PlanPtr GroupingSetsAggregation();
  void PrepareCalls(std::vector<ExpressionPtr>& projections, std::vector<std::string>& names,
                    std::vector<AggregateCall>& calls) const;
  Result<ExpressionPtr> AfterAggregation(const ExpressionPtr& expression) const;
  void ApplyOvers();
  /// Adds the calls of overs_ that share the window of `first` to plan_; where they are goes to
  /// `columns`.
  void ApplyWindow(size_t first, std::vector<int>& columns);
  void ApplyRank();
  Status Distinct(Relation& result);
  /// Calls `f` on every expression that is still to be evaluated above the current plan.
  template <typename F>
  Status ForPending(F f);

  QueryAnalyzer& queries_;
  PlanPtr plan_;
  Scope scope_;
  std::vector<Pseudo> pseudo_;
  std::vector<Aggregate> aggregates_;
  const SelectAst* select_ = nullptr;
  const ExpressionAst* item_ = nullptr;  ///< of SELECT, while it is analyzed
  std::optional<OverWindow> rank_;
  std::vector<OverCall> overs_;
  std::vector<PendingSubquery> subqueries_;
  bool grouped_ = false;
  std::optional<StateTtlHint> state_ttl_;  ///< of FROM, when that is no join
  std::vector<ExpressionPtr> keys_;
  std::vector<std::string> key_names_;
  std::vector<std::vector<int>> grouping_sets_;  ///< of keys_; empty: all rows by all keys
  std::optional<WindowSpec> group_window_;       ///< legacy GROUP BY TUMBLE(...)
  int group_time_column_ = -1;

  std::vector<ExpressionPtr> items_;
  std::vector<std::string> names_;
  std::vector<std::string> qualifiers_;
  ExpressionPtr having_;
  /// After aggregation: where each key and pseudo column is in the aggregation's output.
  std::vector<int> key_columns_;
  std::vector<int> pseudo_columns_;
};

/// The parameters of TUMBLE, HOP, CUMULATE or SESSION from interval arguments in SQL order; errors
/// name the function. The windows of GROUP BY have no offset, and HOP any size.
Result<WindowSpec> MakeWindowSpec(const std::string& function,
                                  const std::vector<const ExpressionAst*>& intervals,
                                  bool is_group_window);

/// A plan over `plan` with `expressions` as extra columns where they are not plain columns already;
/// their indexes go to `columns`.
PlanPtr WithColumns(PlanPtr plan, const std::vector<ExpressionPtr>& expressions,
                    std::vector<int>& columns);

}  // namespace forebay::sql
