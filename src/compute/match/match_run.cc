#include "compute/match/match_run.h"

#include <algorithm>

namespace forebay::compute {

void MatchQueue::Add(const PartialMatch& match) {
  size_t place = items_.size();
  items_.push_back(match);
  while (place > 0) {
    size_t parent = (place - 1) / 2;
    if (match.start >= items_[parent].start) break;
    items_[place] = items_[parent];
    place = parent;
  }
  items_[place] = match;
}

void MatchQueue::SiftDown(size_t place, PartialMatch item) {
  size_t half = items_.size() / 2;
  while (place < half) {
    size_t child = 2 * place + 1;
    size_t right = child + 1;
    if (right < items_.size() && items_[child].start > items_[right].start) child = right;
    if (item.start <= items_[child].start) break;
    items_[place] = items_[child];
    place = child;
  }
  items_[place] = item;
}

PartialMatch MatchQueue::Poll() {
  PartialMatch first = items_.front();
  PartialMatch last = items_.back();
  items_.pop_back();
  if (!items_.empty()) SiftDown(0, last);
  return first;
}

MatchRunner::MatchRunner(const sql::MatchNode& node, MatchStore& store)
    : automaton_(node.variables),
      store_(store),
      skip_(node.skip),
      skip_variable_(node.skip_variable),
      skip_name_(node.variables[node.skip_variable].name),
      within_(node.within_ms),
      known_(node.variables.size(), -1) {}

MatchKeyState MatchRunner::Initial() const {
  MatchKeyState key;
  key.partial.Add({automaton_.start()});
  return key;
}

void MatchRunner::Release(MatchKeyState& key) {
  for (const PartialMatch& match : key.partial.items()) store_.Release(match.last);
  for (const PartialMatch& match : key.completed.items()) store_.Release(match.last);
}

Result<bool> MatchRunner::Test(const MatchEdge& edge, const MatchLink* matched,
                               MatchConditions& conditions) {
  for (const MatchTest& test : edge.tests) {
    int8_t& known = known_[test.variable];
    if (known < 0) {
      ASSIGN_OR_RETURN(bool holds, conditions.Holds(test.variable, matched));
      known = holds ? 1 : 0;
    }
    if ((known == 1) != test.expected) return false;
  }
  return true;
}

/// Whether the end can be reached from `state` without another row.
Result<bool> MatchRunner::EndsWithoutRow(int state, const MatchLink* matched,
                                         MatchConditions& conditions) {
  open_.assign(1, state);
  while (!open_.empty()) {
    int at = open_.back();
    open_.pop_back();
    for (const MatchEdge& edge : automaton_.state(at).edges) {
      if (edge.takes) continue;
      ASSIGN_OR_RETURN(bool holds, Test(edge, matched, conditions));
      if (!holds) continue;
      if (edge.target == MatchAutomaton::kFinal) return true;
      open_.push_back(edge.target);
    }
  }
  return false;
}

/// What becomes of `match` with the row, into results_.
Status MatchRunner::Follow(const PartialMatch& match, MatchRow* row, MatchConditions& conditions) {
  results_.clear();
  taken_.clear();
  std::fill(known_.begin(), known_.end(), int8_t{-1});
  open_.assign(1, match.state);
  while (!open_.empty()) {
    int at = open_.back();
    open_.pop_back();
    for (const MatchEdge& edge : automaton_.state(at).edges) {
      ASSIGN_OR_RETURN(bool holds, Test(edge, match.last, conditions));
      if (!holds) continue;
      if (edge.takes) {
        taken_.push_back(&edge);
      } else {
        open_.push_back(edge.target);
      }
    }
  }
  for (const MatchEdge* edge : taken_) {
    bool begins = match.start == PartialMatch::kNoStart;
    PartialMatch next{edge->target, nullptr, begins ? row->number : match.start,
                      begins ? row->time : match.start_time};
    bool ends = false;
    if (edge->target != MatchAutomaton::kFinal) {
      ASSIGN_OR_RETURN(ends, EndsWithoutRow(edge->target, match.last, conditions));
    }
    // An edge that takes a row tests the variable of the state it leaves first.
    next.last = store_.NewLink(match.last, row, edge->tests[0].variable);
    results_.push_back(next);
    if (!ends) continue;
    next.state = MatchAutomaton::kFinal;
    MatchStore::Share(next.last);
    results_.push_back(next);
  }
  return Status::Ok();
}

Result<bool> MatchRunner::Step(MatchKeyState& key, MatchRow* row, MatchConditions& conditions,
                               std::vector<MatchLink*>& found) {
  next_.Clear();
  potential_.Clear();
  bool began = false;
  for (const PartialMatch& match : key.partial.items()) {
    RETURN_IF_ERROR(Follow(match, row, conditions));
    for (const PartialMatch& next : results_) {
      (next.state == MatchAutomaton::kFinal ? potential_ : next_).Add(next);
    }
    if (match.start == PartialMatch::kNoStart) {
      began = !results_.empty();
      next_.Add(match);
    }
    store_.Release(match.last);
  }
  key.partial.Swap(next_);
  for (const PartialMatch& match : potential_.items()) key.completed.Add(match);
  RETURN_IF_ERROR(Settle(key, found));
  return began;
}

Status MatchRunner::AdvanceTime(MatchKeyState& key, int64_t time, std::vector<MatchLink*>& found) {
  if (within_ == 0) return Status::Ok();
  next_.Clear();
  for (const PartialMatch& match : key.partial.items()) {
    // Java's subtraction wraps.
    auto age =
        static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(match.start_time));
    bool gone = match.start != PartialMatch::kNoStart && age >= within_;
    if (gone) {
      store_.Release(match.last);
    } else {
      next_.Add(match);
    }
  }
  if (next_.items().size() == key.partial.items().size()) return Status::Ok();
  key.partial.Swap(next_);
  return Settle(key, found);
}

