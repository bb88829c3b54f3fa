#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "storage/kv/row_store.h"

namespace forebay::storage {

namespace {

/// A row's place before the sort. The first bytes of its key decide nearly always, and comparing
/// them needs no other memory.
struct Place {
  uint64_t first;
  uint32_t index;
};

/// Few rows are compared faster than counted.
constexpr size_t kCountedRowsMin = 512;

/// Sorts by the byte `shift` bits from the right, equal ones stay in order.
void SortByByte(const std::vector<Place>& places, int shift, std::vector<Place>& sorted) {
  std::array<uint32_t, 256> begins{};
  for (const Place& place : places) ++begins[place.first >> shift & 0xff];
  uint32_t begin = 0;
  for (uint32_t& count : begins) begin += std::exchange(count, begin);
  for (const Place& place : places) sorted[begins[place.first >> shift & 0xff]++] = place;
}

/// By `first`, byte by byte from the right; bytes that are the same in all keys decide nothing.
void SortByFirst(std::vector<Place>& places) {
  uint64_t differ = 0;
  for (const Place& place : places) differ |= place.first ^ places[0].first;
  std::vector<Place> sorted(places.size());
  for (int shift = 0; shift < 64; shift += 8) {
    if ((differ >> shift & 0xff) == 0) continue;
    SortByByte(places, shift, sorted);
    places.swap(sorted);
  }
}

}  // namespace

void RowStore::SortByKey(std::vector<Put>& puts) {
  std::vector<Place> places(puts.size());
  for (size_t i = 0; i < puts.size(); ++i) {
    char bytes[sizeof(uint64_t)] = {};
    std::memcpy(bytes, puts[i].key.data(), std::min(sizeof(bytes), puts[i].key.size()));
    places[i] = {__builtin_bswap64(LoadLe<uint64_t>(bytes)), static_cast<uint32_t>(i)};
  }
  auto in_order = [&](const Place& a, const Place& b) {
    return a.first != b.first ? a.first < b.first : puts[a.index].key < puts[b.index].key;
  };
  if (places.size() < kCountedRowsMin) {
    std::sort(places.begin(), places.end(), in_order);
  } else {
    SortByFirst(places);
    for (size_t begin = 0, end = 0; begin < places.size(); begin = end) {
      while (end < places.size() && places[end].first == places[begin].first) ++end;
      std::sort(places.begin() + static_cast<ptrdiff_t>(begin),
                places.begin() + static_cast<ptrdiff_t>(end), in_order);
    }
  }
  std::vector<Put> sorted;
  sorted.reserve(puts.size());
  for (const Place& place : places) sorted.push_back(puts[place.index]);
  puts.swap(sorted);
}

}  // namespace forebay::storage
