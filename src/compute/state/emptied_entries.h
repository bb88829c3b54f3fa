#pragma once

#include <cstdint>

#include "compute/state/keyed_table.h"
#include "compute/state/slice_clock.h"

namespace forebay::compute {

/// Entries of a KeyedTable in which a snapshot found nothing left: they go when it is written, a
/// few at a time. Belongs to one thread at a time.
class EmptiedEntries {
 public:
  void Add(KeyedTable::Entry* entry) { entries_.push_back(entry); }

  /// Calls forget(Entry*) until MonotonicNs() is past `deadline_ns`; whether it is done. An entry
  /// may be gone by then, or in use again: forget must look.
  template <typename F>
  bool Continue(int64_t deadline_ns, F&& forget) {
    SliceClock clock(deadline_ns);
    while (!entries_.empty()) {
      KeyedTable::Entry* entry = entries_.back();
      entries_.pop_back();
      forget(entry);
      if (clock.IsPast()) return entries_.empty();
    }
    return true;
  }

 private:
  StateVector<KeyedTable::Entry*> entries_;
};

}  // namespace forebay::compute
