#pragma once

#include <vector>

#include "model/batch.h"
#include "model/table.h"

namespace forebay::client {

/// The keys that a Lookuper takes, columns of the primary key in its order, and where among them
/// those are that say partition, bucket and row.
struct LookupKeys {
  explicit LookupKeys(const model::TableInfo& table);
  /// Those of a PrefixLookuper. kInvalidArgument for a table that has none.
  static Result<LookupKeys> OfPrefix(const model::TableInfo& table);

  /// kInvalidArgument unless `keys` has the primary key's columns.
  Status Check(const model::Batch& keys) const;
  static std::vector<model::Column> ColumnsAt(const model::Batch& keys,
                                              const std::vector<int>& places);

  model::TablePath path;
  std::vector<model::DataType> types;
  std::vector<int> bucket_places;
  std::vector<int> partition_places;
  std::vector<int> row_places;  ///< of the key, or its begin, within a partition

 private:
  LookupKeys(const model::TableInfo& table, const std::vector<int>& columns,
             const std::vector<std::string>& row_key);
};

}  // namespace forebay::client
