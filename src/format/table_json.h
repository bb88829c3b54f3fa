#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table.h"

namespace forebay::format {

/// Tables, schemas and types as the JSON of Fluss's metadata (version 1), so that Fluss's clients
/// read them and the other way round. Types Fluss does not have keep their meaning by more fields:
/// VARCHAR(n) is STRING with "length", VARBINARY(n) is BYTES with "length", MULTISET and VARIANT
/// are types of their own. Unknown fields are ignored when reading.
///
/// Writing fails with kNotSupported for types that no table can store (intervals, NULL). Reading
/// fails with kCorruption and says which field is wrong.

Result<std::string> TableToJson(const model::TableDescriptor& table);
Result<model::TableDescriptor> TableFromJson(std::string_view json);

Result<std::string> SchemaToJson(const model::Schema& schema);
Result<model::Schema> SchemaFromJson(std::string_view json);

Result<std::string> DataTypeToJson(const model::DataType& type);
Result<model::DataType> DataTypeFromJson(std::string_view json);

}  // namespace forebay::format
