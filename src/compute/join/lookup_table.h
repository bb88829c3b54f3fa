#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "client/connection.h"
#include "client/key_scans.h"
#include "compute/join/full_lookup_cache.h"
#include "compute/join/lookup_cache.h"
#include "compute/state/outside_charge.h"
#include "compute/state/row_codec.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Where a lookup join finds rows: the table, by its whole key or a part of it, or what is cached
/// of it. What is cached counts against the job's budget. Belongs to one thread at a time.
class LookupTable {
 public:
  /// `connection` must outlive the table.
  static Result<std::unique_ptr<LookupTable>> Open(const sql::LookupJoinNode& node,
                                                   client::Connection& connection);

  struct Found {
    model::Batch rows;
    std::vector<uint32_t> key_of_row;  ///< ascending
  };
  /// Each key is looked up once, however often `keys` has it. `again`: what a cache says is not
  /// there may be there by now. `now_ms` is asked for the time.
  Result<Found> Find(const model::Batch& keys, bool again, int64_t (*now_ms)());

  const std::vector<model::DataType>& row_types() const { return row_types_; }
  /// The place among found columns of each of the join's.
  const std::vector<int>& order() const { return order_; }
  /// Of what is cached.
  int64_t bytes() const;

 private:
  LookupTable() = default;
  Status OpenRows(const sql::LookupJoinNode& node, client::Connection& connection);
  Status OpenCache(const sql::LookupJoinNode& node);
  /// Whether the table is to be cached whole; then it is.
  Result<bool> OpenFullCache(const sql::LookupJoinNode& node, client::Connection& connection);
  /// Looks all of `keys` up.
  Result<Found> FindEach(const model::Batch& keys, bool again, int64_t (*now_ms)());
  /// Asks the table only for keys that the cache does not know.
  Result<Found> FindCached(const model::Batch& keys, bool again, int64_t now_ms);

  std::vector<int> projection_;
  std::vector<int> order_;
  std::vector<model::DataType> row_types_;
  std::unique_ptr<client::Lookuper> lookuper_;
  std::unique_ptr<client::PrefixLookuper> prefix_lookuper_;  ///< in place of lookuper_
  std::optional<LookupCache> cache_;                         ///< with lookuper_
  std::optional<FullLookupCache> full_cache_;                ///< in place of all of these
  OutsideCharge cache_charge_;                               ///< of cache_
  RowCodec key_codec_;
  RowCodec row_codec_;
};

}  // namespace forebay::compute
