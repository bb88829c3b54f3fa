#include "compute/sink/upsert_materializer.h"

#include <algorithm>
#include <numeric>

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
      codec_(KeyCodec::Of(types, key_)),
      table_(codec_.key_bytes(), sizeof(RowList), ttl.IsOn()),
      ttl_(ttl),
      now_ms_(now_ms),
      expiry_(table_, ttl_) {
  store_.KeepTimes(ttl_.ms);
}

Batch UpsertMaterializer::Process(const Batch& batch) {
  if (std::ssize(all_rows_) < batch.num_rows) {
    all_rows_.resize(batch.num_rows);
    std::iota(all_rows_.begin(), all_rows_.end(), 0);
  }
  codec_.Encode(batch, key_, keys_);
  rows_.Encode(batch, encoded_);
  table_.FindOrInsert(keys_, std::span(all_rows_).first(batch.num_rows), entries_);
  changes_.clear();
  int64_t now_ms = ttl_.IsOn() ? now_ms_() : 0;
  store_.SetNow(now_ms);
  for (KeyedTable::Entry* entry : entries_) {
    if (!ttl_.IsOn()) break;
    if (expiry_.IsDue(entry, now_ms)) Expire(entry);
    table_.Due(entry) = ttl_.DueAfter(now_ms);
  }
  for (int row = 0; row < batch.num_rows; ++row) {
    table_.MarkDirty(entries_[row]);
    RowList& list = ListOf(entries_[row]);
    model::IsRetraction(batch.change(row)) ? TakeBack(list, row) : Add(list, row);
  }
  Batch result = Build(batch);
  for (StoredRow* row : removed_) store_.FreeRow(row);
  removed_.clear();
  Sweep(now_ms, StateExpiry::kBatchBudgetNs);
  return result;
}

void UpsertMaterializer::Expire(KeyedTable::Entry* entry) {
  RowList& list = ListOf(entry);
  RowStore::Touch(list, 0);
  for (StoredRow* row : list) store_.FreeRow(row);
  store_.Clear(list);
  table_.MarkDirty(entry);
  table_.Due(entry) = StateTtl::kNever;
}

void UpsertMaterializer::Sweep(int64_t now_ms, int64_t budget_ns) {
  expiry_.Sweep(now_ms, budget_ns, [this](KeyedTable::Entry* entry) {
    Expire(entry);
    // What a checkpoint has goes with the next one.
    if (ListOf(entry).stored == 0) table_.Erase(entry);
  });
}

void UpsertMaterializer::Add(RowList& list, int row) {
  ChangeType type = list.count == 0 ? ChangeType::kInsert : ChangeType::kUpdateAfter;
  changes_.push_back({type, row, nullptr});
  store_.Append(list, store_.NewRow({}, encoded_[row], 0));
}

void UpsertMaterializer::TakeBack(RowList& list, int row) {
  for (uint32_t i = 0; i < list.count; ++i) {
    if (list[i]->row_view() != encoded_[row]) continue;
    bool was_last = i + 1 == list.count;
    removed_.push_back(store_.Remove(list, i));  // an earlier change may still send it
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

void UpsertMaterializer::BeginSnapshot(StateWriter& writer) {
  table_.BeginChanges(
      [this, &writer](KeyedTable::Entry* entry) {
        RowList& list = ListOf(entry);
        store_.Save(writer, kTable, entry->hash, table_.Key(entry), 0, list);
        if (list.count == 0) emptied_.Add(entry);
      },
      [](uint64_t, std::string_view) {});
}

bool UpsertMaterializer::ContinueSnapshot(int64_t deadline_ns) {
  if (!table_.ContinueSnapshot(deadline_ns)) return false;
  return emptied_.Continue(deadline_ns, [this](KeyedTable::Entry* entry) {
    // Rows may have come since.
    if (!table_.IsLive(entry) || ListOf(entry).count + ListOf(entry).stored > 0) return;
    store_.Clear(ListOf(entry));
    table_.Erase(entry);
  });
}

Status UpsertMaterializer::Restore(StateReader& reader) {
  if (ttl_.IsOn()) store_.SetNow(now_ms_());
  RETURN_IF_ERROR(LoadRows(reader));
  expiry_.OnRestore();
  if (!ttl_.IsOn()) return Status::Ok();
  table_.ForEach([this](KeyedTable::Entry* entry) {
    int64_t newest = 0;
    for (const StoredRow* row : ListOf(entry)) newest = std::max(newest, RowStore::WrittenAt(row));
    table_.Due(entry) = ttl_.DueAfter(newest);
  });
  return Status::Ok();
}

Status UpsertMaterializer::LoadRows(StateReader& reader) {
  return ForEachStored(
      reader, kTable, codec_, 0, RowStore::kSuffixBytes, [&](const StoredEntry& stored) -> Status {
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        ASSIGN_OR_RETURN(std::string_view row, RowStore::SavedRow(stored.value));
        RETURN_IF_ERROR(rows_.Check(row));
        return store_.Load(ListOf(entry), LoadLe<uint32_t>(stored.suffix.data() + 1), stored.value);
      });
}

}  // namespace forebay::compute
