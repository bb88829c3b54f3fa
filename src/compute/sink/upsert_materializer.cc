#include "compute/sink/upsert_materializer.h"

#include <numeric>

namespace forebay::compute {
namespace {

using model::Batch;
using model::ChangeType;

constexpr std::string_view kTable = "materialized";
/// Of a stored row before its bytes: tag and head size (RowStore::Save).
constexpr size_t kStoredHeadBytes = 12;

}  // namespace

UpsertMaterializer::UpsertMaterializer(std::vector<model::DataType> types, std::vector<int> key)
    : key_(std::move(key)),
      rows_(types),
      codec_(KeyCodec::Of(types, key_)),
      table_(codec_.key_bytes(), sizeof(RowList)) {}

Batch UpsertMaterializer::Process(const Batch& batch) {
  if (std::ssize(all_rows_) < batch.num_rows) {
    all_rows_.resize(batch.num_rows);
    std::iota(all_rows_.begin(), all_rows_.end(), 0);
  }
  codec_.Encode(batch, key_, keys_);
  rows_.Encode(batch, encoded_);
  table_.FindOrInsert(keys_, std::span(all_rows_).first(batch.num_rows), entries_);
  changes_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    table_.MarkDirty(entries_[row]);
    RowList& list = ListOf(entries_[row]);
    model::IsRetraction(batch.change(row)) ? TakeBack(list, row) : Add(list, row);
  }
  Batch result = Build(batch);
  for (StoredRow* row : removed_) store_.FreeRow(row);
  removed_.clear();
  return result;
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
        RowStore::Save(writer, kTable, entry->hash, table_.Key(entry), 0, list);
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
  return ForEachStored(
      reader, kTable, codec_, 0, RowStore::kSuffixBytes, [&](const StoredEntry& stored) -> Status {
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        if (stored.value.size() < kStoredHeadBytes) return Corruption("a stored row is cut off");
        RETURN_IF_ERROR(rows_.Check(stored.value.substr(kStoredHeadBytes)));
        return store_.Load(ListOf(entry), LoadLe<uint32_t>(stored.suffix.data() + 1), stored.value);
      });
}

}  // namespace forebay::compute
