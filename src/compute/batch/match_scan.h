#pragma once

#include <memory>

#include "compute/batch/batch_letters.h"
#include "compute/batch/batch_query.h"
#include "sql/plan/match_node.h"

namespace forebay::compute {

/// A query whose rows come ordered by column `time`, rows of a time in the order in which they
/// would have come without.
using OpenOrdered =
    std::function<Result<std::shared_ptr<BatchQuery>>(const sql::PlanNode& root, int time)>;

/// Runs MATCH_RECOGNIZE over all rows of its input: the streaming operator, fed by a query of its
/// own in the order of time, so that it holds no more than what is under way.
Result<std::unique_ptr<BatchReader>> OpenMatch(const sql::MatchNode& node, const OpenOrdered& open,
                                               EvaluationContext context,
                                               const MakeFailedRows& failed_rows);

}  // namespace forebay::compute
