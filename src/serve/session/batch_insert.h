#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compute/expression/evaluator.h"
#include "serve/session/engine.h"
#include "serve/session/result_cursor.h"

namespace forebay::serve {

/// Runs the inputs of `sinks` one after the other as batch queries and writes their rows into the
/// sinks' tables. Not atomic as a whole: rows written before an error or a break stay, as in
/// Flink's batch jobs. `engine` outlives the work.
std::unique_ptr<StatementWork> InsertBatch(std::vector<sql::PlanPtr> sinks, const Engine& engine,
                                           std::map<std::string, std::string> settings,
                                           const compute::EvaluationContext& evaluation);

}  // namespace forebay::serve
