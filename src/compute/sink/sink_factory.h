#pragma once

#include "compute/runtime/environment.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// The sink of `node` by its connector: forebay (its own tables), print, blackhole, filesystem.
/// kNotSupported for others. `context` and `node` must outlive the sink.
Result<std::unique_ptr<Sink>> MakeSink(const sql::SinkNode& node, const JobContext& context);

}  // namespace forebay::compute
