#pragma once

#include "compute/runtime/environment.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// Flink's filesystem connector as a sink for inserts: a file a subtask and checkpoint in the
/// directory `path`, in format csv, json or parquet. While it is written a file's name begins with
/// '.', so that readers leave it out; it gets its name when the checkpoint that contains its rows
/// is durable. Exactly once: a commit that is repeated finds the file in place.
Result<std::unique_ptr<Sink>> MakeFilesystemSink(const sql::SinkNode& node,
                                                 const JobContext& context);

}  // namespace forebay::compute
