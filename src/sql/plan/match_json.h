#pragma once

#include <nlohmann/json.hpp>

#include "sql/plan/match_node.h"

namespace forebay::sql {

/// A Match's own members but keys and order; reading throws as in expression_json.h.
void WriteMatch(const MatchNode& node, nlohmann::json& json);
void ReadMatch(const nlohmann::json& json, MatchNode& node);

}  // namespace forebay::sql
