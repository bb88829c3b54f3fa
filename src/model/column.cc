#include "model/column.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace forebay::model {

namespace {

constexpr size_t kHeapChunkBytes = 16 * 1024;
constexpr int kMinCapacity = 64;

size_t ValidityWords(int rows) { return (static_cast<size_t>(rows) + 63) / 64; }

std::shared_ptr<uint64_t[]> CopyBits(const uint64_t* bits, int begin, int count) {
  size_t words = ValidityWords(count);
  std::shared_ptr<uint64_t[]> copy(new uint64_t[words]());
  for (int i = 0; i < count; ++i) {
    int from = begin + i;
    copy[i >> 6] |= (bits[from >> 6] >> (from & 63) & 1) << (i & 63);
  }
  return copy;
}

/// The bits of `rows`; null when all of them are set.
std::shared_ptr<uint64_t[]> GatherBits(const uint64_t* bits, std::span<const uint32_t> rows) {
  std::shared_ptr<uint64_t[]> gathered(new uint64_t[ValidityWords(static_cast<int>(rows.size()))]);
  bool all_set = true;
  for (size_t begin = 0; begin < rows.size(); begin += 64) {
    size_t count = std::min<size_t>(64, rows.size() - begin);
    uint64_t word = 0;
    for (size_t i = 0; i < count; ++i) {
      uint32_t row = rows[begin + i];
      word |= (bits[row >> 6] >> (row & 63) & 1) << i;
    }
    all_set &= word == ~uint64_t{0} >> (64 - count);
    gathered[begin / 64] = word;
  }
  return all_set ? nullptr : gathered;
}

/// Whether these eight rows follow one another.
bool AreConsecutive(const uint32_t* rows) {
  __m256i expected = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int32_t>(rows[0])),
                                      _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  __m256i equal =
      _mm256_cmpeq_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows)), expected);
  return _mm256_movemask_epi8(equal) == -1;
}

/// Rows of a selection often follow one another: eight that do are copied at once.
template <typename T>
void GatherCells(const T* cells, std::span<const uint32_t> rows, T* target) {
  size_t i = 0;
  for (; i + 8 <= rows.size(); i += 8) {
    if (AreConsecutive(&rows[i])) {
      std::copy_n(cells + rows[i], 8, target + i);
    } else {
      for (size_t k = i; k < i + 8; ++k) target[k] = cells[rows[k]];
    }
  }
  for (; i < rows.size(); ++i) target[i] = cells[rows[i]];
}

}  // namespace

char* StringHeap::Allocate(size_t size) {
  if (size > free_bytes_) {
    size_t chunk = std::max(
        size, std::min(kHeapChunkBytes << std::min<size_t>(chunks_.size(), 6), size_t{1} << 20));
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
    free_ = chunks_.back().get();
    free_bytes_ = chunk;
  }
  char* result = free_;
  free_ += size;
  free_bytes_ -= size;
  bytes_ += size;
  return result;
}

Column Column::Nested(DataType type, int num_rows, const int32_t* offsets, const uint64_t* validity,
                      std::vector<Column> children, std::vector<Owner> owners) {
  Column column(std::move(type), num_rows, nullptr, validity, std::move(owners));
  column.offsets_ = offsets;
  column.children_ = std::move(children);
  return column;
}

Column Column::AllNull(DataType type, int num_rows) {
  ColumnBuilder builder(std::move(type), num_rows);
  for (int row = 0; row < num_rows; ++row) builder.AppendNull();
  return builder.Finish();
}

Column Column::Slice(int begin, int num_rows) const {
  DCHECK(begin >= 0 && begin + num_rows <= num_rows_);
  Column slice = *this;
  slice.num_rows_ = num_rows;
  if (values_ != nullptr) {
    slice.values_ = static_cast<const char*>(values_) + int64_t{begin} * PhysicalSize(physical());
  }
  if (validity_ != nullptr) {
    if (begin % 64 == 0) {
      slice.validity_ = validity_ + begin / 64;
    } else {
      auto bits = CopyBits(validity_, begin, num_rows);
      slice.validity_ = bits.get();
      slice.owners_.push_back(std::move(bits));
    }
  }
  if (offsets_ != nullptr) {
    slice.offsets_ = offsets_ + begin;
  } else {
    for (Column& child : slice.children_) child = child.Slice(begin, num_rows);
  }
  return slice;
}

