#pragma once

#include "lake/avro/avro_codec.h"

namespace forebay::lake {

/// The Avro schemas of manifests and manifest lists of format version 2, with the spec's field ids,
/// for tables partitioned by identity(__bucket).
const AvroJson& ManifestEntrySchema();
const AvroJson& ManifestFileSchema();

/// The partition field's id, name and source are fixed for all tables: see table_metadata.h.
inline constexpr int kBucketPartitionFieldId = 1000;
inline constexpr const char* kBucketColumn = "__bucket";

}  // namespace forebay::lake
