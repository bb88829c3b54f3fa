#pragma once

#include <string>
#include <vector>

#include "app/demo/clickstream.h"
#include "app/demo/incident_reference.h"
#include "app/demo/shop_queries.h"

namespace forebay::app {

/// The first time a signal was seen, and on how many days in all.
struct FirstAlert {
  std::string signal;
  std::string detected_at;
  std::string last_seen_at;
  std::string days;
};
Result<std::vector<FirstAlert>> FirstAlerts(ShopQueries& queries);

/// A line for each planted incident: when it was found and how long after its start. `all_found` is
/// false when one was not found between its days, or was seen outside of them.
std::vector<std::string> IncidentLines(const std::vector<FirstAlert>& alerts,
                                       const Clickstream& stream, bool& all_found);

}  // namespace forebay::app