/// Gives the completed matches that no partial match began before, each time skipping rows.
Status MatchRunner::Settle(MatchKeyState& key, std::vector<MatchLink*>& found) {
  while (!key.completed.empty()) {
    if (!key.partial.empty() && key.completed.front().start > key.partial.front().start) break;
    PartialMatch match = key.completed.Poll();
    found.push_back(match.last);
    ASSIGN_OR_RETURN(uint64_t to, SkipTo(match));
    Prune(key.partial, to);
    Prune(key.completed, to);
  }
  return Status::Ok();
}

Result<uint64_t> MatchRunner::SkipTo(const PartialMatch& match) const {
  if (skip_ == sql::MatchSkip::kNextRow) return match.start;
  if (skip_ == sql::MatchSkip::kPastLastRow) return match.last->row->number;
  const MatchLink* link = match.last;
  while (link != nullptr && link->variable > skip_variable_) link = link->first->previous;
  if (link == nullptr || link->variable != skip_variable_) {
    return InvalidArgument("AFTER MATCH SKIP TO {}: a match has no row of this variable",
                           skip_name_);
  }
  if (skip_ == sql::MatchSkip::kFirst) link = link->first;
  if (link->previous == nullptr) {
    return InvalidArgument(
        "AFTER MATCH SKIP TO {} leads to the first row of the match, which would match forever",
        skip_name_);
  }
  return link->row->number;
}

bool MatchRunner::IsSkipped(uint64_t start, uint64_t to) const {
  if (start == PartialMatch::kNoStart) return false;
  bool whole = skip_ == sql::MatchSkip::kNextRow || skip_ == sql::MatchSkip::kPastLastRow;
  return whole ? start <= to : start < to;
}

void MatchRunner::Prune(MatchQueue& queue, uint64_t to) {
  queue.RemoveIf([&](const PartialMatch& match) {
    bool gone = IsSkipped(match.start, to);
    if (gone) store_.Release(match.last);
    return gone;
  });
}

}  // namespace forebay::compute