Column Column::Gather(std::span<const uint32_t> rows) const {
  auto num_rows = static_cast<int>(rows.size());
  bool is_struct = physical() == PhysicalType::kStruct;
  ColumnBuilder builder(type_, is_struct ? 0 : num_rows);
  if (PhysicalSize(physical()) == 0 && !is_struct) {
    for (uint32_t row : rows) builder.AppendFrom(*this, static_cast<int>(row));
    return builder.Finish();
  }
  Column gathered(type_, num_rows, nullptr, nullptr, {});
  if (is_struct) {
    for (const Column& child : children_) gathered.children_.push_back(child.Gather(rows));
  } else {
    builder.Resize(num_rows);
    DispatchPhysical(physical(), [&]<typename T>(T*) {
      GatherCells(values<T>(), rows, builder.mutable_values<T>());
    });
    if (physical() == PhysicalType::kString) builder.AddOwnersOf(*this);
    gathered = builder.Finish();
  }
  if (validity_ == nullptr) return gathered;
  std::shared_ptr<uint64_t[]> validity = GatherBits(validity_, rows);
  if (validity == nullptr) return gathered;
  gathered.validity_ = validity.get();
  gathered.owners_.push_back(std::move(validity));
  return gathered;
}

Column Column::WithType(DataType type) const {
  DCHECK(type.physical() == physical());
  Column column = *this;
  column.type_ = std::move(type);
  return column;
}

Column Column::Compact() const {
  ColumnBuilder builder(type_, num_rows_);
  for (int row = 0; row < num_rows_; ++row) builder.AppendFrom(*this, row);
  return builder.Finish();
}

int64_t Column::MemoryBytes() const {
  int64_t bytes = int64_t{num_rows_} * PhysicalSize(physical());
  if (validity_ != nullptr) bytes += static_cast<int64_t>(ValidityWords(num_rows_)) * 8;
  if (offsets_ != nullptr) bytes += int64_t{num_rows_ + 1} * 4;
  if (physical() == PhysicalType::kString) {
    const StringRef* cells = values<StringRef>();
    for (int row = 0; row < num_rows_; ++row) {
      if (cells[row].IsInlined() || (validity_ != nullptr && IsNull(row))) continue;
      bytes += cells[row].size();
    }
  }
  for (const Column& child : children_) bytes += child.MemoryBytes();
  return bytes;
}

ColumnBuilder::ColumnBuilder(DataType type, int expected_rows)
    : type_(std::move(type)), width_(PhysicalSize(type_.physical())) {
  PhysicalType physical = type_.physical();
  if (physical == PhysicalType::kList || physical == PhysicalType::kMap) offsets_.push_back(0);
  if (type_.Is(TypeRoot::kMultiset)) {
    children_.emplace_back(type_.children()[0]);
    children_.emplace_back(DataType::Int().NotNull());
  } else if (width_ == 0) {
    for (const DataType& child : type_.children()) children_.emplace_back(child);
  }
  if (expected_rows > 0) Reserve(expected_rows);
}

StringHeap& ColumnBuilder::heap() {
  if (heap_ == nullptr) heap_ = std::make_shared<StringHeap>();
  return *heap_;
}

void ColumnBuilder::Reserve(int rows) {
  if (rows <= capacity_) return;
  int capacity = std::max({rows, capacity_ * 2, kMinCapacity});
  if (width_ > 0) {
    std::shared_ptr<char[]> values(new char[static_cast<size_t>(capacity) * width_]());
    if (num_rows_ > 0) {
      std::memcpy(values.get(), values_.get(), static_cast<size_t>(num_rows_) * width_);
    }
    values_ = std::move(values);
  }
  if (validity_ != nullptr) {
    std::shared_ptr<uint64_t[]> bits(new uint64_t[ValidityWords(capacity)]);
    std::memset(bits.get(), 0xff, ValidityWords(capacity) * 8);
    std::memcpy(bits.get(), validity_.get(), ValidityWords(capacity_) * 8);
    validity_ = std::move(bits);
  }
  capacity_ = capacity;
}

