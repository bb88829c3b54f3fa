#pragma once

#include <string>

#include "compute/job/job.h"

namespace forebay::compute {

/// The graph of a job as it runs now: operators with their counters and what joins them.
std::string GraphJson(const Job& job);
/// The same for Graphviz.
std::string GraphDot(const Job& job);
/// The same for people: a line an operator, consumers before producers, as EXPLAIN shows plans.
std::string GraphText(const Job& job);

}  // namespace forebay::compute
