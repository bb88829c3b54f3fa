#pragma once

#include <memory>
#include <vector>

#include "storage/kv/cell_aggregate.h"
#include "storage/kv/partial_update.h"
#include "storage/kv/row_merger.h"

namespace forebay::storage {

/// The merge engine `aggregation`: each column by its function, last_value_ignore_nulls when it has
/// none (AggregateRowMerger of Fluss). Thread-safe.
class AggregateMerger : public RowMerger {
 public:
  /// `targets` as for PartialUpdate: only these are aggregated, the others stay. Empty: all.
  static Result<std::shared_ptr<const RowMerger>> Make(const model::Schema& schema,
                                                       const std::vector<int>& targets);

  /// The first row of a key is stored as it is written.
  Result<MergeOutcome> Upsert(std::optional<std::string_view> before, const model::Batch& written,
                              int row, std::string& out) const override;
  Result<bool> Delete(std::string_view before, std::string& out) const override;

 private:
  /// The encoded cell of column `column`, which `bytes` holds when it is a new one.
  Result<std::optional<std::string_view>> MergeCell(size_t column,
                                                    std::optional<std::string_view> before,
                                                    const model::Column& written, int row,
                                                    std::string& bytes) const;
  Status Combine(size_t column, std::string_view before, const model::Column& written, int row,
                 std::string& bytes) const;

  model::Schema schema_;
  std::vector<model::DataType> types_;
  std::vector<CellAggregate> aggregates_;         ///< one a column
  std::shared_ptr<const PartialUpdate> targets_;  ///< null: all columns
};

}  // namespace forebay::storage
