#include "compute/state/keyed_rows.h"

#include <algorithm>
#include <numeric>

namespace forebay::compute {

KeyedRows::KeyedRows(std::string_view name, KeyCodec codec, const RowCodec& rows, StateTtl ttl)
    : name_(name),
      codec_(std::move(codec)),
      rows_(rows),
      table_(codec_.key_bytes(), sizeof(RowList), ttl.IsOn()),
      ttl_(ttl),
      expiry_(table_, ttl_) {
  store_.KeepTimes(ttl_.ms);
}

void KeyedRows::SetNow(int64_t now_ms) {
  if (!ttl_.IsOn()) return;
  now_ms_ = now_ms;
  store_.SetNow(now_ms);
}

void KeyedRows::FindOrInsert(const model::Batch& batch, std::span<const int> keys, int64_t now_ms,
                             std::vector<Entry*>& entries) {
  if (std::ssize(all_rows_) < batch.num_rows) {
    all_rows_.resize(batch.num_rows);
    std::iota(all_rows_.begin(), all_rows_.end(), 0);
  }
  codec_.Encode(batch, keys, keys_);
  table_.FindOrInsert(keys_, std::span(all_rows_).first(batch.num_rows), entries);
  SetNow(now_ms);
  for (Entry* entry : entries) {
    table_.MarkDirty(entry);
    if (!ttl_.IsOn()) continue;
    if (expiry_.IsDue(entry, now_ms_)) Expire(entry);
    table_.Due(entry) = ttl_.DueAfter(now_ms_);
  }
}

void KeyedRows::EndBatch() {
  for (StoredRow* row : removed_) store_.FreeRow(row);
  removed_.clear();
  Sweep(StateExpiry::kBatchBudgetNs);
}

void KeyedRows::Tick(int64_t now_ms) {
  if (ttl_.IsOn()) now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
}

void KeyedRows::Expire(Entry* entry) {
  RowList& list = ListOf(entry);
  RowStore::Touch(list, 0);
  for (StoredRow* row : list) store_.FreeRow(row);
  store_.Clear(list);
  table_.MarkDirty(entry);
  table_.Due(entry) = StateTtl::kNever;
}

void KeyedRows::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](Entry* entry) {
    Expire(entry);
    EraseIfUnused(entry);
  });
}

void KeyedRows::EraseIfUnused(Entry* entry) {
  if (!table_.IsLive(entry)) return;
  RowList& list = ListOf(entry);
  if (list.count + list.stored > 0) return;
  store_.Clear(list);
  table_.Erase(entry);
}

void KeyedRows::BeginSnapshot(StateWriter& writer) {
  table_.BeginChanges(
      [this, &writer](Entry* entry) {
        RowList& list = ListOf(entry);
        store_.Save(writer, name_, entry->hash, table_.Key(entry), 0, list);
        if (list.count == 0) emptied_.Add(entry);
      },
      [](uint64_t, std::string_view) {});
}

bool KeyedRows::ContinueSnapshot(int64_t deadline_ns) {
  if (!table_.ContinueSnapshot(deadline_ns)) return false;
  return emptied_.Continue(deadline_ns, [this](Entry* entry) { EraseIfUnused(entry); });
}

Status KeyedRows::Restore(StateReader& reader, int64_t now_ms) {
  SetNow(now_ms);
  RETURN_IF_ERROR(ForEachStored(
      reader, name_, codec_, 0, RowStore::kSuffixBytes, [&](const StoredEntry& stored) -> Status {
        Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        ASSIGN_OR_RETURN(std::string_view row, RowStore::SavedRow(stored.value));
        RETURN_IF_ERROR(rows_.Check(row));
        return store_.Load(ListOf(entry), LoadLe<uint32_t>(stored.suffix.data() + 1), stored.value);
      }));
  expiry_.OnRestore();
  if (!ttl_.IsOn()) return Status::Ok();
  table_.ForEach([this](Entry* entry) {
    int64_t newest = 0;
    for (const StoredRow* row : ListOf(entry)) newest = std::max(newest, RowStore::WrittenAt(row));
    table_.Due(entry) = ttl_.DueAfter(newest);
  });
  return Status::Ok();
}

}  // namespace forebay::compute
