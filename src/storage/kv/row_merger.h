#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"
#include "storage/coordinator/table_options.h"

namespace forebay::storage {

enum class MergeOutcome {
  kWritten,    ///< the row as it was written
  kMerged,     ///< another row
  kUnchanged,  ///< the stored row stays
};

/// What becomes of a stored row when its key is written again (RowMerger of Fluss). It is asked
/// before the changelog is written, which holds its results: recovery never merges. Stored rows are
/// compacted rows of the table's latest schema. Thread-safe.
class RowMerger {
 public:
  virtual ~RowMerger() = default;
  /// Row `row` of `written` is upserted; `before` is what the key has. Appends to `out` what it
  /// will have when that is kMerged.
  virtual Result<MergeOutcome> Upsert(std::optional<std::string_view> before,
                                      const model::Batch& written, int row,
                                      std::string& out) const = 0;
  /// Appends what is left of `before` when it is deleted; false: nothing.
  virtual Result<bool> Delete(std::string_view before, std::string& out) const;
};

/// The mergers of one table. Thread-safe.
class RowMergers {
 public:
  /// kInvalidArgument when ValidateRowRules would have refused the table.
  static Result<RowMergers> Make(const model::Schema& schema, const TableOptions& options);

  /// For writes of the columns `targets` alone (all when empty); `overwrite` leaves the merge
  /// engine out. Null when rows are stored as they are written. kOutOfRange when the table takes no
  /// such writes.
  Result<std::shared_ptr<const RowMerger>> For(const std::vector<int>& targets,
                                               bool overwrite) const;

 private:
  Status CheckTargets(const std::vector<int>& targets, bool overwrite) const;

  model::Schema schema_;
  MergeEngine engine_ = MergeEngine::kNone;
  std::shared_ptr<const RowMerger> whole_rows_;  ///< the engine's, for writes of all columns
};

}  // namespace forebay::storage
