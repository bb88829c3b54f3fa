#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::format {

enum class AvroKind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kArray,
  kMap,
  kRecord,
  kUnion,
};

/// A schema of Avro 1.11, as far as it says how bytes are read. Immutable.
struct AvroSchema {
  AvroKind kind = AvroKind::kNull;
  std::string logical;  ///< "timestamp-millis"; empty: none
  int scale = 0;        ///< of "decimal"
  int64_t fixed_size = 0;
  std::vector<std::string> names;  ///< kRecord: fields; kEnum: symbols
  /// kRecord: of the fields; kUnion: the branches; kArray, kMap: of the items.
  std::vector<std::shared_ptr<const AvroSchema>> children;
  int64_t num_types = 1;  ///< with those of the children; what is named twice counts twice
};

/// Parses a schema's JSON. kCorruption for what is none; kNotSupported for records that contain
/// themselves and for more than some thousand types, counted as often as they are used.
Result<std::shared_ptr<const AvroSchema>> ParseAvroSchema(std::string_view json);

/// The schema under which Flink's avro format writes rows of `columns`, with
/// 'avro.timestamp_mapping.legacy'. kNotSupported for types that Avro has no form for.
Result<std::string> AvroSchemaOf(const std::vector<model::ColumnSpec>& columns,
                                 bool legacy_timestamps);

}  // namespace forebay::format
