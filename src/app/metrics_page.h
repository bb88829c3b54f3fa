#pragma once

#include <string>

#include "serve/http/ingest_handler.h"

namespace forebay::app {

class Node;

/// The node's counters in Prometheus's text format (version 0.0.4).
std::string MetricsPage(Node& node, const serve::IngestMetrics& ingest);

}  // namespace forebay::app
