#include "app/demo/incident_reference.h"

#include <algorithm>
#include <array>
#include <map>

#include "app/demo/reference_text.h"

namespace forebay::app {

namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int kLately = 48;
constexpr int kUsually = 28 * 24;

enum Measure {
  kEvents,
  kOrganic,
  kViews,
  kCarts,
  kTrouble,
  kPayments,
  kPaymentErrors,
  kMobileShippings,
  kMobileReturns,
  kHours,  ///< this and below: hours in which there was any of it
  kTroubleHours,
  kPaymentErrorHours,
  kMobileReturnHours,
  kMeasures,
};
using Counts = std::array<int64_t, kMeasures>;

/// Which measures a click counts for, by the names of its event, platform and channel.
void CountClick(const Clickstream& stream, const Click& click, Counts& counts) {
  const std::string& event = stream.events.of(click.event);
  const bool mobile = stream.platforms.of(click.platform) == "mobile";
  ++counts[kEvents];
  counts[kOrganic] += stream.channels.of(click.channel) == "organic";
  counts[kViews] += event == "product_view";
  counts[kCarts] += event == "add_to_cart";
  counts[kTrouble] += event == "error_page" || event == "support_chat";
  counts[kPayments] += event == "payment_details";
  counts[kPaymentErrors] += event == "payment_error";
  counts[kMobileShippings] += mobile && event == "shipping_details";
  counts[kMobileReturns] += mobile && event == "checkout_bug";
}

/// Counts by hour, summed up from the first, so that a window is a difference.
class HourlySums {
 public:
  explicit HourlySums(const Replay& replay) {
    const Clickstream& stream = replay.stream();
    first_ = stream.clicks.front().ts_ms / kHourMs;
    int64_t hours = stream.clicks.back().ts_ms / kHourMs - first_ + 1;
    sums_.resize(hours + 1);
    (void)replay.ForEach([&](const Click& click, int) {
      CountClick(stream, click, sums_[click.ts_ms / kHourMs - first_ + 1]);
      return Status();
    });
    for (Counts& hour : sums_) {
      hour[kHours] = hour[kEvents] > 0;
      hour[kTroubleHours] = hour[kTrouble] > 0;
      hour[kPaymentErrorHours] = hour[kPaymentErrors] > 0;
      hour[kMobileReturnHours] = hour[kMobileReturns] > 0;
    }
    for (size_t i = 1; i < sums_.size(); ++i) {
      for (int m = 0; m < kMeasures; ++m) sums_[i][m] += sums_[i - 1][m];
    }
  }

  int64_t first_hour() const { return first_; }
  int64_t end_hour() const { return first_ + static_cast<int64_t>(sums_.size()) - 1; }
  /// Of the `size` hours before `end`.
  Counts Window(int64_t end, int64_t size) const {
    Counts counts;
    for (int m = 0; m < kMeasures; ++m) counts[m] = Sum(end)[m] - Sum(end - size)[m];
    return counts;
  }

 private:
  const Counts& Sum(int64_t hour) const {
    int64_t last = static_cast<int64_t>(sums_.size()) - 1;
    return sums_[std::clamp<int64_t>(hour - first_, 0, last)];
  }

  int64_t first_ = 0;
  std::vector<Counts> sums_;
};

bool IsPaymentGateway(const Counts& l, const Counts& u) {
  return l[kPaymentErrorHours] >= 3 && l[kPaymentErrors] * 5 >= l[kPayments] &&
         l[kPaymentErrors] * u[kPayments] >= 3 * u[kPaymentErrors] * l[kPayments];
}

bool IsCheckoutBug(const Counts& l, const Counts& u) {
  return l[kMobileReturnHours] >= 3 && l[kMobileReturns] * 5 >= l[kMobileShippings] &&
         l[kMobileReturns] * u[kMobileShippings] >= 2 * u[kMobileReturns] * l[kMobileShippings];
}

bool IsViralArticle(const Counts& l, const Counts& u) {
  return l[kTroubleHours] >= 5 && u[kHours] >= 100 &&
         10 * l[kOrganic] * u[kEvents] >= 13 * u[kOrganic] * l[kEvents] &&
         l[kTrouble] * u[kEvents] >= 2 * u[kTrouble] * l[kEvents] &&
         4 * l[kCarts] * u[kViews] <= 3 * u[kCarts] * l[kViews];
}

struct AlertDay {
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int64_t hours = 0;
};
using AlertDays = std::map<std::pair<std::string, std::string>, AlertDay>;

void AddAlert(AlertDays& days, const char* signal, int64_t at_ms) {
  AlertDay& day = days[{signal, TimeText(at_ms).substr(0, 10)}];
  if (day.hours++ == 0) day.first_ms = at_ms;
  day.last_ms = at_ms;
}

}  // namespace

ExpectedTable ExpectedAlerts(const Replay& replay) {
  HourlySums sums(replay);
  AlertDays days;
  for (int64_t end = sums.first_hour() + 1; end < sums.end_hour() + kLately; ++end) {
    Counts lately = sums.Window(end, kLately);
    Counts usually = sums.Window(end - kLately, kUsually);
    if (usually[kEvents] == 0) continue;
    if (IsPaymentGateway(lately, usually)) AddAlert(days, "payment_gateway", end * kHourMs);
    if (IsCheckoutBug(lately, usually)) AddAlert(days, "checkout_bug", end * kHourMs);
    if (IsViralArticle(lately, usually)) AddAlert(days, "viral_article", end * kHourMs);
  }
  ExpectedTable table{"alerts", "SELECT * FROM ecommerce.alerts", {}};
  for (const auto& [key, day] : days) {
    table.rows.insert(
        TextRow(key.first, key.second, TimeText(day.first_ms), TimeText(day.last_ms), day.hours));
  }
  return table;
}

}  // namespace forebay::app
