#pragma once

#include "base/result.h"
#include "model/table.h"

namespace forebay::client {

/// What a storage core in this process can do with a table, beyond what a Connection can.
/// Thread-safe.
class TableReplacement {
 public:
  virtual ~TableReplacement() = default;
  /// Puts an empty table in the place of one, atomically; who has the old one open gets kNotFound.
  /// kNotFound; kNotSupported for tables of other servers.
  virtual Result<model::TableInfo> ReplaceTable(const model::TablePath& path,
                                                const model::TableDescriptor& descriptor) = 0;
};

}  // namespace forebay::client
