#pragma once

#include <memory>
#include <optional>

#include "client/connection.h"
#include "client/key_scans.h"
#include "compute/expression/evaluator.h"
#include "compute/join/full_lookup_cache.h"
#include "compute/join/lookup_cache.h"
#include "compute/operator/operator.h"
#include "compute/state/row_codec.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Looks the rows of a batch up by primary key or by a part of it, all at once
/// (StreamExecLookupJoin). Rows with a NULL key find nothing. A retraction is looked up again: what
/// it finds may be newer than what the row it takes back had found, as in Flink. A LOOKUP hint
/// makes the shard wait for rows that are not there yet.
class LookupJoinOperator : public Operator {
 public:
  /// `connection` must outlive the operator.
  static Result<std::unique_ptr<Operator>> Make(const sql::LookupJoinNode& node,
                                                const EvaluationContext& context,
                                                client::Connection* connection);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;

 private:
  LookupJoinOperator() = default;
  Status OpenCache(const sql::LookupJoinNode& node);
  /// Whether the table is to be cached whole; then it is.
  Result<bool> OpenFullCache(const sql::LookupJoinNode& node, const std::vector<int>& projection,
                             client::Connection& connection);
  Status OpenLookuper(const sql::LookupJoinNode& node, const std::vector<int>& projection,
                      client::Connection& connection);
  /// The rows that the keys `keys`, of input rows `asked`, find, and the input row of each.
  /// `again`: what a cache says is not there may be there now.
  Result<model::Batch> LookUp(const model::Batch& keys, const std::vector<uint32_t>& asked,
                              bool again, std::vector<uint32_t>& own);
  /// LookUp of whole keys that asks the table only for those the cache does not know.
  Result<model::Batch> LookUpCached(const model::Batch& keys, const std::vector<uint32_t>& asked,
                                    bool again, std::vector<uint32_t>& own);
  /// Two results of LookUp as one, in the order of the input rows.
  model::Batch Merged(const model::Batch& a, const std::vector<uint32_t>& own_a,
                      const model::Batch& b, const std::vector<uint32_t>& own_b,
                      std::vector<uint32_t>& own) const;
  /// LookUp, and again after a while of the keys that found nothing, as often as a hint asks.
  Result<model::Batch> LookUpPatiently(const model::Batch& keys, const std::vector<uint32_t>& asked,
                                       std::vector<uint32_t>& own);
  Result<model::Batch> FoundRows(const model::Batch& batch, std::vector<uint32_t>& own);

  std::vector<model::DataType> types_;
  size_t input_columns_ = 0;
  bool left_outer_ = false;
  int64_t retries_ = 0;
  int64_t retry_delay_ms_ = 0;
  std::vector<int> order_;  ///< the place of every wanted column among the projected ones
  std::unique_ptr<client::Lookuper> lookuper_;
  std::unique_ptr<client::PrefixLookuper> prefix_lookuper_;  ///< in place of lookuper_
  std::optional<LookupCache> cache_;                         ///< with lookuper_
  std::optional<FullLookupCache> full_cache_;                ///< in place of all of these
  RowCodec key_codec_;
  RowCodec row_codec_;  ///< of the looked-up rows
  std::vector<model::DataType> row_types_;
  std::unique_ptr<Evaluator> keys_;
  std::unique_ptr<Evaluator> condition_;
};

}  // namespace forebay::compute
