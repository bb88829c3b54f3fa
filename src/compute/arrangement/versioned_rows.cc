#include "compute/arrangement/versioned_rows.h"

#include <algorithm>
#include <map>

namespace forebay::compute {

using model::Batch;
using model::LogOffset;

void FoundVersions::Clear() {
  rows.clear();
  bytes.clear();
  places.clear();
}

VersionedRows::VersionedRows(std::vector<model::DataType> types, std::vector<int> key_columns,
                             int num_buckets)
    : key_columns_(std::move(key_columns)),
      codec_(KeyCodec::Of(types, key_columns_)),
      rows_(std::move(types)),
      table_(codec_.key_bytes(), sizeof(RowList)),
      ended_(static_cast<size_t>(num_buckets)) {}

VersionedRows::Head VersionedRows::HeadOf(const StoredRow* row) {
  Head head;
  std::memcpy(&head, row->bytes(), sizeof(head));
  return head;
}

void VersionedRows::SetEnd(StoredRow* row, LogOffset end) {
  std::memcpy(row->bytes(), &end, sizeof(end));
}

void VersionedRows::Encode(const Batch& batch) {
  keyed_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    bool has_key = std::none_of(key_columns_.begin(), key_columns_.end(),
                                [&](int column) { return batch.columns[column].IsNull(row); });
    if (has_key) keyed_.push_back(static_cast<uint32_t>(row));
  }
  codec_.Encode(batch, key_columns_, keys_);
  rows_.Encode(batch, bytes_);
  table_.FindOrInsert(keys_, keyed_, entries_);
}

StoredRow* VersionedRows::Add(KeyedTable::Entry* entry, int bucket, std::string_view row,
                              LogOffset begin, LogOffset end) {
  Head head{end, bucket};
  std::string_view bytes(reinterpret_cast<const char*>(&head), sizeof(head));
  StoredRow* stored = store_.NewRow(bytes, row, begin);
  store_.Append(ListOf(entry), stored);
  ++num_versions_;
  return stored;
}

StoredRow* VersionedRows::FindVersion(KeyedTable::Entry* entry, int bucket, std::string_view row,
                                      LogOffset begin_max, LogOffset end_min) const {
  const RowList& list = ListOf(entry);
  for (uint32_t i = list.count; i-- > 0;) {
    if (list[i]->tag >= begin_max || list[i]->row_view() != row) continue;
    Head head = HeadOf(list[i]);
    if (head.bucket == bucket && head.end >= end_min) return list[i];
  }
  return nullptr;
}

void VersionedRows::AddSnapshot(int bucket, const Batch& batch) {
  Encode(batch);
  for (size_t i = 0; i < keyed_.size(); ++i) {
    Add(entries_[i], bucket, bytes_[keyed_[i]], kAlways, kNever);
  }
}

Status VersionedRows::Apply(int bucket, const LogPiece& piece) {
  Encode(piece.batch);
  for (size_t i = 0; i < keyed_.size(); ++i) {
    LogOffset offset = piece.base + keyed_[i];
    if (!model::IsRetraction(piece.batch.change(static_cast<int>(keyed_[i])))) {
      Add(entries_[i], bucket, bytes_[keyed_[i]], offset, kNever);
      continue;
    }
    StoredRow* row = FindVersion(entries_[i], bucket, bytes_[keyed_[i]], offset, kNever);
    if (row == nullptr) {
      return Corruption("the change at offset {} of bucket {} takes away a row that is not there",
                        offset, bucket);
    }
    SetEnd(row, offset);
    ended_[bucket].push_back({offset, entries_[i], row});
  }
  return Status::Ok();
}

Status VersionedRows::ApplyPast(int bucket, std::span<const LogPiece> pieces, LogOffset known) {
  // Rows made and not yet ended, with the offsets that made them.
  std::map<std::pair<KeyedTable::Entry*, std::string>, std::vector<LogOffset>> open;
  std::deque<Ended> ended;
  for (const LogPiece& piece : pieces) {
    Encode(piece.batch);
    for (size_t i = 0; i < keyed_.size(); ++i) {
      LogOffset offset = piece.base + keyed_[i];
      if (offset >= known) break;
      std::vector<LogOffset>& begun = open[{entries_[i], std::string(bytes_[keyed_[i]])}];
      if (!model::IsRetraction(piece.batch.change(static_cast<int>(keyed_[i])))) {
        begun.push_back(offset);
        continue;
      }
      LogOffset begin = kAlways;
      if (!begun.empty()) {
        begin = begun.back();
        begun.pop_back();
      }
      StoredRow* row = Add(entries_[i], bucket, bytes_[keyed_[i]], begin, offset);
      ended.push_back({offset, entries_[i], row});
    }
  }
  // What was made in between and is still there began there, and not before.
  for (const auto& [key, begun] : open) {
    for (LogOffset begin : begun) {
      StoredRow* row = FindVersion(key.first, bucket, key.second, known, known);
      if (row == nullptr) {
        return Corruption("the row made at offset {} of bucket {} is not there at {}", begin,
                          bucket, known);
      }
      row->tag = begin;
    }
  }
  ended_[bucket].insert(ended_[bucket].begin(), ended.begin(), ended.end());
  return Status::Ok();
}

void VersionedRows::Remove(const Ended& ended) {
  RowList& list = ListOf(ended.entry);
  auto place = std::find(list.begin(), list.end(), ended.row);
  store_.Remove(list, static_cast<uint32_t>(place - list.begin()));
  store_.FreeRow(ended.row);
  --num_versions_;
  if (list.count > 0) return;
  store_.Clear(list);
  table_.Erase(ended.entry);
}

void VersionedRows::Compact(const Frontier& frontier) {
  for (size_t bucket = 0; bucket < ended_.size(); ++bucket) {
    std::deque<Ended>& ended = ended_[bucket];
    for (; !ended.empty() && ended.front().end < frontier[bucket]; ended.pop_front()) {
      Remove(ended.front());
    }
  }
}

void VersionedRows::Find(const EncodedKeys& keys, std::span<const uint32_t> rows,
                         const Frontier& frontier, FoundVersions& found) const {
  found.Clear();
  std::vector<KeyedTable::Entry*> entries;
  table_.Find(keys, rows, entries);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (entries[i] == nullptr) continue;
    for (const StoredRow* row : ListOf(entries[i])) {
      Head head = HeadOf(row);
      LogOffset seen = frontier[static_cast<size_t>(head.bucket)];
      if (row->tag >= seen || head.end < seen) continue;
      std::string_view bytes = row->row_view();
      size_t place = found.bytes.size();
      found.bytes.resize(place + sizeof(StoredRow) + ((bytes.size() + 7) & ~size_t{7}));
      StoredRow copy{0, static_cast<uint32_t>(bytes.size()), 0};
      std::memcpy(found.bytes.data() + place, &copy, sizeof(copy));
      std::memcpy(found.bytes.data() + place + sizeof(copy), bytes.data(), bytes.size());
      found.rows.push_back(rows[i]);
      found.places.push_back(place);
    }
  }
}

}  // namespace forebay::compute
