#include "compute/operator/rank.h"

#include <algorithm>
#include <numeric>

#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;
using model::ChangeType;

namespace {

constexpr std::string_view kTable = "ranked";

}  // namespace

Result<std::unique_ptr<Operator>> RankOperator::Make(const sql::RankNode& node) {
  std::vector<model::DataType> input = node.inputs[0]->OutputTypes();
  std::unique_ptr<RankOperator> rank(new RankOperator(node, KeyCodec::Of(input, node.keys)));
  RETURN_IF_ERROR(rank->order_.Check(input));
  if (node.windowed && rank->end_column_ < 0) {
    return InvalidArgument("a window rank needs the window's end among its keys");
  }
  return std::unique_ptr<Operator>(std::move(rank));
}

RankOperator::RankOperator(const sql::RankNode& node, KeyCodec codec)
    : node_(node),
      append_only_(node.inputs[0]->changelog.IsInsertOnly()),
      rows_(node.inputs[0]->OutputTypes()),
      order_(node.order),
      codec_(std::move(codec)),
      update_codec_(KeyCodec::Of(node.inputs[0]->OutputTypes(), node.update_keys)),
      table_(codec_.key_bytes(), sizeof(Ranked), node.StateTtlMs() > 0),
      ttl_{node.StateTtlMs()},
      expiry_(table_, ttl_),
      all_rows_(Batch::kMaxRows) {
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
  store_.KeepTimes(ttl_.ms);
  const auto& fields = node.inputs[0]->output;
  for (int key : node.keys) {
    bool named = fields[key].name == "window_end";
    if (named || (fields[key].type.IsTimestamp() &&
                  (end_column_ < 0 || fields[end_column_].name != "window_end"))) {
      end_column_ = key;
      end_units_ = UnitsPerMs(fields[key].type);
    }
  }
}

bool RankOperator::IsLate(const Batch& batch, int row, int64_t& end) const {
  const model::Column& ends = batch.columns[end_column_];
  if (ends.IsNull(row)) return true;
  end = ToMs(ends.Get<int64_t>(row), end_units_);
  return end - 1 <= progress_;
}

Status RankOperator::Process(int, Batch batch) {
  codec_.Encode(batch, node_.keys, encoded_);
  rows_.Encode(batch, row_bytes_);
  if (IsUpdated()) update_codec_.Encode(batch, node_.update_keys, update_encoded_);
  table_.FindOrInsert(encoded_, std::span(all_rows_).first(batch.num_rows), entries_);
  ++batch_number_;
  if (ttl_.IsOn()) ExpireLookedUp();
  for (int row = 0; row < batch.num_rows; ++row) {
    KeyedTable::Entry* entry = entries_[row];
    int64_t end = 0;
    if (node_.windowed && IsLate(batch, row, end)) {
      EraseIfUnused(entry);  // its window has gone
      continue;
    }
    order_.Encode(batch, row, sort_key_);
    ChangeType change = batch.change(row);
    if (IsUpdated() && change != ChangeType::kDelete) {
      // Old rows may come from a source that has them.
      if (change == ChangeType::kUpdateBefore || Replace(entry, row)) continue;
      Insert(entry, row_bytes_[row], static_cast<int64_t>(update_encoded_.hashes[row]));
    } else if (model::IsRetraction(change)) {
      Retract(entry, row_bytes_[row]);
    } else {
      if (node_.windowed && RankedOf(entry)->rows.count == 0) windows_[end].push_back(entry);
      Insert(entry, row_bytes_[row], 0);
    }
  }
  if (!node_.windowed) {
    for (const Touched& touched : touched_) Compare(touched);
    RETURN_IF_ERROR(Flush());
  }
  for (StoredRow* row : removed_) store_.FreeRow(row);
  removed_.clear();
  touched_.clear();
  old_rows_.clear();
  Sweep(StateExpiry::kBatchBudgetNs);
  return Status::Ok();
}

void RankOperator::ExpireLookedUp() {
  now_ms_ = context_.now_ms();
  store_.SetNow(now_ms_);
  for (KeyedTable::Entry* entry : entries_) {
    if (expiry_.IsDue(entry, now_ms_)) Expire(entry);
  }
}

