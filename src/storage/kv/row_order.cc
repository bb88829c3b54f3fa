#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "storage/kv/row_store.h"

namespace forebay::storage {

void RowStore::SortByKey(std::vector<Put>& puts) {
  // The first bytes decide nearly always, and comparing them needs no other memory.
  struct Place {
    uint64_t first;
    uint32_t index;
  };
  std::vector<Place> places(puts.size());
  for (size_t i = 0; i < puts.size(); ++i) {
    char bytes[sizeof(uint64_t)] = {};
    std::memcpy(bytes, puts[i].key.data(), std::min(sizeof(bytes), puts[i].key.size()));
    places[i] = {__builtin_bswap64(LoadLe<uint64_t>(bytes)), static_cast<uint32_t>(i)};
  }
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    return a.first != b.first ? a.first < b.first : puts[a.index].key < puts[b.index].key;
  });
  std::vector<Put> sorted;
  sorted.reserve(puts.size());
  for (const Place& place : places) sorted.push_back(puts[place.index]);
  puts.swap(sorted);
}

}  // namespace forebay::storage
