#pragma once

#include <string>

#include "serve/fluss/fluss_server.h"
#include "serve/http/ingest_handler.h"

namespace forebay::app {

class Node;

/// The node's counters in Prometheus's text format (version 0.0.4). `fluss` may be null.
std::string MetricsPage(Node& node, const serve::IngestMetrics& ingest,
                        const serve::FlussServer* fluss);

}  // namespace forebay::app