void RankOperator::Expire(KeyedTable::Entry* entry) {
  RowList& list = RankedOf(entry)->rows;
  if (store_.RemoveExpired(list, now_ms_ - ttl_.ms)) table_.MarkDirty(entry);
  int64_t oldest = RowStore::OldestOf(list);
  table_.Due(entry) = oldest == RowStore::kNoRow ? StateTtl::kNever : ttl_.DueAfter(oldest);
}

void RankOperator::Sweep(int64_t budget_ns) {
  expiry_.Sweep(now_ms_, budget_ns, [this](KeyedTable::Entry* entry) {
    Expire(entry);
    EraseIfUnused(entry);
  });
}

Status RankOperator::Tick(int64_t now_ms) {
  if (ttl_.IsOn()) now_ms_ = now_ms;
  Sweep(StateExpiry::kTickBudgetNs);
  return Status::Ok();
}

/// Rows of one order are written together, as in Flink, where they are one entry of a map.
void RankOperator::RenewEquals(KeyedTable::Entry* entry) {
  const RowList& list = RankedOf(entry)->rows;
  StoredRow* const* place = std::lower_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](const StoredRow* stored, std::string_view key) { return stored->head() < key; });
  for (; place != list.end() && (*place)->head() == sort_key_; ++place) {
    store_.Renew(*place);
    RowStore::Touch(RankedOf(entry)->rows, static_cast<uint32_t>(place - list.begin()));
  }
  if (list.count > 0) expiry_.AddDue(entry, ttl_.DueAfter(now_ms_));
}

void RankOperator::EraseIfUnused(KeyedTable::Entry* entry) {
  if (!table_.IsLive(entry)) return;
  RowList& list = RankedOf(entry)->rows;
  if (list.count + list.stored > 0) return;
  store_.Clear(list);
  table_.Erase(entry);
}

std::span<StoredRow* const> RankOperator::Visible(const RowList& list) const {
  auto begin = static_cast<size_t>(std::min<int64_t>(node_.rank_start - 1, list.count));
  auto end = static_cast<size_t>(std::min<int64_t>(node_.rank_end, list.count));
  return {list.begin() + begin, std::max(begin, end) - begin};
}

void RankOperator::Touch(KeyedTable::Entry* entry) {
  table_.MarkDirty(entry);
  Ranked* ranked = RankedOf(entry);
  if (ranked->touched == batch_number_ || node_.windowed) return;
  ranked->touched = batch_number_;
  size_t begin = old_rows_.size();
  for (StoredRow* row : Visible(ranked->rows)) old_rows_.push_back(row);
  touched_.push_back({entry, begin, old_rows_.size()});
}

bool RankOperator::IsSameKey(const StoredRow* stored, int row) const {
  if (static_cast<uint64_t>(stored->tag) != update_encoded_.hashes[row]) return false;
  const char* bytes = stored->row();
  Batch decoded(1, rows_.Decode({&bytes, 1}));
  EncodedKeys keys;
  update_codec_.Encode(decoded, node_.update_keys, keys);
  return keys.rows[0] == update_encoded_.rows[row];
}

bool RankOperator::Replace(KeyedTable::Entry* entry, int row) {
  RowList& list = RankedOf(entry)->rows;
  for (uint32_t i = 0; i < list.count; ++i) {
    if (!IsSameKey(list[i], row)) continue;
    Touch(entry);
    bool stays = list[i]->head() == sort_key_;
    removed_.push_back(store_.Remove(list, i));
    if (!stays) return false;
    auto tag = static_cast<int64_t>(update_encoded_.hashes[row]);
    store_.Insert(list, i, store_.NewRow(sort_key_, row_bytes_[row], tag));
    return true;
  }
  return false;
}

void RankOperator::Insert(KeyedTable::Entry* entry, std::string_view row, int64_t tag) {
  RowList& list = RankedOf(entry)->rows;
  bool full = (append_only_ || IsUpdated()) && list.count >= node_.rank_end;
  // Most rows of a full list stay behind its last row.
  if (full && list.count > 0 && list[list.count - 1]->head() <= sort_key_) return;
  if (full && list.count == 0) return;
  Touch(entry);
  StoredRow* const* place = std::upper_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](std::string_view key, const StoredRow* stored) { return key < stored->head(); });
  auto position = static_cast<uint32_t>(place - list.begin());
  if (full) removed_.push_back(store_.Remove(list, list.count - 1));
  store_.Insert(list, position, store_.NewRow(sort_key_, row, tag));
  if (ttl_.IsOn()) IsUpdated() ? expiry_.AddDue(entry, ttl_.DueAfter(now_ms_)) : RenewEquals(entry);
}

