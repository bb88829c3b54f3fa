#pragma once

#include <vector>

#include "sql/plan/match_node.h"

namespace forebay::compute {

/// That a row fits a variable, or that it does not.
struct MatchTest {
  int variable;
  bool expected;
};

/// From a state to another, when all tests hold: with the row, or without one (then the row is
/// asked again there).
struct MatchEdge {
  bool takes;
  int target;
  std::vector<MatchTest> tests;
};

/// A PATTERN as states and edges. Which matches there are, and which of several comes first,
/// follows Flink's CEP library (org.apache.flink.cep.nfa.compiler.NFACompiler): every variable has
/// a state for each row that its quantifier counts and one that loops; a greedy variable forbids
/// its rows to the states behind it. Immutable, thread-safe.
class MatchAutomaton {
 public:
  static constexpr int kFinal = 0;

  struct State {
    int variable;
    std::vector<MatchEdge> edges;
  };

  explicit MatchAutomaton(const std::vector<sql::MatchVariable>& variables);

  int start() const { return start_; }
  size_t size() const { return states_.size(); }
  const State& state(int index) const { return states_[index]; }
  /// Variables that the first row of a match may be asked about.
  const std::vector<int>& first_variables() const { return first_variables_; }

 private:
  int AddState(int variable);
  int Convert(const sql::MatchVariable& variable, int index, int sink);
  int AddLoop(int variable, bool greedy, int sink);
  /// A state that takes one row on to `sink`, or goes on to `proceed` without one (-1: not so).
  int AddSingle(int variable, int sink, int proceed);
  void ForbidAfter(int state, int variable);

  std::vector<State> states_;
  std::vector<int> first_variables_;
  int start_ = 0;
};

}  // namespace forebay::compute
