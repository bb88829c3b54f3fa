#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "model/data_type.h"
#include "model/string_ref.h"

namespace forebay::model {

using Int128 = __int128;

/// Keeps memory alive that a column points into; what it is does not matter to the column.
using Owner = std::shared_ptr<const void>;

/// Bytes of strings, in chunks that never move. Not thread-safe while it grows.
class StringHeap {
 public:
  /// Copies `text` into the heap, or into the returned cell when it is short.
  StringRef Add(std::string_view text) {
    if (text.size() <= StringRef::kInlineBytes) return StringRef(text);
    char* copy = Allocate(text.size());
    std::memcpy(copy, text.data(), text.size());
    return StringRef(std::string_view(copy, text.size()));
  }
  /// `size` bytes to be filled by the caller.
  char* Allocate(size_t size);
  size_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
  size_t bytes_ = 0;
};

/// A column of cells of one type: flat values, an optional validity bitmap (bit i set = row i has a
/// value; no bitmap = no NULLs), children for nested types. Cells of NULL rows hold unspecified but
/// initialised values. Immutable and cheap to copy: the memory is shared. Thread-safe.
///
/// Nested types: an ARRAY has offsets (num_rows + 1, into children()[0]); a MAP has offsets into
/// children()[0] (keys) and children()[1] (values); a ROW has one child a field, each of num_rows
/// rows.
class Column {
 public:
  Column() = default;
  /// A flat column over memory that `owners` keep alive. `validity` may be null; its bits start at
  /// bit 0.
  Column(DataType type, int num_rows, const void* values, const uint64_t* validity,
         std::vector<Owner> owners)
      : type_(std::move(type)),
        num_rows_(num_rows),
        values_(values),
        validity_(validity),
        owners_(std::move(owners)) {}
  /// An ARRAY or MAP column (`offsets` has num_rows + 1 entries), or a ROW column (`offsets` is
  /// null).
  static Column Nested(DataType type, int num_rows, const int32_t* offsets,
                       const uint64_t* validity, std::vector<Column> children,
                       std::vector<Owner> owners);
  /// `num_rows` NULLs of any type.
  static Column AllNull(DataType type, int num_rows);

  const DataType& type() const { return type_; }
  PhysicalType physical() const { return type_.physical(); }
  int num_rows() const { return num_rows_; }

  template <typename T>
  const T* values() const {
    DCHECK(sizeof(T) == static_cast<size_t>(PhysicalSize(physical())));
    return static_cast<const T*>(values_);
  }
  const void* raw_values() const { return values_; }
  const uint64_t* validity() const { return validity_; }
  bool MayHaveNulls() const { return validity_ != nullptr || physical() == PhysicalType::kNull; }
  bool IsNull(int row) const {
    if (validity_ == nullptr) return physical() == PhysicalType::kNull;
    return (validity_[row >> 6] >> (row & 63) & 1) == 0;
  }
  template <typename T>
  const T& Get(int row) const {
    return values<T>()[row];
  }
  std::string_view GetString(int row) const { return values<StringRef>()[row].view(); }

  const int32_t* offsets() const { return offsets_; }
  const std::vector<Column>& children() const { return children_; }
  const std::vector<Owner>& owners() const { return owners_; }

  /// Rows [begin, begin + num_rows) without copying values; the validity bitmap is copied unless
  /// begin is a multiple of 64.
  Column Slice(int begin, int num_rows) const;
  /// The rows `rows`, in that order. String bytes are shared with this column, not copied.
  Column Gather(std::span<const uint32_t> rows) const;
  /// The same cells under another type of the same physical type.
  Column WithType(DataType type) const;
  /// A copy that shares no memory with this column; frees what only a few rows hold on to.
  Column Compact() const;
  /// Bytes held by values, validity and long strings of these rows.
  int64_t MemoryBytes() const;

