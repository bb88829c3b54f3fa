#pragma once

#include "app/demo/clickstream.h"
#include "app/demo/reference.h"

namespace forebay::app {

/// The table alerts, from hourly counts and their running sums.
ExpectedTable ExpectedAlerts(const Replay& replay);

/// An incident that the makers of the data set planted in it, as its documentation dates it.
struct PlantedIncident {
  const char* signal;
  const char* title;
  const char* first_day;
  const char* last_day;
  const char* marker;  ///< an event that occurs in the incident only; empty: none
};

inline constexpr PlantedIncident kPlantedIncidents[] = {
    {"viral_article", "viral article", "2024-02-29", "2024-03-03", ""},
    {"checkout_bug", "checkout bug", "2024-04-09", "2024-05-09", "checkout_bug"},
    {"payment_gateway", "payment gateway incident", "2024-05-19", "2024-06-07", "payment_error"},
};

}  // namespace forebay::app