void ColumnBuilder::Grow(int rows) {
  if (num_rows_ + rows > capacity_) Reserve(num_rows_ + rows);
  num_rows_ += rows;
}

void ColumnBuilder::Resize(int num_rows) {
  Reserve(num_rows);
  num_rows_ = num_rows;
}

uint64_t* ColumnBuilder::MutableValidity() {
  if (validity_ == nullptr) {
    Reserve(std::max(num_rows_, 1));
    size_t words = ValidityWords(capacity_);
    validity_.reset(new uint64_t[words]);
    std::memset(validity_.get(), 0xff, words * 8);
  }
  return validity_.get();
}

void ColumnBuilder::SetNull(int row) {
  if (type_.physical() == PhysicalType::kNull) return;
  MutableValidity()[row >> 6] &= ~(uint64_t{1} << (row & 63));
}

void ColumnBuilder::AddOwner(Owner owner) { owners_.push_back(std::move(owner)); }

void ColumnBuilder::AddOwnersOf(const Column& column) {
  for (const Owner& owner : column.owners()) {
    if (std::find(owners_.begin(), owners_.end(), owner) == owners_.end()) {
      owners_.push_back(owner);
    }
  }
}

void ColumnBuilder::AppendNull() {
  if (!offsets_.empty()) {
    Grow(1);
    offsets_.push_back(offsets_.back());
  } else if (type_.physical() == PhysicalType::kStruct) {
    for (ColumnBuilder& child : children_) child.AppendNull();
    Grow(1);
  } else {
    Grow(1);
  }
  SetNull(num_rows_ - 1);
}

void ColumnBuilder::AppendFrom(const Column& column, int row) {
  if (column.IsNull(row)) return AppendNull();
  switch (type_.physical()) {
    case PhysicalType::kNull: Grow(1); break;
    case PhysicalType::kString: AppendString(column.GetString(row)); break;
    case PhysicalType::kList:
    case PhysicalType::kMap:
      for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
        for (size_t c = 0; c < children_.size(); ++c) {
          children_[c].AppendFrom(column.children()[c], i);
        }
      }
      FinishEntry();
      break;
    case PhysicalType::kStruct:
      for (size_t c = 0; c < children_.size(); ++c) {
        children_[c].AppendFrom(column.children()[c], row);
      }
      FinishEntry();
      break;
    default:
      DispatchPhysical(type_.physical(), [&]<typename T>(T*) { Append<T>(column.Get<T>(row)); });
  }
}

void ColumnBuilder::FinishEntry() {
  Grow(1);
  if (!offsets_.empty()) offsets_.push_back(children_[0].num_rows());
}

Column ColumnBuilder::Finish() {
  std::vector<Owner> owners = std::move(owners_);
  if (values_ != nullptr) owners.push_back(values_);
  if (validity_ != nullptr) owners.push_back(validity_);
  if (heap_ != nullptr) owners.push_back(heap_);
  if (width_ > 0 || children_.empty()) {
    return Column(type_, num_rows_, values_.get(), validity_.get(), std::move(owners));
  }
  std::vector<Column> children;
  for (ColumnBuilder& child : children_) children.push_back(child.Finish());
  const int32_t* offsets = nullptr;
  if (!offsets_.empty()) {
    auto shared = std::make_shared<const std::vector<int32_t>>(std::move(offsets_));
    offsets = shared->data();
    owners.push_back(std::move(shared));
  }
  return Column::Nested(type_, num_rows_, offsets, validity_.get(), std::move(children),
                        std::move(owners));
}

}  // namespace forebay::model
