#pragma once

#include <nlohmann/json.hpp>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// A ChangelogNode's and a JoinVersions' own members; reading throws as in expression_json.h.
void WriteChangelog(const ChangelogNode& node, nlohmann::json& json);
void ReadChangelog(const nlohmann::json& json, ChangelogNode& node);
nlohmann::json VersionsJson(const JoinVersions& versions);
JoinVersions VersionsOf(const nlohmann::json& json);

}  // namespace forebay::sql
