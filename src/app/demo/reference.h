#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "app/demo/clickstream.h"

namespace forebay::app {

/// What a result table must hold, and how to ask for it. Rows are lines: cells as text, joined by
/// '|'.
struct ExpectedTable {
  std::string name;
  std::string query;
  std::unordered_set<std::string> rows;
};

/// The results of examples/ecommerce.sql, computed anew from the raw clicks by plain loops that
/// share nothing with the engine: no windows, no joins, no state tables.
std::vector<ExpectedTable> ComputeReference(const Replay& replay);

}  // namespace forebay::app
