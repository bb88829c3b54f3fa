#pragma once

#include "compute/runtime/environment.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// Writes into one of Forebay's own tables, exactly once. The rows of an epoch are kept by bucket;
/// at the barrier they become log batches in the checkpoint, each with the writer's id and the
/// bucket's next sequence; once the checkpoint is durable they are written under those identities,
/// so that writing them again after a restore stores nothing twice.
///
/// A table with a primary key gets only the last change of a key in an epoch, unless a merge engine
/// needs them all.
Result<std::unique_ptr<Sink>> MakeTableSink(const sql::SinkNode& node, const JobContext& context);

}  // namespace forebay::compute
