#pragma once

#include <span>
#include <utility>
#include <vector>

#include "client/connection.h"

namespace forebay::client {

/// kInvalidArgument unless `batch` has the table's columns, at least the first `fewest`: whoever
/// was planned before columns were added does not know the last ones.
Status CheckBatch(const model::TableInfo& table, const std::vector<model::DataType>& types,
                  size_t fewest, const model::Batch& batch);

/// The rows of each bucket, whose order they keep, without empty ones.
std::vector<std::pair<model::BucketId, model::Batch>> SplitByBucket(
    const model::Batch& batch, std::span<const model::BucketId> buckets);

/// TableWriter::Write by way of the writer's other functions.
Result<std::vector<WriteAck>> WriteByBucket(TableWriter& writer, const model::Batch& batch);

}  // namespace forebay::client
