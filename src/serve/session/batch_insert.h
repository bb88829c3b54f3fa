#pragma once

#include <map>
#include <string>

#include "compute/expression/evaluator.h"
#include "serve/session/engine.h"

namespace forebay::serve {

/// Runs `sink`'s input as a batch query and writes its rows into the sink's table, in the calling
/// thread. Returns how many rows. Not atomic as a whole: rows written before an error stay, as in
/// Flink's batch jobs.
Result<int64_t> InsertBatch(const sql::SinkNode& sink, const Engine& engine,
                            const std::map<std::string, std::string>& settings,
                            const compute::EvaluationContext& evaluation);

}  // namespace forebay::serve