void RankOperator::Retract(KeyedTable::Entry* entry, std::string_view row) {
  RowList& list = RankedOf(entry)->rows;
  StoredRow* const* place = std::lower_bound(
      list.begin(), list.end(), std::string_view(sort_key_),
      [](const StoredRow* stored, std::string_view key) { return stored->head() < key; });
  for (; place != list.end() && (*place)->head() == sort_key_; ++place) {
    if ((*place)->row_view() != row) continue;
    auto position = static_cast<uint32_t>(place - list.begin());
    Touch(entry);
    removed_.push_back(store_.Remove(list, position));
    if (ttl_.IsOn() && !IsUpdated()) RenewEquals(entry);
    return;
  }
}

void RankOperator::Send(StoredRow* row, int64_t number, ChangeType change) {
  if (change == ChangeType::kUpdateBefore && !node_.changelog.update_before) return;
  sent_.push_back(row->row());
  numbers_.push_back(number);
  changes_.push_back(change);
}

void RankOperator::CompareNumbered(std::span<StoredRow* const> before,
                                   std::span<StoredRow* const> after) {
  for (size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
    int64_t number = node_.rank_start + static_cast<int64_t>(i);
    if (i >= before.size()) {
      Send(after[i], number, ChangeType::kInsert);
    } else if (i >= after.size()) {
      Send(before[i], number, ChangeType::kDelete);
    } else if (before[i] != after[i] && before[i]->row_view() != after[i]->row_view()) {
      Send(before[i], number, ChangeType::kUpdateBefore);
      Send(after[i], number, ChangeType::kUpdateAfter);
    }
  }
}

void RankOperator::CompareUpdated(std::span<StoredRow* const> before,
                                  std::span<StoredRow* const> after) {
  auto same_key = [](StoredRow* row) {
    return [row](const StoredRow* other) { return other->tag == row->tag; };
  };
  for (StoredRow* row : before) {
    if (std::none_of(after.begin(), after.end(), same_key(row))) {
      Send(row, 0, ChangeType::kDelete);
    }
  }
  for (StoredRow* row : after) {
    auto old = std::find_if(before.begin(), before.end(), same_key(row));
    if (old == before.end()) {
      Send(row, 0, ChangeType::kInsert);
    } else if (*old != row && (*old)->row_view() != row->row_view()) {
      Send(*old, 0, ChangeType::kUpdateBefore);
      Send(row, 0, ChangeType::kUpdateAfter);
    }
  }
}

/// Where a row moves up, its old self is taken back before it stands in its new place.
void RankOperator::CompareUpdatedNumbers(std::span<StoredRow* const> before,
                                         std::span<StoredRow* const> after) {
  std::vector<uint8_t> taken_back(before.size());
  for (size_t i = 0; i < after.size(); ++i) {
    auto number = [&](size_t place) { return node_.rank_start + static_cast<int64_t>(place); };
    if (i >= before.size()) {
      Send(after[i], number(i), ChangeType::kInsert);
      continue;
    }
    if (before[i] == after[i] || before[i]->row_view() == after[i]->row_view()) continue;
    if (taken_back[i] == 0) Send(before[i], number(i), ChangeType::kUpdateBefore);
    taken_back[i] = 1;
    for (size_t old = i + 1; old < before.size(); ++old) {
      bool changed = before[old]->tag == after[i]->tag && before[old] != after[i];
      if (!changed || taken_back[old] != 0) continue;
      Send(before[old], number(old), ChangeType::kUpdateBefore);
      taken_back[old] = 1;
    }
    Send(after[i], number(i), ChangeType::kUpdateAfter);
  }
}

