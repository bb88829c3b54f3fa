#pragma once

#include <vector>

#include "lake/avro/avro_codec.h"
#include "lake/iceberg/manifest.h"

namespace forebay::lake {

/// The Avro schemas of manifests and manifest lists of format version 2, with the spec's field ids,
/// for tables partitioned by these fields.
AvroJson ManifestEntrySchema(const std::vector<PartitionField>& partition);
const AvroJson& ManifestFileSchema();

}  // namespace forebay::lake
