#pragma once

#include <map>
#include <memory>

#include "compute/expression/evaluator.h"
#include "compute/job/job_manager.h"
#include "serve/session/engine.h"
#include "serve/session/result_cursor.h"

namespace forebay::serve {

/// The changelog of a running query; cancelling it or dropping the cursor ends the job.
std::unique_ptr<ResultCursor> StreamCursor(std::vector<sql::Field> columns, compute::JobHandle job);

/// The rows of a batch query. `settings`: 'batch.memory-limit', 'parallelism.default'.
Result<std::unique_ptr<ResultCursor>> BatchCursor(
    sql::PlanPtr plan, const Engine& engine, const std::map<std::string, std::string>& settings,
    const compute::EvaluationContext& evaluation);

}  // namespace forebay::serve