void RankOperator::Compare(const Touched& touched) {
  auto before = std::span<StoredRow* const>(old_rows_).subspan(touched.old_begin,
                                                               touched.old_end - touched.old_begin);
  auto after = Visible(RankedOf(touched.entry)->rows);
  // As Flink: the only row of a key is updated when rows are but added, taken out and in otherwise;
  // behind an offset rows move from number to number, if their old places are wanted.
  bool single =
      node_.rank_end == 1 && (append_only_ || IsUpdated()) && node_.changelog.update_after;
  bool moves = node_.rank_start > 1 && node_.changelog.update_before;
  bool numbered = node_.output_rank_number || moves;
  // A delete, which such an input should not have, leaves fewer rows.
  bool grows = before.size() <= after.size();
  if (IsUpdated() && numbered && !single && grows) return CompareUpdatedNumbers(before, after);
  if (numbered || single) return CompareNumbered(before, after);
  if (IsUpdated()) return CompareUpdated(before, after);
  for (StoredRow* row : after) row->tag = 1;
  for (StoredRow* row : before) {
    if (row->tag == 0) Send(row, 0, ChangeType::kDelete);
    row->tag = 0;
  }
  for (StoredRow* row : after) {
    if (row->tag != 0) Send(row, 0, ChangeType::kInsert);
    row->tag = 0;
  }
}

Status RankOperator::Flush() {
  if (sent_.empty()) return Status::Ok();
  Batch result(static_cast<int>(sent_.size()), rows_.Decode(sent_), ShareChanges(changes_));
  if (node_.output_rank_number) {
    model::ColumnBuilder builder(node_.output.back().type, result.num_rows);
    for (int64_t number : numbers_) builder.Append<int64_t>(number);
    result.columns.push_back(builder.Finish());
  }
  sent_.clear();
  numbers_.clear();
  changes_.clear();
  return EmitAll(*context_.output, result);
}

Status RankOperator::ProcessWatermark(Watermark watermark) {
  progress_ = std::max(progress_, watermark);
  while (!windows_.empty() && windows_.begin()->first - 1 <= progress_) {
    auto window = windows_.extract(windows_.begin());
    auto& entries = window.mapped();
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    for (KeyedTable::Entry* entry : entries) {
      CompareNumbered({}, Visible(RankedOf(entry)->rows));
      if (sent_.size() >= Batch::kMaxRows) RETURN_IF_ERROR(Flush());
    }
    RETURN_IF_ERROR(Flush());
    for (KeyedTable::Entry* entry : entries) Forget(entry);
  }
  return Status::Ok();
}

/// Empties a key's list; the entry itself goes when no checkpoint has its rows.
void RankOperator::Forget(KeyedTable::Entry* entry) {
  table_.Preserve(entry);
  RowList& list = RankedOf(entry)->rows;
  for (StoredRow* row : list) store_.FreeRow(row);
  store_.Clear(list);
  list.clean = 0;
  table_.MarkDirty(entry);
  if (list.stored == 0) table_.Erase(entry);
}

Status RankOperator::BeginSnapshot(StateWriter& writer) {
  table_.BeginChanges(
      [this, &writer](KeyedTable::Entry* entry) {
        RowList& list = RankedOf(entry)->rows;
        store_.Save(writer, kTable, entry->hash, table_.Key(entry), 0, list);
        if (list.count == 0) emptied_.Add(entry);
      },
      [](uint64_t, std::string_view) {});
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

bool RankOperator::ContinueSnapshot(int64_t deadline_ns) {
  if (!table_.ContinueSnapshot(deadline_ns)) return false;
  return emptied_.Continue(deadline_ns, [this](KeyedTable::Entry* entry) { EraseIfUnused(entry); });
}

Status RankOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  if (ttl_.IsOn()) now_ms_ = context_.now_ms();
  store_.SetNow(now_ms_);
  RETURN_IF_ERROR(ForEachStored(
      reader, kTable, codec_, 0, RowStore::kSuffixBytes, [&](const StoredEntry& stored) -> Status {
        KeyedTable::Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        ASSIGN_OR_RETURN(std::string_view row, RowStore::SavedRow(stored.value));
        RETURN_IF_ERROR(rows_.Check(row));
        return store_.Load(RankedOf(entry)->rows, LoadLe<uint32_t>(stored.suffix.data() + 1),
                           stored.value);
      }));
  expiry_.OnRestore();
  if (ttl_.IsOn()) table_.ForEach([this](KeyedTable::Entry* entry) { Expire(entry); });
  if (!node_.windowed) return Status::Ok();
  table_.ForEach([&](KeyedTable::Entry* entry) {
    int64_t cell =
        LoadLe<int64_t>(RankedOf(entry)->rows[0]->row() + rows_.field_offset(end_column_));
    windows_[ToMs(cell, end_units_)].push_back(entry);
  });
  return Status::Ok();
}

int64_t RankOperator::StateBytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }

}  // namespace forebay::compute
