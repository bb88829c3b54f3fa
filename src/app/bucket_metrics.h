#pragma once

#include <prometheus/registry.h>

#include "storage/storage_server.h"

namespace forebay::app {

/// Adds what is known of every table's buckets, labelled with table, partition and bucket.
void AddBuckets(prometheus::Registry& registry, storage::StorageServer& storage);

}  // namespace forebay::app
