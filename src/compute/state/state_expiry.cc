#include "compute/state/state_expiry.h"

#include "base/clock.h"

namespace forebay::compute {
namespace {

/// A page's entries are written at different times: they are let go in as many parts.
constexpr int64_t kSweepsPerTtl = 8;
/// Pages that are asked whether they are due, of those that are not.
constexpr size_t kPagesAskedMax = 4096;

}  // namespace

Status StateExpiry::LoadTime(KeyedTable::Entry* entry, bool is_timed, int64_t now_ms,
                             ByteReader& value) const {
  int64_t written_ms = now_ms;
  if (is_timed) {
    ASSIGN_OR_RETURN(written_ms, value.Read<int64_t>());
  }
  if (IsOn()) table_.Due(entry) = ttl_.DueAfter(written_ms);
  return Status::Ok();
}

void StateExpiry::Sweep(int64_t now_ms, int64_t budget_ns, const ExpireFunction& expire) {
  if (!IsOn() || now_ms == swept_ms_) return;
  swept_ms_ = now_ms;
  // What is on a new page was written now or later.
  page_due_.resize(table_.num_pages(), ttl_.DueAfter(now_ms));
  if (page_due_.empty()) return;
  int64_t deadline = MonotonicNs() + budget_ns;
  size_t pages = std::min(page_due_.size(), kPagesAskedMax);
  for (size_t asked = 0; asked < pages; ++asked) {
    size_t page = next_page_ % page_due_.size();
    next_page_ = page + 1;
    if (page_due_[page] > now_ms) continue;
    SweepPage(page, now_ms, expire);
    if (MonotonicNs() >= deadline) return;
  }
}

void StateExpiry::SweepPage(size_t page, int64_t now_ms, const ExpireFunction& expire) {
  int64_t earliest = StateTtl::kNever;
  bool has_entries = false;
  table_.ForEachOnPage(page, [&](KeyedTable::Entry* entry) {
    if (IsDue(entry, now_ms)) {
      table_.Preserve(entry);
      expire(entry);
      if (!table_.IsLive(entry)) return;
    }
    has_entries = true;
    earliest = StateTtl::Earlier(earliest, table_.Due(entry));
  });
  if (!has_entries) table_.ReleasePage(page);
  int64_t soonest = now_ms + std::max<int64_t>(ttl_.ms / kSweepsPerTtl, 1);
  // Entries that are made there later are not due before a TTL has passed.
  int64_t latest = std::max(ttl_.DueAfter(now_ms), soonest);
  if (earliest == StateTtl::kNever) earliest = latest;
  page_due_[page] = std::clamp(earliest, soonest, latest);
}

}  // namespace forebay::compute
