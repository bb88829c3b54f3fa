#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace forebay::lake {

/// A datum or a schema: Avro schemas are JSON, and datums are kept in JSON's shapes too: records
/// are objects, arrays are arrays, maps are objects, `bytes` and `fixed` are binary values, a null
/// branch of a union is null.
using AvroJson = nlohmann::ordered_json;

/// Appends `datum` in Avro's binary encoding (Avro specification 1.11, "Binary Encoding"). Unions
/// are [null, T] only. kInvalidArgument when the datum does not fit the schema.
Status EncodeAvro(const AvroJson& schema, const AvroJson& datum, ByteWriter& out);

/// Reads one datum written with `schema`. kCorruption for bytes that do not fit; never reads past
/// the end.
Result<AvroJson> DecodeAvro(const AvroJson& schema, ByteReader& in);

/// An object container file: its schema, its metadata (without avro.schema and avro.codec) and its
/// datums.
struct AvroFile {
  AvroJson schema;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<AvroJson> datums;
};

/// The file's bytes: one block, codec null. The schema is kept verbatim, with Iceberg's field-ids.
Result<std::string> WriteAvroFile(const AvroFile& file);

/// Reads a file with codec null or deflate. kCorruption, kNotSupported (codec).
Result<AvroFile> ReadAvroFile(std::string_view bytes);

}  // namespace forebay::lake
