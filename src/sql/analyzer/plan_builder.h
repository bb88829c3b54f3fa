#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sql/plan/plan.h"

// Makes plan nodes with their output fields. Changelog modes, ids and upsert keys come later
// (sql/optimizer).

namespace forebay::sql {

/// Field of a Calc: name, type and time attribute of `expression` over `input`.
Field FieldOf(std::string name, const ExpressionPtr& expression, const PlanNode& input);

PlanPtr MakeCalc(PlanPtr input, ExpressionPtr condition, std::vector<ExpressionPtr> projections,
                 const std::vector<std::string>& names);
/// Keeps every column, under the same fields.
PlanPtr MakeFilter(PlanPtr input, ExpressionPtr condition);
std::vector<ExpressionPtr> IdentityProjections(const PlanNode& input);
std::vector<std::string> OutputNames(const PlanNode& node);

PlanPtr MakeAggregate(PlanPtr input, std::vector<int> keys, std::vector<AggregateCall> calls);
PlanPtr MakeWindowTable(PlanPtr input, WindowSpec window);
PlanPtr MakeWindowAggregate(PlanPtr input, WindowSpec window, std::vector<int> keys,
                            std::vector<AggregateCall> calls);
PlanPtr MakeJoin(JoinKind kind, PlanPtr left, PlanPtr right, std::vector<int> left_keys,
                 std::vector<int> right_keys, ExpressionPtr condition);
PlanPtr MakeRank(PlanPtr input, std::vector<int> keys, std::vector<SortKey> order,
                 const std::string& rank_name);
/// Adds the results of `calls` to the input's columns.
PlanPtr MakeOverAggregate(PlanPtr input, std::vector<int> keys, std::vector<SortKey> order,
                          OverFrame frame, std::vector<AggregateCall> calls);
PlanPtr MakeUnion(std::vector<PlanPtr> inputs);

/// `expression` over a Calc's output as an expression over the Calc's input.
ExpressionPtr Inline(const ExpressionPtr& expression,
                     const std::vector<ExpressionPtr>& projections);
/// The expression with every column index moved by `offset`.
ExpressionPtr ShiftColumns(const ExpressionPtr& expression, int offset);

/// Where a plan's output carries window columns (-1: not), and which windows they are.
struct WindowColumns {
  WindowSpec spec;
  int start = -1;
  int end = -1;
  int time = -1;
  std::vector<int> session_keys;  ///< SESSION: what the sessions are of; -1: not among the columns
};
std::optional<WindowColumns> FindWindow(const PlanNode& node);
/// Whether rows with equal `columns`, those of the window among them, are of one window that is
/// over when the watermark says so; of a SESSION only rows with its very keys are, as in Flink.
bool NamesWindow(const WindowColumns& window, const std::vector<int>& columns);

/// Whether a plan emits nothing but inserts, in streaming mode.
bool IsInsertOnly(const PlanNode& node);

}  // namespace forebay::sql
