#include "compute/match/match_automaton.h"

#include <algorithm>

namespace forebay::compute {

MatchAutomaton::MatchAutomaton(const std::vector<sql::MatchVariable>& variables) {
  AddState(-1);
  start_ = kFinal;
  for (size_t i = variables.size(); i-- > 0;) {
    start_ = Convert(variables[i], static_cast<int>(i), start_);
  }
  for (const MatchEdge& edge : states_[start_].edges) {
    if (edge.takes) first_variables_.push_back(states_[start_].variable);
  }
  std::vector<int> open = {start_};
  while (!open.empty()) {
    int state = open.back();
    open.pop_back();
    for (const MatchEdge& edge : states_[state].edges) {
      if (!edge.takes) open.push_back(edge.target);
      for (const MatchTest& test : edge.tests) first_variables_.push_back(test.variable);
    }
  }
  std::sort(first_variables_.begin(), first_variables_.end());
  first_variables_.erase(std::unique(first_variables_.begin(), first_variables_.end()),
                         first_variables_.end());
}

int MatchAutomaton::AddState(int variable) {
  states_.push_back({variable, {}});
  return static_cast<int>(states_.size()) - 1;
}

void MatchAutomaton::ForbidAfter(int state, int variable) {
  for (MatchEdge& edge : states_[state].edges) edge.tests.push_back({variable, false});
}

int MatchAutomaton::AddSingle(int variable, int sink, int proceed) {
  int state = AddState(variable);
  states_[state].edges.push_back({true, sink, {{variable, true}}});
  if (proceed >= 0) states_[state].edges.push_back({false, proceed, {}});
  return state;
}

int MatchAutomaton::AddLoop(int variable, bool greedy, int sink) {
  int state = AddState(variable);
  states_[state].edges.push_back({false, sink, {}});
  if (greedy) ForbidAfter(sink, variable);
  states_[state].edges.push_back({true, state, {{variable, true}}});
  return state;
}

int MatchAutomaton::Convert(const sql::MatchVariable& variable, int index, int sink) {
  bool optional = variable.min == 0;
  bool loops = variable.max < 0;
  bool single = !loops && variable.max == 1;
  bool greedy = !variable.reluctant && !single && variable.min != variable.max;
  int from = std::max(variable.min, 1);
  int to = loops ? from : std::max(variable.max, 1);
  int last = sink;
  if (loops) {
    last = AddLoop(index, greedy, sink);
  } else if (greedy) {
    ForbidAfter(sink, index);
  }
  for (int i = from; i < to; ++i) last = AddSingle(index, last, sink);
  for (int i = 1; i < from; ++i) last = AddSingle(index, last, -1);
  return AddSingle(index, last, optional ? sink : -1);
}

}  // namespace forebay::compute
