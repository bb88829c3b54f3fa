#pragma once

#include <string>

namespace forebay::app {

class Node;

/// The node's counters in Prometheus's text format (version 0.0.4).
std::string MetricsPage(Node& node);

}  // namespace forebay::app
