#pragma once

#include <string_view>
#include <vector>

#include "format/compacted_row.h"
#include "model/batch.h"

namespace forebay::storage {

/// Collects the changelog of one write to a primary-key table with full images. Thread-compatible.
class ChangelogBuilder {
 public:
  /// `rows` are the written rows; both must outlive the builder.
  ChangelogBuilder(const model::Batch& rows, const format::CompactedRowReader& reader)
      : rows_(rows), reader_(reader), old_rows_(reader.types()) {}

  /// The written row `row` came in with this change.
  void AddNew(model::ChangeType change, int row) { Pick(change, row); }
  /// The stored row `value` goes.
  Status AddOld(model::ChangeType change, std::string_view value);
  model::Batch Finish();

 private:
  void Pick(model::ChangeType change, int source) {
    changes_.push_back(change);
    sources_.push_back(source);
  }
  model::Column Interleave(const model::Column& written, const model::Column& old) const;

  const model::Batch& rows_;
  const format::CompactedRowReader& reader_;
  model::BatchBuilder old_rows_;
  std::vector<model::ChangeType> changes_;
  std::vector<int> sources_;  ///< a written row, or -1 - an old row
};

}  // namespace forebay::storage
