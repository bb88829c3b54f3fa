#include "app/demo/reference.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>

#include "app/demo/incident_reference.h"
#include "app/demo/reference_text.h"

namespace forebay::app {

namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kSessionGapMs = 30 * kMinuteMs;

/// One copy of one user, with the clicks in order. The clicks of all copies are the same, so what
/// is counted of a user is counted in the file once and then repeated for every copy that has all
/// of the user's clicks; a copy that ends early is counted by itself.
struct UserClicks {
  std::vector<const Click*> clicks;
};

/// Distinct events fit a word: the data set has nineteen.
using EventSet = uint64_t;

struct SessionRow {
  int64_t start_ms = 0;
  int64_t last_ms = 0;
  int64_t events = 0;
  EventSet pages = 0;
  int64_t purchases = 0;
};

std::vector<SessionRow> SessionsOf(const UserClicks& user, int purchase) {
  std::vector<SessionRow> sessions;
  for (const Click* click : user.clicks) {
    if (sessions.empty() || click->ts_ms - sessions.back().last_ms > kSessionGapMs) {
      sessions.push_back({.start_ms = click->ts_ms});
    }
    SessionRow& session = sessions.back();
    session.last_ms = click->ts_ms;
    ++session.events;
    session.pages |= EventSet{1} << click->event;
    if (click->event == purchase) ++session.purchases;
  }
  return sessions;
}

class ReferenceBuilder {
 public:
  explicit ReferenceBuilder(const Replay& replay) : replay_(replay), stream_(replay.stream()) {}

  std::vector<ExpectedTable> Build() {
    CollectUsers();
    for (int copy = 0; copy < replay_.copies(); ++copy) {
      const std::vector<UserClicks>& users = copy + 1 < replay_.copies() ? whole_ : last_;
      for (int user = 0; user < stream_.users.size(); ++user) AddUser(users[user], user, copy);
    }
    AddFunnel();
    AddActivity();
    std::vector<ExpectedTable> tables;
    for (ExpectedTable* table :
         {&sessions_, &features_, &top_pages_, &funnel_, &by_hour_, &sliding_, &orders_}) {
      tables.push_back(std::move(*table));
    }
    tables.push_back(ExpectedAlerts(replay_));
    return tables;
  }

 private:
  void CollectUsers() {
    whole_.resize(stream_.users.size());
    last_.resize(stream_.users.size());
    const int64_t in_last_copy =
        replay_.rows() - (replay_.copies() - 1) * static_cast<int64_t>(stream_.clicks.size());
    for (size_t i = 0; i < stream_.clicks.size(); ++i) {
      const Click& click = stream_.clicks[i];
      whole_[click.user].clicks.push_back(&click);
      if (static_cast<int64_t>(i) < in_last_copy) last_[click.user].clicks.push_back(&click);
    }
  }

  void AddUser(const UserClicks& user, int id, int copy) {
    if (user.clicks.empty()) return;
    std::string name;
    Replay::AppendName(name, stream_.users.of(id), copy);
    AddSessions(user, name);
    std::vector<int64_t> counts(stream_.events.size());
    for (const Click* click : user.clicks) ++counts[click->event];
    AddFeatures(user, name, counts);
    AddTopPages(name, counts);
    AddFunnelUser(counts, user.clicks.back()->lifecycle);
    AddOrders(user, name, copy);
  }

  void AddSessions(const UserClicks& user, const std::string& name) {
    for (const SessionRow& row : SessionsOf(user, Event("purchase"))) {
      sessions_.rows.insert(
          TextRow(name, TimeText(row.start_ms), TimeText(row.last_ms + kSessionGapMs), row.events,
                  std::popcount(row.pages), row.purchases, row.purchases > 0 ? "TRUE" : "FALSE"));
    }
  }

