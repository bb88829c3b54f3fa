#include "compute/state/timed_rows.h"

#include <algorithm>
#include <numeric>

namespace forebay::compute {
namespace {

constexpr std::string_view kRowTable = "timed_rows";
constexpr std::string_view kTimerTable = "timers";
constexpr size_t kNumberBytes = 8;
constexpr size_t kHeadBytes = kNumberBytes + 2;  // number, mark, side
constexpr int64_t kRemoved = -1;

int64_t NumberOf(const StoredRow* row) { return LoadLe<int64_t>(row->bytes()); }
int SideOf(const StoredRow* row) { return row->bytes()[9]; }

std::string HeadOf(int64_t number, uint8_t mark, int side) {
  ByteWriter head;
  head.Write<int64_t>(number);
  head.Write<uint8_t>(mark);
  head.Write<uint8_t>(static_cast<uint8_t>(side));
  return head.Take();
}

}  // namespace

TimedRows::TimedRows(KeyCodec keys, const RowCodec* rows, bool left_by_time, bool right_by_time)
    : codec_(std::move(keys)),
      rows_(rows),
      by_time_{left_by_time, right_by_time},
      table_(codec_.key_bytes(), sizeof(Key*)) {}

TimedRows::~TimedRows() {
  table_.ForEach([&](Entry* entry) { delete *reinterpret_cast<Key**>(table_.Payload(entry)); });
}

TimedRows::Key& TimedRows::Ensure(Entry* entry) {
  auto*& key = *reinterpret_cast<Key**>(table_.Payload(entry));
  if (key == nullptr) key = std::make_unique<Key>().release();
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
  std::vector<StoredRow*>& rows = Of(entry).rows[side];
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
  changed_.emplace(stored, Changed{entry, stored, side});
  return stored;
}

void TimedRows::SetMark(Entry* entry, StoredRow* row, uint8_t mark) {
  row->bytes()[8] = static_cast<char>(mark);
  if (NumberOf(row) == kRemoved) return;
  changed_.try_emplace(row, Changed{entry, row, SideOf(row)});
}

void TimedRows::Forget(Entry* entry, StoredRow* row) {
  int64_t number = NumberOf(row);
  changed_.erase(row);
  if (number < stored_below_) deleted_.emplace_back(entry->hash, StoredKey(entry, row));
  StoreLe<int64_t>(row->bytes(), kRemoved);
  removed_.push_back(row);
}

void TimedRows::Remove(Entry* entry, int side, size_t begin, size_t end) {
  std::vector<StoredRow*>& rows = Of(entry).rows[side];
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
  timer = time;
  table_.MarkDirty(entry);
  if (time != kNoTimer) timers_[time].emplace_back(entry, which);
}

void TimedRows::EraseIfEmpty(Entry* entry) {
  if (!table_.IsLive(entry)) return;
  const Key& key = Of(entry);
  bool is_empty = key.rows[0].empty() && key.rows[1].empty() && key.timers[0] == kNoTimer &&
                  key.timers[1] == kNoTimer;
  if (!is_empty) return;
  delete &key;
  table_.Erase(entry);
}

std::string TimedRows::StoredKey(const Entry* entry, const StoredRow* row) const {
  std::string key(table_.Key(entry));
  key.append(row->bytes(), kNumberBytes);
  return key;
}

void TimedRows::Snapshot(StateWriter& writer) {
  for (const auto& [hash, key] : deleted_) writer.Delete(kRowTable, KeyGroupOf(hash), key);
  deleted_.clear();
  for (const auto& [row, changed] : changed_) {
    ByteWriter value;
    value.Write<uint8_t>(static_cast<uint8_t>(changed.side));
    value.Write<uint8_t>(MarkOf(changed.row));
    value.Write<int64_t>(changed.row->tag);
    value.WriteBytes(changed.row->row_view());
    writer.Put(kRowTable, KeyGroupOf(changed.entry->hash), StoredKey(changed.entry, changed.row),
               value.view());
  }
  changed_.clear();
  stored_below_ = next_number_;
  table_.Snapshot(writer, kTimerTable, {}, [&](Entry* entry, ByteWriter& value) {
    for (int64_t timer : Of(entry).timers) value.Write<int64_t>(timer);
  });
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
        by_number[number].push_back(
            {entry, store_.NewRow(HeadOf(number, mark, side), row, time), side});
        next_number_ = std::max(next_number_, number + 1);
        return Status::Ok();
      }));
  stored_below_ = next_number_;
  for (const auto& [number, rows] : by_number) {
    for (const Changed& row : rows) Place(row.entry, row.side, row.row);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
