#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"
#include "storage/kv/row_merger.h"

namespace forebay::storage {

/// Writes to some columns of a row, as Fluss's clients do with target columns: the others stay
/// (PartialUpdater of Fluss). Thread-safe.
class PartialUpdate : public RowMerger {
 public:
  /// `targets` name the columns that are written. kOutOfRange unless they exist, the primary key is
  /// among them, and all other columns may be NULL or are given by the server.
  static Result<std::shared_ptr<const PartialUpdate>> Make(const model::Schema& schema,
                                                           const std::vector<int>& targets);

  bool IsTarget(size_t column) const { return is_target_[column]; }

  /// The target columns are those of the written row, the others those of `before`, or NULL. A row
  /// that has only its key written stays as it is.
  Result<MergeOutcome> Upsert(std::optional<std::string_view> before, const model::Batch& written,
                              int row, std::string& out) const override;
  /// The target columns that are no key become NULL; nothing is left when all others are.
  Result<bool> Delete(std::string_view before, std::string& out) const override;

 private:
  std::vector<model::DataType> types_;
  std::vector<bool> is_target_;
  std::vector<bool> is_key_;
};

}  // namespace forebay::storage
