#pragma once

#include <cstdint>

namespace forebay::compute {

/// The bytes of memory that the state of one job may take. Without a number of its own, a job has
/// an equal share of what the machine has for state, with all other such jobs. Thread-safe.
class StateBudget {
 public:
  /// `bytes` 0: a share of `fraction` of the machine's memory. `spare_bytes` -1: what the machine
  /// has to spare when it is asked.
  StateBudget(int64_t bytes, double fraction, int64_t spare_bytes = -1);
  ~StateBudget();
  StateBudget(const StateBudget&) = delete;
  StateBudget& operator=(const StateBudget&) = delete;

  int64_t bytes() const;
  /// How much of the files of state on disk may be in memory beyond the budget, since nobody else
  /// wants that memory: an eighth of what is available. The system takes it when somebody does.
  int64_t spare_bytes() const;

  /// What the machine, or the control group of this process, has.
  static int64_t MachineBytes();

 private:
  const int64_t bytes_;
  const double fraction_;
  const int64_t spare_bytes_;
};

}  // namespace forebay::compute