  void AddFeatures(const UserClicks& user, const std::string& name,
                   const std::vector<int64_t>& counts) {
    int64_t pages = std::count_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; });
    features_.rows.insert(TextRow(name, user.clicks.size(), Count(counts, "product_view"),
                                  Count(counts, "add_to_cart"), Count(counts, "purchase"), pages,
                                  TimeText(user.clicks.back()->ts_ms)));
  }

  void AddTopPages(const std::string& name, const std::vector<int64_t>& counts) {
    std::vector<std::pair<int64_t, std::string>> pages;
    for (int event = 0; event < stream_.events.size(); ++event) {
      if (counts[event] > 0) pages.emplace_back(-counts[event], stream_.events.of(event));
    }
    std::sort(pages.begin(), pages.end());
    for (size_t i = 0; i < std::min<size_t>(pages.size(), 3); ++i) {
      top_pages_.rows.insert(TextRow(name, i + 1, pages[i].second, -pages[i].first));
    }
  }

  void AddFunnelUser(const std::vector<int64_t>& counts, int lifecycle) {
    auto& stages = stages_[lifecycle];
    ++stages[0];
    int stage = 1;
    for (const char* event : {"product_view", "add_to_cart", "payment_details", "purchase"}) {
      stages[stage++] += Count(counts, event) > 0 ? 1 : 0;
    }
  }

  void AddOrders(const UserClicks& user, const std::string& name, int copy) {
    for (const Click* click : user.clicks) {
      if (click->event != Event("purchase")) continue;
      std::string session;
      Replay::AppendName(session, stream_.sessions.of(click->session), copy);
      orders_.rows.insert(TextRow(name, session, TimeText(click->ts_ms), click->product_id, 1));
    }
  }

  void AddFunnel() {
    for (const auto& [lifecycle, n] : stages_) {
      funnel_.rows.insert(TextRow(stream_.lifecycles.of(lifecycle), n[0], n[1], n[2], n[3], n[4]));
    }
  }

  /// Copies differ in users only: events of an hour are multiples, and so are its visitors.
  void AddActivity() {
    std::map<std::array<int64_t, 3>, int64_t> by_hour;
    std::map<std::array<int64_t, 2>, std::pair<int64_t, int64_t>> sliding;
    AddActivityOf(whole_, replay_.copies() - 1, by_hour, sliding);
    AddActivityOf(last_, 1, by_hour, sliding);
    for (const auto& [key, n] : by_hour) {
      by_hour_.rows.insert(
          TextRow(TimeText(key[0]), stream_.events.of(key[1]), stream_.platforms.of(key[2]), n));
    }
    for (const auto& [key, n] : sliding) {
      sliding_.rows.insert(TextRow(TimeText(key[0]), TimeText(key[0] + 6 * kHourMs),
                                   stream_.platforms.of(key[1]), n.first, n.second));
    }
  }

  template <typename ByHour, typename Sliding>
  void AddActivityOf(const std::vector<UserClicks>& users, int64_t copies, ByHour& by_hour,
                     Sliding& sliding) {
    if (copies == 0) return;
    for (const UserClicks& user : users) {
      std::set<std::array<int64_t, 2>> present;
      for (const Click* click : user.clicks) {
        int64_t hour = click->ts_ms / kHourMs * kHourMs;
        by_hour[{hour, click->event, click->platform}] += copies;
        for (int64_t start = hour - 5 * kHourMs; start <= hour; start += kHourMs) {
          std::array<int64_t, 2> key = {start, click->platform};
          sliding[key].first += copies;
          if (present.insert(key).second) sliding[key].second += copies;
        }
      }
    }
  }

  int Event(const char* name) const { return stream_.events.Find(name); }
  int64_t Count(const std::vector<int64_t>& counts, const char* name) const {
    int event = Event(name);
    return event < 0 ? 0 : counts[event];
  }

  const Replay& replay_;
  const Clickstream& stream_;
  std::vector<UserClicks> whole_;                 ///< of the copies before the last, by user
  std::vector<UserClicks> last_;                  ///< of the last copy
  std::map<int, std::array<int64_t, 5>> stages_;  ///< by lifecycle: users that got so far

  ExpectedTable sessions_{"sessions", "SELECT * FROM ecommerce.sessions", {}};
  ExpectedTable features_{"user_features", "SELECT * FROM ecommerce.user_features", {}};
  ExpectedTable top_pages_{"top_pages", "SELECT * FROM ecommerce.top_pages", {}};
  ExpectedTable funnel_{"funnel", "SELECT * FROM ecommerce.funnel", {}};
  ExpectedTable by_hour_{"activity_by_hour", "SELECT * FROM ecommerce.activity_by_hour", {}};
  ExpectedTable sliding_{"activity_sliding", "SELECT * FROM ecommerce.activity_sliding", {}};
  /// The price depends on when the click met the product, so that only its presence is compared.
  ExpectedTable orders_{"orders",
                        "SELECT user_id, session_id, ts, product_id, COUNT(price) FROM "
                        "ecommerce.orders GROUP BY user_id, session_id, ts, product_id",
                        {}};
};

}  // namespace

std::vector<ExpectedTable> ComputeReference(const Replay& replay) {
  return ReferenceBuilder(replay).Build();
}

}  // namespace forebay::app
