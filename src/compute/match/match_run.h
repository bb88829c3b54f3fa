#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.h"
#include "compute/match/match_automaton.h"
#include "compute/match/match_store.h"
#include "compute/state/state_allocator.h"
#include "sql/plan/match_node.h"

namespace forebay::compute {

/// A partial match: where it is in the automaton and its last row. `start` is the number of its
/// first row; the one without rows, which every key has, comes after all others.
struct PartialMatch {
  static constexpr uint64_t kNoStart = std::numeric_limits<uint64_t>::max();

  int state = 0;
  MatchLink* last = nullptr;
  uint64_t start = kNoStart;
  int64_t start_time = 0;
};

/// Partial matches by their start. A heap whose array is in the order in which Flink's
/// (java.util.PriorityQueue) would be: it says which of several with one start comes first.
class MatchQueue {
 public:
  bool empty() const { return items_.empty(); }
  const PartialMatch& front() const { return items_.front(); }
  const StateVector<PartialMatch>& items() const { return items_; }
  void Add(const PartialMatch& match);
  PartialMatch Poll();
  void Clear() { items_.clear(); }
  void Swap(MatchQueue& other) { items_.swap(other.items_); }
  /// Takes those out that `gone` is true for, after it was called for each.
  template <typename F>
  void RemoveIf(F gone) {
    size_t kept = 0;
    for (const PartialMatch& item : items_) {
      if (!gone(item)) items_[kept++] = item;
    }
    if (kept == items_.size()) return;
    items_.resize(kept);
    for (size_t i = kept / 2; i-- > 0;) SiftDown(i, items_[i]);
  }

 private:
  void SiftDown(size_t place, PartialMatch item);

  StateVector<PartialMatch> items_;
};

/// What a key has under way.
struct MatchKeyState {
  MatchQueue partial;
  MatchQueue completed;  ///< wait for a partial match that began before them

  /// Nothing but the partial match without rows, which need not be kept.
  bool IsInitial() const { return partial.items().size() <= 1 && completed.empty(); }
};

/// Says whether the row in question fits a variable, after the rows up to `matched`.
class MatchConditions {
 public:
  virtual ~MatchConditions() = default;
  virtual Result<bool> Holds(int variable, const MatchLink* matched) = 0;
};

/// Runs the automaton over the rows of a key and gives matches in Flink's order (its NFA and
/// AfterMatchSkipStrategy). Belongs to one thread at a time. `store` must outlive it.
class MatchRunner {
 public:
  MatchRunner(const sql::MatchNode& node, MatchStore& store);

  MatchKeyState Initial() const;
  const MatchAutomaton& automaton() const { return automaton_; }
  /// The next row; the last rows of the matches it completes go to `found`, who releases them.
  /// Returns whether a partial match began.
  Result<bool> Step(MatchKeyState& key, MatchRow* row, MatchConditions& conditions,
                    std::vector<MatchLink*>& found);
  /// No more rows before `time`: partial matches that are out of time end.
  Status AdvanceTime(MatchKeyState& key, int64_t time, std::vector<MatchLink*>& found);
  void Release(MatchKeyState& key);

 private:
  Result<bool> Test(const MatchEdge& edge, const MatchLink* matched, MatchConditions& conditions);
  Status Follow(const PartialMatch& match, MatchRow* row, MatchConditions& conditions);
  Result<bool> EndsWithoutRow(int state, const MatchLink* matched, MatchConditions& conditions);
  Status Settle(MatchKeyState& key, std::vector<MatchLink*>& found);
  Result<uint64_t> SkipTo(const PartialMatch& match) const;
  bool IsSkipped(uint64_t start, uint64_t to) const;
  void Prune(MatchQueue& queue, uint64_t to);

  MatchAutomaton automaton_;
  MatchStore& store_;
  sql::MatchSkip skip_;
  int skip_variable_;
  std::string skip_name_;
  int64_t within_;
  // Scratch of a step.
  std::vector<int8_t> known_;  ///< of a variable for one partial match: -1 not asked yet
  std::vector<const MatchEdge*> taken_;
  std::vector<int> open_;
  MatchQueue next_;
  MatchQueue potential_;
  std::vector<PartialMatch> results_;
};

}  // namespace forebay::compute
