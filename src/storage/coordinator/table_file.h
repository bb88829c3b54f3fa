#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// The schemas of a table by id.
using SchemaVersions = std::map<model::SchemaId, model::Schema>;

/// What a table's metadata file holds.
struct StoredTable {
  model::TableInfo info;
  SchemaVersions schemas;  ///< all it has had, the present one, too
  /// When it was created or its options were changed last; other columns do not count.
  int64_t modified_ms = 0;
};

/// A table as its metadata file holds it: JSON, the descriptor and earlier schemas as Fluss writes
/// them.
Result<std::string> StoredTableToJson(const StoredTable& table);
Result<StoredTable> StoredTableFromJson(std::string_view text);

/// A metadata file's bytes: the JSON text, then a line `#crc32c xxxxxxxx` over all before it.
std::string SealMetadata(std::string_view json);
/// The JSON text; kCorruption when the checksum is missing or wrong.
Result<std::string> UnsealMetadata(std::string_view bytes);

/// `name` as a file name: all but letters, digits, '_', '-' and '.' (not as the first) as %XX.
std::string EscapeFileName(std::string_view name);
Result<std::string> UnescapeFileName(std::string_view file);

}  // namespace forebay::storage
