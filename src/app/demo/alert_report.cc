#include "app/demo/alert_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/value_text.h"

namespace forebay::app {

namespace {

constexpr int64_t kHourMs = 3'600'000;
/// A signal looks back two days, so that it may last so much longer than its cause.
constexpr int64_t kLookBackMs = 48 * kHourMs;

int64_t TimeOf(std::string_view text) { return model::ParseTimestamp(text, 3).value_or(0); }

std::string DelayText(int64_t ms) {
  int64_t hours = (ms + kHourMs / 2) / kHourMs;
  return hours < 48 ? fmt::format("{} h", hours) : fmt::format("{} d {} h", hours / 24, hours % 24);
}

/// When the incident first showed in the clicks; 0 when it has no event of its own.
int64_t FirstSignMs(const PlantedIncident& incident, const Clickstream& stream) {
  int event = stream.events.Find(incident.marker);
  for (const Click& click : stream.clicks) {
    if (click.event == event) return click.ts_ms;
  }
  return 0;
}

bool IsWithin(const PlantedIncident& incident, const FirstAlert& alert) {
  int64_t end_ms = TimeOf(incident.last_day) + 24 * kHourMs;
  int64_t detected_ms = TimeOf(alert.detected_at);
  return detected_ms >= TimeOf(incident.first_day) && detected_ms <= end_ms &&
         TimeOf(alert.last_seen_at) <= end_ms + kLookBackMs;
}

}  // namespace

Result<std::vector<FirstAlert>> FirstAlerts(ShopQueries& queries) {
  ASSIGN_OR_RETURN(auto rows, queries.Rows("SELECT signal, MIN(detected_at), MAX(last_seen_at), "
                                           "COUNT(*) FROM ecommerce.alerts GROUP BY signal"));
  std::vector<FirstAlert> alerts;
  for (const auto& row : rows) alerts.push_back({row[0], row[1], row[2], row[3]});
  return alerts;
}

std::vector<std::string> IncidentLines(const std::vector<FirstAlert>& alerts,
                                       const Clickstream& stream, bool& all_found) {
  std::vector<std::string> lines;
  all_found = true;
  for (const PlantedIncident& incident : kPlantedIncidents) {
    auto alert = std::find_if(alerts.begin(), alerts.end(),
                              [&](const FirstAlert& a) { return a.signal == incident.signal; });
    bool found = alert != alerts.end() && IsWithin(incident, *alert);
    all_found = all_found && found;
    std::string planted = fmt::format("{:<25} planted {} to {}", incident.title, incident.first_day,
                                      incident.last_day);
    if (alert == alerts.end()) {
      lines.push_back(planted + ": NOT FOUND");
      continue;
    }
    int64_t detected_ms = TimeOf(alert->detected_at);
    std::string line = fmt::format(
        "{}: found {}{}, {} after its start", planted, alert->detected_at.substr(0, 16),
        found ? "" : " (OUTSIDE ITS DAYS)", DelayText(detected_ms - TimeOf(incident.first_day)));
    if (int64_t sign_ms = FirstSignMs(incident, stream); sign_ms > 0) {
      line += fmt::format(", {} after its first sign", DelayText(detected_ms - sign_ms));
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace forebay::app