 private:
  DataType type_;
  int num_rows_ = 0;
  const void* values_ = nullptr;
  const uint64_t* validity_ = nullptr;
  const int32_t* offsets_ = nullptr;
  std::vector<Column> children_;
  std::vector<Owner> owners_;
};

/// Builds a Column of a fixed number of rows, or by appending; the memory grows as needed.
/// Thread-compatible.
///
/// Two ways to fill it: Append*() row by row, or Resize(n) and then write into mutable_values<T>()
/// and SetNull(row).
class ColumnBuilder {
 public:
  explicit ColumnBuilder(DataType type, int expected_rows = 0);
  ColumnBuilder(ColumnBuilder&&) = default;
  ColumnBuilder& operator=(ColumnBuilder&&) = default;

  const DataType& type() const { return type_; }
  int num_rows() const { return num_rows_; }

  /// Makes the column `num_rows` rows long; new rows are valid and zero. Not for nested types.
  void Resize(int num_rows);
  template <typename T>
  T* mutable_values() {
    return reinterpret_cast<T*>(values_.get());
  }
  void SetNull(int row);
  bool IsNull(int row) const {
    return validity_ != nullptr && (validity_[row >> 6] >> (row & 63) & 1) == 0;
  }
  /// The bitmap, made all valid first if there was none; room for num_rows rows rounded up to 64.
  uint64_t* MutableValidity();
  /// A cell for `text`, whose bytes are copied into this column's heap when long.
  StringRef AddString(std::string_view text) { return heap().Add(text); }
  StringHeap& heap();
  /// Keeps memory alive that cells of this column point into.
  void AddOwner(Owner owner);
  void AddOwnersOf(const Column& column);

  void AppendNull();
  template <typename T>
  void Append(T value) {
    Grow(1);
    mutable_values<T>()[num_rows_ - 1] = value;
  }
  void AppendString(std::string_view text) {
    Grow(1);
    mutable_values<StringRef>()[num_rows_ - 1] = heap().Add(text);
  }
  /// The cell of `column` at `row`, string bytes copied; any type, the types must be physically
  /// equal.
  void AppendFrom(const Column& column, int row);
  /// For ARRAY and MAP: the builders of the children; append the elements there, then call
  /// FinishEntry() once a row. For ROW: append one cell to every child, then FinishEntry().
  ColumnBuilder& child(int index) { return children_[index]; }
  void FinishEntry();

  Column Finish();

 private:
  void Grow(int rows);
  void Reserve(int rows);

  DataType type_;
  int width_;
  int num_rows_ = 0;
  int capacity_ = 0;
  std::shared_ptr<char[]> values_;
  std::shared_ptr<uint64_t[]> validity_;
  std::shared_ptr<StringHeap> heap_;
  std::vector<Owner> owners_;
  std::vector<ColumnBuilder> children_;
  std::vector<int32_t> offsets_;
};

/// Calls `f` with a null pointer of the C++ type of the cells of `type`: bool cells are uint8_t.
/// Not for kNull and nested types.
template <typename F>
decltype(auto) DispatchPhysical(PhysicalType type, F&& f) {
  switch (type) {
    case PhysicalType::kBool: return f(static_cast<uint8_t*>(nullptr));
    case PhysicalType::kInt8: return f(static_cast<int8_t*>(nullptr));
    case PhysicalType::kInt16: return f(static_cast<int16_t*>(nullptr));
    case PhysicalType::kInt32: return f(static_cast<int32_t*>(nullptr));
    case PhysicalType::kInt64: return f(static_cast<int64_t*>(nullptr));
    case PhysicalType::kInt128: return f(static_cast<Int128*>(nullptr));
    case PhysicalType::kFloat: return f(static_cast<float*>(nullptr));
    case PhysicalType::kDouble: return f(static_cast<double*>(nullptr));
    case PhysicalType::kString: return f(static_cast<StringRef*>(nullptr));
    default: break;
  }
  CHECK(false && "not a flat physical type");
  __builtin_unreachable();
}

}  // namespace forebay::model
