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
                    std::string_view key, char side, RowList& list) {
  ByteWriter value;
  for (uint32_t i = list.clean; i < list.count; ++i) {
    value.Clear();
    value.Write<int64_t>(list[i]->tag);
    value.Write<uint32_t>(list[i]->head_bytes);
    value.WriteBytes(list[i]->view());
    writer.Put(table, KeyGroupOf(hash), PositionKey(key, side, i), value.view());
  }
  for (uint32_t i = list.count; i < list.stored; ++i) {
    writer.Delete(table, KeyGroupOf(hash), PositionKey(key, side, i));
  }
  list.clean = list.stored = list.count;
}

void RowStore::Drop(StateWriter& writer, std::string_view table, uint64_t hash,
                    std::string_view key, char side, uint32_t stored) {
  for (uint32_t i = 0; i < stored; ++i) {
    writer.Delete(table, KeyGroupOf(hash), PositionKey(key, side, i));
  }
}

Status RowStore::Load(RowList& list, uint32_t position, std::string_view value) {
  ByteReader reader(value);
  ASSIGN_OR_RETURN(int64_t tag, reader.Read<int64_t>());
  ASSIGN_OR_RETURN(uint32_t head, reader.Read<uint32_t>());
  ASSIGN_OR_RETURN(std::string_view bytes, reader.ReadBytes(reader.remaining()));
  if (head > bytes.size() || position > (uint32_t{1} << 30)) {
    return Corruption("a stored row's head has {} of {} bytes", head, bytes.size());
  }
  while (list.count <= position) Append(list, nullptr);
  StoredRow* row = NewRow(bytes.substr(0, head), bytes.substr(head), tag);
  (list.capacity == 0 ? &list.one : list.many)[position] = row;
  list.clean = list.stored = list.count;
  return Status::Ok();
}

}  // namespace forebay::compute
