#include "storage/kv/changelog.h"

#include <algorithm>

#include "format/row/compacted_columns.h"

namespace forebay::storage {

using model::Batch;
using model::ChangeType;
using model::Column;
using model::ColumnBuilder;

void ChangelogBuilder::AddOld(ChangeType change, std::string_view value) {
  Pick(change, -1 - static_cast<int>(old_rows_.size()));
  old_rows_.push_back(old_bytes_.Add(value));
}

Column ChangelogBuilder::Interleave(const Column& written, const Column& old) const {
  int count = static_cast<int>(sources_.size());
  ColumnBuilder builder(written.type(), count);
  if (model::PhysicalSize(written.physical()) == 0) {
    for (int source : sources_) {
      source >= 0 ? builder.AppendFrom(written, source) : builder.AppendFrom(old, -1 - source);
    }
    return builder.Finish();
  }
  builder.Resize(count);
  model::DispatchPhysical(written.physical(), [&](auto* tag) {
    using Cell = std::remove_pointer_t<decltype(tag)>;
    const Cell* new_cells = written.values<Cell>();
    const Cell* old_cells = old.num_rows() > 0 ? old.values<Cell>() : nullptr;
    Cell* out = builder.mutable_values<Cell>();
    for (int i = 0; i < count; ++i) {
      int source = sources_[i];
      out[i] = source >= 0 ? new_cells[source] : old_cells[-1 - source];
    }
  });
  if (written.MayHaveNulls() || old.MayHaveNulls()) {
    for (int i = 0; i < count; ++i) {
      int source = sources_[i];
      if (source >= 0 ? written.IsNull(source) : old.IsNull(-1 - source)) builder.SetNull(i);
    }
  }
  builder.AddOwnersOf(written);
  builder.AddOwnersOf(old);
  return builder.Finish();
}

Result<Batch> ChangelogBuilder::Finish() {
  int count = static_cast<int>(sources_.size());
  std::shared_ptr<ChangeType[]> changes(new ChangeType[std::max(count, 1)]);
  std::copy(changes_.begin(), changes_.end(), changes.get());
  // A copy is read: the rows themselves may change as soon as the lock is let go.
  ASSIGN_OR_RETURN(std::vector<Column> old, format::ReadCompactedColumns(old_rows_, types_));
  std::vector<Column> columns;
  bool as_written = count == rows_.num_rows;
  for (int i = 0; as_written && i < count; ++i) as_written = sources_[i] == i;
  for (size_t i = 0; i < rows_.columns.size(); ++i) {
    columns.push_back(as_written ? rows_.columns[i] : Interleave(rows_.columns[i], old[i]));
  }
  return Batch(count, std::move(columns), std::move(changes));
}

}  // namespace forebay::storage
