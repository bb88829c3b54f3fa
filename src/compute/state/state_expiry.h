#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "base/bytes.h"
#include "compute/state/keyed_table.h"

namespace forebay::compute {

/// How long state is kept after it was last written (Flink's StateTtlConfig with OnCreateAndWrite
/// and NeverReturnExpired), by processing time in milliseconds.
struct StateTtl {
  int64_t ms = 0;  ///< 0: for ever

  bool IsOn() const { return ms > 0; }
  /// When what is written at `now_ms` expires; kNever.
  int64_t DueAfter(int64_t now_ms) const {
    if (!IsOn()) return kNever;
    return now_ms > std::numeric_limits<int64_t>::max() - ms ? kNever : now_ms + ms;
  }
  bool IsExpired(int64_t written_ms, int64_t now_ms) const {
    int64_t due = DueAfter(written_ms);
    return due != kNever && due <= now_ms;
  }
  /// As KeyedTable::Due() has it.
  static constexpr int64_t kNever = 0;
  /// The earlier one of two.
  static int64_t Earlier(int64_t a, int64_t b) {
    if (a == kNever || b == kNever) return std::max(a, b);
    return std::min(a, b);
  }
};

/// Lets the entries of a keyed table go when they are due. Whoever looks an entry up asks IsDue and
/// treats what is due as gone; Sweep finds the others, a few pages at a time, so that their memory
/// is used again and pages without entries go back to the system.
///
/// A page is read when its oldest entry may be due, and not again before an eighth of the TTL has
/// passed: nothing is read for entries that stay, in particular nothing from disk. Without a TTL
/// all of it does nothing. Belongs to the table's thread.
class StateExpiry {
 public:
  /// `ttl` is the smallest of those in `table`, which outlives this.
  StateExpiry(KeyedTable& table, StateTtl ttl) : table_(table), ttl_(ttl) {}

  bool IsOn() const { return ttl_.IsOn(); }
  bool IsDue(KeyedTable::Entry* entry, int64_t now_ms) const {
    int64_t due = table_.Due(entry);
    return due != StateTtl::kNever && due <= now_ms;
  }
  /// Something in the entry expires at `due_ms`, too.
  void AddDue(KeyedTable::Entry* entry, int64_t due_ms) const {
    table_.Due(entry) = StateTtl::Earlier(table_.Due(entry), due_ms);
  }

  /// With a TTL, writes when the entry was written, or what amounts to it.
  void SaveTime(KeyedTable::Entry* entry, ByteWriter& value) const {
    if (IsOn()) value.Write<int64_t>(table_.Due(entry) - ttl_.ms);
  }
  /// Says when a restored entry is due: by what SaveTime wrote when `is_timed`, otherwise as if it
  /// was written at `now_ms`.
  Status LoadTime(KeyedTable::Entry* entry, bool is_timed, int64_t now_ms, ByteReader& value) const;

  /// Frees what is due of an entry: erases it, or says when the rest is due. A snapshot that is
  /// being written has the entry as it was.
  using ExpireFunction = std::function<void(KeyedTable::Entry*)>;
  /// Works for up to `budget_ns`, at most once for each `now_ms`; at least one page that is due is
  /// read.
  void Sweep(int64_t now_ms, int64_t budget_ns, const ExpireFunction& expire);
  /// The table has entries of before this process.
  void OnRestore() { page_due_.assign(table_.num_pages(), 0); }

  /// What Sweep may take after a batch, and in a Tick.
  static constexpr int64_t kBatchBudgetNs = 100'000;
  static constexpr int64_t kTickBudgetNs = 2'000'000;

 private:
  void SweepPage(size_t page, int64_t now_ms, const ExpireFunction& expire);

  KeyedTable& table_;
  const StateTtl ttl_;
  std::vector<int64_t> page_due_;  ///< when an entry on the page may be due
  size_t next_page_ = 0;
  int64_t swept_ms_ = std::numeric_limits<int64_t>::min();
};

}  // namespace forebay::compute
