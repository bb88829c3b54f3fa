#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/analyzer/query_analyzer.h"
#include "sql/plan/match_node.h"

namespace forebay::sql {

/// Analyzes one MATCH_RECOGNIZE by Flink's rules. Expressions are analyzed over a scope that has
/// the input's columns once for all rows of the match (the qualifier "*") and once for each
/// variable; FIRST, LAST, aggregates and the match's time stand in them as pseudo columns far
/// behind. In the end every column that is read becomes a MatchCell.
class MatchAnalyzer {
 public:
  /// Everything outlives it.
  MatchAnalyzer(const MatchAst& ast, const Relation& input, const UserFunctions& functions,
                bool streaming)
      : ast_(ast), input_(input), functions_(functions), streaming_(streaming) {}

  Result<PlanPtr> Analyze();

 private:
  static constexpr int kCells = 1 << 20;
  static constexpr int kAggregates = 1 << 21;
  static constexpr int kTime = 1 << 22;

  Status Pattern();
  Status AddVariables(const PatternAst& part);
  Status CheckPattern() const;
  Status Skip();
  Status Within();
  Result<int> InputColumn(const ExpressionAst& ast, const char* clause) const;
  Status Keys();
  Status Order();
  Status CheckOrder() const;
  void MakeScope();
  Status Definitions();
  Status Measures();
  Status CheckMeasureNames() const;
  Field MeasureField(const std::string& name, const ExpressionPtr& measure) const;

  /// An expression with pseudo columns, to be Placed when all that share `read_` are known.
  Result<ExpressionPtr> Analyzed(const ExpressionAst& ast);
  Result<ExpressionPtr> Hook(const ExpressionAst& call);
  Result<ExpressionPtr> Modified(const ExpressionAst& call, const std::string& name);
  Result<ExpressionPtr> Navigation(const ExpressionAst& call, const std::string& name);
  Result<ExpressionPtr> Aggregate(const ExpressionAst& call, const std::string& name);
  ExpressionPtr AddAggregate(MatchAggregate aggregate);
  Result<ExpressionPtr> Statistic(MatchAggregate aggregate, const std::string& name);
  Result<ExpressionPtr> MatchTime(const ExpressionAst& call, bool rowtime);
  Result<MatchAggregate> AggregateCallOf(const ExpressionAst& call, const std::string& name);

  int VariableIndex(const std::string& name) const;
  int num_columns() const { return static_cast<int>(input_.plan->output.size()); }
  /// The variable of a column of scope_, and the input's column that it is.
  int VariableOf(int column) const {
    int variable = column / num_columns() - 1;
    bool known = variable < static_cast<int>(node_->variables.size());
    return known ? variable : MatchCell::kNoVariable;
  }
  int AddCell(MatchCell cell);
  /// Columns of scope_ in `e` become the cell that a navigation asks for.
  ExpressionPtr Navigated(const ExpressionPtr& e, bool from_first, int offset);
  /// Pseudo columns become the places they have in the end.
  ExpressionPtr Placed(const ExpressionPtr& e) const;
  /// The variables whose columns `e` reads.
  void CollectVariables(const Expression& e, std::vector<int>& variables) const;

  const MatchAst& ast_;
  const Relation& input_;
  const UserFunctions& functions_;
  bool streaming_;
  std::shared_ptr<MatchNode> node_;
  Scope scope_;
  // Of the expression that is analyzed.
  MatchInput* read_ = nullptr;
  int current_ = -1;       ///< the variable that DEFINE defines; -1: a measure
  bool nested_ = false;    ///< inside FIRST, LAST, PREV, NEXT or an aggregate
  bool physical_ = false;  ///< directly inside PREV or NEXT
};

}  // namespace forebay::sql
