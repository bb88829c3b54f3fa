#include "compute/join/distinct_keys.h"

#include <bit>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "compute/state/hash_batch.h"

namespace forebay::compute {

namespace {

using model::Column;

/// Whether each row's cell is that of the row where its key is first.
bool CellsAgree(const Column& column, const DistinctKeys& distinct) {
  if (model::PhysicalSize(column.physical()) == 0 || column.MayHaveNulls()) return false;
  return model::DispatchPhysical(column.physical(), [&]<typename T>(T*) {
    const T* cells = column.values<T>();
    bool agree = true;
    for (size_t row = 0; row < distinct.place_of_row.size(); ++row) {
      const T& first = cells[distinct.rows[distinct.place_of_row[row]]];
      if constexpr (std::is_same_v<T, model::StringRef>) {
        agree &= first == cells[row];
      } else {
        agree &= std::memcmp(&first, &cells[row], sizeof(T)) == 0;
      }
    }
    return agree;
  });
}

}  // namespace

DistinctKeys::DistinctKeys(const model::Batch& keys) {
  std::vector<int> columns(keys.columns.size());
  std::iota(columns.begin(), columns.end(), 0);
  std::vector<uint64_t> hashes;
  HashRows(keys, columns, hashes);
  // A hash stands for its key; whether it does is seen afterwards, column by column.
  std::vector<uint32_t> slots(std::bit_ceil(hashes.size() * 2 + 1), UINT32_MAX);
  const size_t mask = slots.size() - 1;
  place_of_row.resize(hashes.size());
  for (uint32_t row = 0; row < hashes.size(); ++row) {
    size_t slot = hashes[row] & mask;
    while (slots[slot] != UINT32_MAX && hashes[rows[slots[slot]]] != hashes[row]) {
      slot = (slot + 1) & mask;
    }
    if (slots[slot] == UINT32_MAX) {
      slots[slot] = static_cast<uint32_t>(rows.size());
      rows.push_back(row);
    }
    place_of_row[row] = slots[slot];
  }
  for (const Column& column : keys.columns) {
    if (CellsAgree(column, *this)) continue;
    rows.resize(hashes.size());
    std::iota(rows.begin(), rows.end(), 0u);
    place_of_row = rows;
    return;
  }
}

}  // namespace forebay::compute
