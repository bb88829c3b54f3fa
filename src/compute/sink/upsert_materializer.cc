#include "compute/sink/upsert_materializer.h"

namespace forebay::compute {
namespace {

using model::Batch;
using model::ChangeType;

constexpr std::string_view kTable = "materialized";

}  // namespace

UpsertMaterializer::UpsertMaterializer(std::vector<model::DataType> types, std::vector<int> key,
                                       StateTtl ttl, int64_t (*now_ms)())
    : key_(std::move(key)),
      rows_(types),
      keys_(kTable, KeyCodec::Of(types, key_), rows_, ttl),
      now_ms_(now_ms) {}

Batch UpsertMaterializer::Process(const Batch& batch) {
  rows_.Encode(batch, encoded_);
  keys_.FindOrInsert(batch, key_, NowMs(), entries_);
  changes_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    RowList& list = keys_.ListOf(entries_[row]);
    model::IsRetraction(batch.change(row)) ? TakeBack(list, row) : Add(list, row);
  }
  Batch result = Build(batch);
  keys_.EndBatch();
  return result;
}

void UpsertMaterializer::Add(RowList& list, int row) {
  ChangeType type = list.count == 0 ? ChangeType::kInsert : ChangeType::kUpdateAfter;
  changes_.push_back({type, row, nullptr});
  keys_.Insert(list, list.count, {}, encoded_[row]);
}

void UpsertMaterializer::TakeBack(RowList& list, int row) {
  for (uint32_t i = 0; i < list.count; ++i) {
    if (list[i]->row_view() != encoded_[row]) continue;
    bool was_last = i + 1 == list.count;
    keys_.Remove(list, i);  // an earlier change may still send it
    if (!was_last) return;
    if (list.count == 0) {
      changes_.push_back({ChangeType::kDelete, row, nullptr});
    } else {
      changes_.push_back({ChangeType::kUpdateAfter, -1, list[list.count - 1]});
    }
    return;
  }
}

Batch UpsertMaterializer::Build(const Batch& batch) const {
  std::vector<const char*> stored;
  for (const Change& change : changes_) {
    if (change.stored != nullptr) stored.push_back(change.stored->row());
  }
  Batch old(static_cast<int>(stored.size()), rows_.Decode(stored));
  model::BatchBuilder builder(rows_.types(), static_cast<int>(changes_.size()));
  int next = 0;
  for (const Change& change : changes_) {
    bool is_old = change.stored != nullptr;
    builder.AppendRow(is_old ? old : batch, is_old ? next++ : change.row, change.type);
  }
  return builder.Finish();
}

}  // namespace forebay::compute
