#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "storage/kv/row_bytes.h"

namespace forebay::storage {

/// Collects the changelog of one write to a primary-key table with full images. Thread-compatible.
class ChangelogBuilder {
 public:
  /// `rows` are the written rows, `types` those of all columns; both must outlive the builder.
  ChangelogBuilder(const model::Batch& rows, const std::vector<model::DataType>& types)
      : rows_(rows), types_(types) {
    changes_.reserve(static_cast<size_t>(rows.num_rows) * 2);
    sources_.reserve(static_cast<size_t>(rows.num_rows) * 2);
  }

  /// The written row `row` came in with this change.
  void AddNew(model::ChangeType change, int row) { Pick(change, row); }
  /// The stored row `value`, which need not outlive the call, has this change.
  void AddOld(model::ChangeType change, std::string_view value);
  /// The changes so far; valid as long as the builder and the written rows. kCorruption when an old
  /// row is damaged.
  Result<model::Batch> Finish();

 private:
  void Pick(model::ChangeType change, int source) {
    changes_.push_back(change);
    sources_.push_back(source);
  }
  model::Column Interleave(const model::Column& written, const model::Column& old) const;

  const model::Batch& rows_;
  const std::vector<model::DataType>& types_;
  RowBytes old_bytes_;
  std::vector<std::string_view> old_rows_;  ///< in `old_bytes_`
  std::vector<model::ChangeType> changes_;
  std::vector<int> sources_;  ///< a written row, or -1 - an old row
};

}  // namespace forebay::storage
