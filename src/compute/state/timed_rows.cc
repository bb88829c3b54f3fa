#include "compute/state/timed_rows.h"

#include <algorithm>
#include <numeric>

#include "compute/state/slice_clock.h"

namespace forebay::compute {
namespace {

constexpr std::string_view kRowTable = "timed_rows";
constexpr std::string_view kTimerTable = "timers";
constexpr size_t kNumberBytes = 8;
/// A row's head: i64 number, u8 mark, u8 side, u8 list (0: in none), u32 place in that list.
constexpr size_t kListByte = kNumberBytes + 2;
constexpr int64_t kRemoved = -1;

int SideOf(const StoredRow* row) { return row->bytes()[9]; }
char& ListOf(StoredRow* row) { return row->bytes()[kListByte]; }
uint32_t PlaceOf(const StoredRow* row) { return LoadLe<uint32_t>(row->bytes() + kListByte + 1); }

std::string HeadOf(int64_t number, uint8_t mark, int side) {
  ByteWriter head;
  head.Write<int64_t>(number);
  head.Write<uint8_t>(mark);
  head.Write<uint8_t>(static_cast<uint8_t>(side));
  head.Write<uint8_t>(0);
  head.Write<uint32_t>(0);
  return head.Take();
}

}  // namespace

TimedRows::TimedRows(KeyCodec keys, const RowCodec* rows, bool left_by_time, bool right_by_time)
    : codec_(std::move(keys)),
      rows_(rows),
      by_time_{left_by_time, right_by_time},
      table_(codec_.key_bytes(), sizeof(Key*)) {}

TimedRows::~TimedRows() {
  table_.ForEach(
      [&](Entry* entry) { DeleteStateObject(*reinterpret_cast<Key**>(table_.Payload(entry))); });
}

TimedRows::Key& TimedRows::Ensure(Entry* entry) {
  auto*& key = *reinterpret_cast<Key**>(table_.Payload(entry));
  if (key == nullptr) key = NewStateObject<Key>();
  return *key;
}

void TimedRows::FindOrInsert(const model::Batch& batch, const std::vector<int>& keys,
                             std::vector<Entry*>& entries) {
  codec_.Encode(batch, keys, encoded_);
  all_rows_.resize(batch.num_rows);
  std::iota(all_rows_.begin(), all_rows_.end(), 0);
  table_.FindOrInsert(encoded_, all_rows_, entries);
  for (Entry* entry : entries) Ensure(entry);
}

void TimedRows::Place(Entry* entry, int side, StoredRow* row) {
  Rows& rows = Of(entry).rows[side];
  bool is_last = !by_time_[side] || rows.empty() || rows.back()->tag <= row->tag;
  auto place = is_last ? rows.end()
                       : std::upper_bound(rows.begin(), rows.end(), row->tag,
                                          [](int64_t time, const StoredRow* other) {
                                            return time < other->tag;
                                          });
  rows.insert(place, row);
}

StoredRow* TimedRows::Add(Entry* entry, int side, std::string_view row, int64_t time,
                          uint8_t mark) {
  int64_t number = next_number_++;
  StoredRow* stored = store_.NewRow(HeadOf(number, mark, side), row, time);
  Place(entry, side, stored);
  List(entry, stored);
  return stored;
}

/// Notes that the next snapshot wants the row.
void TimedRows::List(Entry* entry, StoredRow* row) {
  if (ListOf(row) == static_cast<char>(changed_list_)) return;
  ListOf(row) = static_cast<char>(changed_list_);
  StoreLe<uint32_t>(row->bytes() + kListByte + 1, static_cast<uint32_t>(changed_.size()));
  changed_.push_back({entry, row});
}

/// The last one takes its place, so that without snapshots the list does not grow for ever.
void TimedRows::Unlist(StoredRow* row) {
  uint32_t place = PlaceOf(row);
  changed_[place] = changed_.back();
  StoreLe<uint32_t>(changed_[place].row->bytes() + kListByte + 1, place);
  changed_.pop_back();
  ListOf(row) = 0;
}

/// Before a change to a row: the snapshot that is being written takes it as it is.
void TimedRows::WriteIfPending(StoredRow* row) {
  if (ListOf(row) == 0 || ListOf(row) == static_cast<char>(changed_list_)) return;
  Changed& pending = pending_[PlaceOf(row)];
  Write(pending);
  pending.row = nullptr;
}

void TimedRows::SetMark(Entry* entry, StoredRow* row, uint8_t mark) {
  if (NumberOf(row) != kRemoved) {
    WriteIfPending(row);
    List(entry, row);
  }
  row->bytes()[8] = static_cast<char>(mark);
}

void TimedRows::Forget(Entry* entry, StoredRow* row) {
  int64_t number = NumberOf(row);
  WriteIfPending(row);
  if (ListOf(row) != 0) Unlist(row);
  if (number < stored_below_) deleted_.emplace_back(entry->hash, StoredKey(entry, row));
  StoreLe<int64_t>(row->bytes(), kRemoved);
  removed_.push_back(row);
}

void TimedRows::Remove(Entry* entry, int side, size_t begin, size_t end) {
  Rows& rows = Of(entry).rows[side];
  for (size_t i = begin; i < end; ++i) Forget(entry, rows[i]);
  rows.erase(rows.begin() + static_cast<long>(begin), rows.begin() + static_cast<long>(end));
}

void TimedRows::FreeRemoved() {
  for (StoredRow* row : removed_) store_.FreeRow(row);
  removed_.clear();
}

void TimedRows::SetTimer(Entry* entry, int which, int64_t time) {
  int64_t& timer = Of(entry).timers[which];
  if (timer == time) return;
  table_.Preserve(entry);
  timer = time;
  table_.MarkDirty(entry);
  if (time != kNoTimer) timers_[time].emplace_back(entry, which);
}

void TimedRows::EraseIfEmpty(Entry* entry) {
  if (!table_.IsLive(entry)) return;
  Key& key = Of(entry);
  bool is_empty = key.rows[0].empty() && key.rows[1].empty() && key.timers[0] == kNoTimer &&
                  key.timers[1] == kNoTimer;
  if (!is_empty) return;
  table_.Preserve(entry);
  DeleteStateObject(&key);
  table_.Erase(entry);
}

StateString TimedRows::StoredKey(const Entry* entry, const StoredRow* row) const {
  StateString key(table_.Key(entry));
  key.append(row->bytes(), kNumberBytes);
  return key;
}

void TimedRows::Write(const Changed& changed) {
  ByteWriter value;
  value.Write<uint8_t>(static_cast<uint8_t>(SideOf(changed.row)));
  value.Write<uint8_t>(MarkOf(changed.row));
  value.Write<int64_t>(changed.row->tag);
  value.WriteBytes(changed.row->row_view());
  writer_->Put(kRowTable, KeyGroupOf(changed.entry->hash), StoredKey(changed.entry, changed.row),
               value.view());
  ListOf(changed.row) = 0;
}

void TimedRows::BeginSnapshot(StateWriter& writer) {
  ContinueSnapshot(INT64_MAX);
  writer_ = &writer;
  pending_.swap(changed_);
  next_pending_ = 0;
  changed_list_ = static_cast<uint8_t>(3 - changed_list_);
  pending_deleted_.swap(deleted_);
  stored_below_ = next_number_;
  table_.BeginSnapshot(writer, kTimerTable, [this](Entry* entry, ByteWriter& value) {
    for (int64_t timer : Of(entry).timers) value.Write<int64_t>(timer);
  });
}

bool TimedRows::ContinueSnapshot(int64_t deadline_ns) {
  SliceClock clock(deadline_ns);
  while (!pending_deleted_.empty()) {
    const auto& [hash, key] = pending_deleted_.back();
    writer_->Delete(kRowTable, KeyGroupOf(hash), key);
    pending_deleted_.pop_back();
    if (clock.IsPast()) return false;
  }
  while (next_pending_ < pending_.size()) {
    const Changed& changed = pending_[next_pending_++];
    if (changed.row != nullptr) Write(changed);
    if (clock.IsPast()) return false;
  }
  pending_.clear();
  next_pending_ = 0;
  return table_.ContinueSnapshot(deadline_ns);
}

Status TimedRows::Restore(StateReader& reader) {
  RETURN_IF_ERROR(
      ForEachStored(reader, kTimerTable, codec_, 0, 0, [&](const StoredEntry& stored) -> Status {
        Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        table_.MarkStored(entry);
        Ensure(entry);
        ByteReader value(stored.value);
        for (int which = 0; which < 2; ++which) {
          ASSIGN_OR_RETURN(int64_t time, value.Read<int64_t>());
          Of(entry).timers[which] = time;
          if (time != kNoTimer) timers_[time].emplace_back(entry, which);
        }
        return Status::Ok();
      }));
  return RestoreRows(reader);
}

Status TimedRows::RestoreRows(StateReader& reader) {
  std::map<int64_t, std::vector<Changed>> by_number;  // shards number their rows alike
  RETURN_IF_ERROR(ForEachStored(
      reader, kRowTable, codec_, 0, kNumberBytes, [&](const StoredEntry& stored) -> Status {
        ByteReader value(stored.value);
        ASSIGN_OR_RETURN(uint8_t side, value.Read<uint8_t>());
        ASSIGN_OR_RETURN(uint8_t mark, value.Read<uint8_t>());
        ASSIGN_OR_RETURN(int64_t time, value.Read<int64_t>());
        ASSIGN_OR_RETURN(std::string_view row, value.ReadBytes(value.remaining()));
        if (side > 1) return Corruption("a stored row of side {} of a join", side);
        RETURN_IF_ERROR(rows_[side].Check(row));
        int64_t number = LoadLe<int64_t>(stored.suffix.data());
        Entry* entry = table_.FindOrInsertOne(stored.key, stored.hash);
        Ensure(entry);
        by_number[number].push_back({entry, store_.NewRow(HeadOf(number, mark, side), row, time)});
        next_number_ = std::max(next_number_, number + 1);
        return Status::Ok();
      }));
  stored_below_ = next_number_;
  for (const auto& [number, rows] : by_number) {
    for (const Changed& row : rows) Place(row.entry, SideOf(row.row), row.row);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
