#pragma once

#include <string>

#include "base/result.h"

namespace forebay::app {

/// Describes a file or directory of Forebay's on stdout: a data directory, a log segment (each
/// batch, its checksum checked), a Parquet file (schema and statistics), an Avro manifest or
/// manifest list (as JSON), a checkpoint or metadata file. Reads only; damaged files are described
/// as far as they go and the damage is named. False when something is damaged.
Result<bool> Inspect(const std::string& path);

}  // namespace forebay::app
