#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "sql/plan/plan.h"

// Types and expressions of stored plans as JSON. Reading throws nlohmann's exceptions on what is no
// such JSON: PlanFromJson catches them.

namespace forebay::sql {

nlohmann::json TypeJson(const model::DataType& type);
model::DataType TypeOf(const nlohmann::json& json);

/// A null pointer is null.
nlohmann::json ExpressionJson(const ExpressionPtr& e);
ExpressionPtr ExpressionOf(const nlohmann::json& json);
nlohmann::json ListJson(const std::vector<ExpressionPtr>& list);
std::vector<ExpressionPtr> ListOf(const nlohmann::json& json);

}  // namespace forebay::sql
