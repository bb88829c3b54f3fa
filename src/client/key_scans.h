#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::client {

/// Looks rows up by a part of the primary key, model::PrefixLookupKey. Thread-safe.
class PrefixLookuper {
 public:
  struct Rows {
    /// The rows of the first key, then those of the second, and so on; columns as projected.
    model::Batch rows;
    /// For every row the key it was found by.
    std::vector<int> key_of_row;

    /// Rows that came by bucket.
    static Rows InOrder(const model::Batch& rows, std::vector<int> key_of_row);
  };
  virtual ~PrefixLookuper() = default;
  /// `keys` has the columns of model::PrefixLookupKey.
  virtual Result<Rows> LookupAll(const model::Batch& keys) = 0;
};

/// What some storage can do with rows that have keys, beyond what a Connection can. Thread-safe.
class KeyScans {
 public:
  using Projection = std::optional<std::vector<int>>;

  virtual ~KeyScans() = default;
  /// kInvalidArgument for a table whose rows are not looked up by a part of their keys.
  virtual Result<std::unique_ptr<PrefixLookuper>> OpenPrefixLookuper(const model::TablePath& path,
                                                                     Projection projection) = 0;
  /// Any `limit` present rows of a bucket of a primary-key table, or all when there are fewer, at
  /// once; nullopt when that is not possible. At most Batch::kMaxRows.
  virtual Result<std::optional<model::Batch>> LimitScan(const model::TablePath& path,
                                                        const model::BucketId& bucket,
                                                        Projection projection, int limit) = 0;
};

}  // namespace forebay::client
