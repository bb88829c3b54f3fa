#pragma once

#include <nlohmann/json.hpp>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// A node's window; reading throws as in expression_json.h.
nlohmann::json WindowJson(const WindowSpec& window);
WindowSpec WindowOf(const nlohmann::json& json);

}  // namespace forebay::sql
