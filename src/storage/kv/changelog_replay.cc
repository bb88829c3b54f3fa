#include "storage/kv/changelog_replay.h"

#include <algorithm>

#include "format/batch/log_batch.h"
#include "format/row/row_key.h"
#include "storage/kv/row_value.h"

namespace forebay::storage {
namespace {

using model::ChangeType;
using model::LogOffset;

constexpr int64_t kReadBytes = 4 << 20;
/// Changelog whose rows the row store gets at once.
constexpr int64_t kGroupBytes = 16 << 20;

}  // namespace

Result<int64_t> ChangelogReplay::Run(LogOffset offset, LogOffset end) {
  int64_t bytes = 0, written_bytes = 0;
  if (counts_rows_) {
    ASSIGN_OR_RETURN(row_count_, store_.RowCount());
  }
  while (offset < end) {
    ASSIGN_OR_RETURN(LogSlice slice, log_.Read(offset, kReadBytes));
    for (const auto& batch : slice.batches) {
      RETURN_IF_ERROR(
          Read(batch.header, {slice.bytes->data() + batch.position, batch.header.size_bytes()}));
      bytes += static_cast<int64_t>(batch.header.size_bytes());
      offset = batch.header.next_offset();
    }
    if (bytes < written_bytes + kGroupBytes && offset < end) continue;
    RETURN_IF_ERROR(WriteRows(offset));
    written_bytes = bytes;
  }
  return bytes;
}

Status ChangelogReplay::Read(const format::LogBatchHeader& header, std::string_view bytes) {
  ASSIGN_OR_RETURN(model::Batch batch, reader_.Decode(header, bytes, nullptr));
  if (batch.num_rows == 0) return {};
  std::vector<model::Column> columns;
  for (int index : key_indexes_) columns.push_back(batch.columns[index]);
  ASSIGN_OR_RETURN(format::EncodedKeys keys, format::EncodeKeys(columns));
  for (int row = 0; row < batch.num_rows; ++row) {
    ChangeType change = batch.change(row);
    if (change == ChangeType::kUpdateBefore) continue;
    if (row_count_.has_value()) {
      *row_count_ += change == ChangeType::kInsert ? 1 : change == ChangeType::kDelete ? -1 : 0;
    }
    if (change == ChangeType::kInsert && values_ != nullptr) values_->Take(batch, row);
    rows_.push_back({std::string(keys[row]), "", Upserts(change)});
    if (!rows_.back().present) continue;
    ASSIGN_OR_RETURN(rows_.back().value, MakeRowValue(schema_id_, batch, row));
  }
  return {};
}

/// The last state of each key, by key: RocksDB takes rows in order several times as fast.
Status ChangelogReplay::WriteRows(LogOffset end) {
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const Row& a, const Row& b) { return a.key < b.key; });
  std::vector<RowStore::Put> puts;
  puts.reserve(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (i + 1 < rows_.size() && rows_[i + 1].key == rows_[i].key) continue;
    puts.push_back({rows_[i].key, std::nullopt});
    if (rows_[i].present) puts.back().value = rows_[i].value;
  }
  store_.SetRowCount(row_count_);
  Status written = store_.Write(puts, end, values_ != nullptr ? values_->Note() : "");
  rows_.clear();
  return written;
}

}  // namespace forebay::storage
