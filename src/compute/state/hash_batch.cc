#include "compute/state/hash_batch.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::Int128;
using model::PhysicalType;
using model::StringRef;

// Odd 64-bit constants of the golden ratio family; nothing but "odd and well mixed" is asked of
// them.
constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr uint64_t kMultiplier = 0xd6e8feb86659fd93;
constexpr uint64_t kNullCell = 0x5851f42d4c957f2d;
constexpr uint64_t kStringSeed = 0xa0761d6478bd642f;

uint64_t Finish(uint64_t x) {
  x ^= x >> 32;
  x *= kMultiplier;
  x ^= x >> 29;
  x *= kMultiplier;
  return x ^ x >> 32;
}

/// Order matters: (a, b) and (b, a) hash differently.
uint64_t Combine(uint64_t hash, uint64_t cell) { return Finish(hash * kSeed + cell); }

uint64_t Fold(uint64_t a, uint64_t b) {
  unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// 16 bytes a step by a folded 128-bit product; the last step overlaps the one before it.
uint64_t HashLong(const char* data, size_t size) {
  uint64_t hash = size * kSeed;
  const char* last = data + size - 16;
  for (const char* p = data; p < last; p += 16) {
    hash = Fold(LoadLe<uint64_t>(p) ^ kStringSeed ^ hash, LoadLe<uint64_t>(p + 8) ^ kMultiplier);
  }
  return Fold(LoadLe<uint64_t>(last) ^ kStringSeed ^ hash,
              LoadLe<uint64_t>(last + 8) ^ kMultiplier);
}

uint64_t HashCell(const StringRef& cell) {
  if (!cell.IsInlined() && cell.size() >= 16) return HashLong(cell.data(), cell.size());
  // Zero-padded to 16 bytes; an inlined cell already is.
  uint64_t words[2] = {0, 0};
  std::memcpy(words, cell.data(), cell.size());
  return Fold(words[0] ^ kStringSeed ^ cell.size() * kSeed, words[1] ^ kMultiplier);
}

template <typename T>
uint64_t HashCell(T value) {
  if constexpr (std::is_same_v<T, Int128>) {
    return static_cast<uint64_t>(value) ^ Finish(static_cast<uint64_t>(value >> 64) + kSeed);
  } else if constexpr (std::is_floating_point_v<T>) {
    double wide = value == 0 ? 0.0 : static_cast<double>(value);
    return std::isnan(wide) ? kSeed : std::bit_cast<uint64_t>(wide);
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

void HashColumn(const Column& column, uint64_t* hashes);

/// Hashes of the cells of a list's or map's children, then of each row's run of them.
void HashList(const Column& column, uint64_t* hashes) {
  int num_cells = column.offsets()[column.num_rows()];
  std::vector<uint64_t> cells(num_cells, kSeed);
  // The children of a slice are those of the whole column: more than its rows have.
  for (const Column& child : column.children()) {
    HashColumn(child.Slice(0, num_cells), cells.data());
  }
  for (int row = 0; row < column.num_rows(); ++row) {
    int begin = column.offsets()[row], end = column.offsets()[row + 1];
    uint64_t cell = static_cast<uint64_t>(end - begin);
    for (int i = begin; i < end; ++i) {
      // Entries of a map have no order, so their hashes are added.
      cell = column.physical() == PhysicalType::kMap ? cell + cells[i] : Combine(cell, cells[i]);
    }
    hashes[row] = Combine(hashes[row], column.IsNull(row) ? kNullCell : cell);
  }
}

void HashStruct(const Column& column, uint64_t* hashes) {
  std::vector<uint64_t> cells(column.num_rows(), kSeed);
  for (const Column& child : column.children()) HashColumn(child, cells.data());
  for (int row = 0; row < column.num_rows(); ++row) {
    hashes[row] = Combine(hashes[row], column.IsNull(row) ? kNullCell : cells[row]);
  }
}

void HashColumn(const Column& column, uint64_t* hashes) {
  int num_rows = column.num_rows();
  switch (column.physical()) {
    case PhysicalType::kNull:
      for (int row = 0; row < num_rows; ++row) hashes[row] = Combine(hashes[row], kNullCell);
      return;
    case PhysicalType::kList:
    case PhysicalType::kMap: return HashList(column, hashes);
    case PhysicalType::kStruct: return HashStruct(column, hashes);
    default: break;
  }
  model::DispatchPhysical(column.physical(), [&]<typename T>(T*) {
    const T* values = column.values<T>();
    if (column.validity() == nullptr) {
      for (int row = 0; row < num_rows; ++row) {
        hashes[row] = Combine(hashes[row], HashCell(values[row]));
      }
      return;
    }
    for (int row = 0; row < num_rows; ++row) {
      uint64_t cell = column.IsNull(row) ? kNullCell : HashCell(values[row]);
      hashes[row] = Combine(hashes[row], cell);
    }
  });
}

}  // namespace

void HashRows(const model::Batch& batch, std::span<const int> keys, std::vector<uint64_t>& hashes) {
  hashes.assign(static_cast<size_t>(batch.num_rows), kSeed);
  for (int key : keys) HashColumn(batch.columns[key], hashes.data());
}

}  // namespace forebay::compute
