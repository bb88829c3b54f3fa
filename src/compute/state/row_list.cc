#include "compute/state/row_list.h"

#include <algorithm>

namespace forebay::compute {

void RowStore::Insert(RowList& list, uint32_t position, StoredRow* row) {
  if (list.count == 0 && list.capacity == 0) {
    list.one = row;
    list.count = 1;
    list.clean = 0;
    return;
  }
  if (list.capacity <= list.count) {
    size_t bytes = ByteArena::UsableBytes(std::max<size_t>(4, list.count * 2) * sizeof(StoredRow*));
    auto** grown = reinterpret_cast<StoredRow**>(arena_.Allocate(bytes));
    std::copy(list.begin(), list.end(), grown);
    uint32_t count = list.count;
    if (list.capacity > 0) Clear(list);
    list.count = count;
    list.many = grown;
    list.capacity = static_cast<uint32_t>(bytes / sizeof(StoredRow*));
  }
  std::copy_backward(list.many + position, list.many + list.count, list.many + list.count + 1);
  list.many[position] = row;
  ++list.count;
  Touch(list, position);
}

StoredRow* RowStore::Remove(RowList& list, uint32_t position) {
  StoredRow* row = list[position];
  if (list.capacity > 0) {
    std::copy(list.many + position + 1, list.many + list.count, list.many + position);
  }
  --list.count;
  Touch(list, position);
  return row;
}

bool RowStore::RemoveExpired(RowList& list, int64_t written_ms) {
  StoredRow** rows = list.capacity == 0 ? &list.one : list.many;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < list.count; ++i) {
    if (WrittenAt(rows[i]) <= written_ms) {
      Touch(list, kept);
      FreeRow(rows[i]);
    } else {
      rows[kept++] = rows[i];
    }
  }
  bool any = kept < list.count;
  list.count = kept;
  return any;
}

int64_t RowStore::OldestOf(const RowList& list) {
  int64_t oldest = kNoRow;
  for (const StoredRow* row : list) oldest = std::min(oldest, WrittenAt(row));
  return oldest;
}

void RowStore::SetNow(int64_t now_ms) {
  now_ms_ = now_ms;
  constexpr int64_t kAgesPerTtl = 8;
  constexpr int64_t kAgeMsMin = 100;
  if (now_ms - age_begun_ms_ < std::max(ttl_ms_ / kAgesPerTtl, kAgeMsMin)) return;
  age_begun_ms_ = now_ms;
  if (ages_.empty() || ages_.rbegin()->second.bytes_in_use() == 0) return;
  ages_.try_emplace(ages_.rbegin()->first + 1);
}

char* RowStore::AllocateTimed(size_t size) {
  if (ages_.empty()) ages_.try_emplace(0);
  auto& [age, arena] = *ages_.rbegin();
  char* memory = arena.Allocate(sizeof(StoredRow) + size + kTrailerBytes);
  char* trailer = memory + sizeof(StoredRow) + size;
  StoreLe<int64_t>(trailer, now_ms_);
  StoreLe<uint32_t>(trailer + sizeof(int64_t), age);
  return memory;
}

void RowStore::FreeTimed(StoredRow* row) {
  auto age = ages_.find(LoadLe<uint32_t>(row->bytes() + row->size + sizeof(int64_t)));
  age->second.Free(reinterpret_cast<char*>(row), sizeof(StoredRow) + row->size + kTrailerBytes);
  if (age->second.bytes_in_use() > 0) return;
  constexpr int64_t kKeptBytes = 1 << 20;  // of the arena that new rows go to
  bool is_past = std::next(age) != ages_.end();
  if (is_past || age->second.bytes_reserved() > kKeptBytes) ages_.erase(age);
}

int64_t RowStore::MemoryBytes() const {
  int64_t bytes = arena_.bytes_reserved();
  for (const auto& [age, arena] : ages_) bytes += arena.bytes_reserved();
  return bytes;
}

void RowStore::Clear(RowList& list) {
  if (list.capacity > 0) {
    arena_.Free(reinterpret_cast<char*>(list.many), list.capacity * sizeof(StoredRow*));
  }
  list.many = nullptr;
  list.capacity = 0;
  list.count = 0;
}

namespace {

std::string PositionKey(std::string_view key, char side, uint32_t position) {
  std::string stored(key);
  stored.push_back(side);
  stored.append(reinterpret_cast<const char*>(&position), sizeof(position));
  return stored;
}

}  // namespace

void RowStore::Save(StateWriter& writer, std::string_view table, uint64_t hash,
                    std::string_view key, char side, RowList& list) const {
  ByteWriter value;
  for (uint32_t i = list.clean; i < list.count; ++i) {
    value.Clear();
    value.Write<int64_t>(list[i]->tag);
    value.Write<uint32_t>(list[i]->head_bytes | (HasTimes() ? kTimed : 0));
    if (HasTimes()) value.Write<int64_t>(WrittenAt(list[i]));
    value.WriteBytes(list[i]->view());
    writer.Put(table, KeyGroupOf(hash), PositionKey(key, side, i), value.view());
  }
  for (uint32_t i = list.count; i < list.stored; ++i) {
    writer.Delete(table, KeyGroupOf(hash), PositionKey(key, side, i));
  }
  list.clean = list.stored = list.count;
}

Result<RowStore::SavedHead> RowStore::ReadHead(std::string_view value) {
  ByteReader reader(value);
  SavedHead saved;
  ASSIGN_OR_RETURN(saved.tag, reader.Read<int64_t>());
  ASSIGN_OR_RETURN(saved.head_bytes, reader.Read<uint32_t>());
  saved.is_timed = (saved.head_bytes & kTimed) != 0;
  saved.head_bytes &= ~kTimed;
  if (saved.is_timed) {
    ASSIGN_OR_RETURN(saved.written_ms, reader.Read<int64_t>());
  }
  ASSIGN_OR_RETURN(saved.bytes, reader.ReadBytes(reader.remaining()));
  if (saved.head_bytes > saved.bytes.size()) {
    return Corruption("a stored row's head has {} of {} bytes", saved.head_bytes,
                      saved.bytes.size());
  }
  return saved;
}

Result<std::string_view> RowStore::SavedRow(std::string_view value) {
  ASSIGN_OR_RETURN(SavedHead saved, ReadHead(value));
  return saved.bytes.substr(saved.head_bytes);
}

Status RowStore::Load(RowList& list, uint32_t position, std::string_view value) {
  ASSIGN_OR_RETURN(SavedHead saved, ReadHead(value));
  if (position > (uint32_t{1} << 30)) return Corruption("a stored row at position {}", position);
  while (list.count <= position) Append(list, nullptr);
  StoredRow* row = NewRow(saved.bytes.substr(0, saved.head_bytes),
                          saved.bytes.substr(saved.head_bytes), saved.tag);
  if (saved.is_timed && HasTimes()) StoreLe<int64_t>(row->bytes() + row->size, saved.written_ms);
  (list.capacity == 0 ? &list.one : list.many)[position] = row;
  list.clean = list.stored = list.count;
  return Status::Ok();
}

}  // namespace forebay::compute
