#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/batch.h"

namespace forebay::compute {

/// The rows of a batch as byte strings, one after another. Reused from batch to batch.
struct EncodedRows {
  std::vector<char> bytes;
  std::vector<uint32_t> offsets;  ///< one more than there are rows

  int num_rows() const { return static_cast<int>(offsets.size()) - 1; }
  std::string_view operator[](size_t row) const {
    return {bytes.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }
  const char* data(size_t row) const { return bytes.data() + offsets[row]; }
};

/// Turns rows of given types into bytes and back; the bytes are in checkpoints, so they do not
/// change. Equal rows have equal bytes (for `kKey` also -0.0 and 0.0, and all NaNs; for `kGroup`
/// all NaNs, since Flink groups by the bytes of a row). A row:
///
///   null mask   ceil(columns / 8) bytes, bit i set: column i is NULL
///   fields      in column order, unaligned, little-endian: the cell as the column holds it; for
///   strings, ARRAY, MAP and ROW
///               u32 offset from the row's begin, u32 size; zero when NULL
///   padding     zeros up to a multiple of 8
///   bytes       of strings; of nested cells as WriteCell writes them: for every element a byte (1
///   = NULL) and the cell padding     zeros up to a multiple of 8
///
/// Immutable, thread-safe.
class RowCodec {
 public:
  enum class Purpose { kRow, kKey, kGroup };

  RowCodec() : RowCodec(std::vector<model::DataType>{}) {}
  explicit RowCodec(std::vector<model::DataType> types, Purpose purpose = Purpose::kRow);

  const std::vector<model::DataType>& types() const { return types_; }
  /// Whether every row has fixed_bytes() bytes.
  bool IsFixed() const { return variable_columns_.empty(); }
  int fixed_bytes() const { return fixed_bytes_; }
  int field_offset(int column) const { return field_offsets_[column]; }

  /// Encodes columns `columns` (one a type) of every row.
  void Encode(const model::Batch& batch, std::span<const int> columns, EncodedRows& rows) const;
  /// Encodes all columns of the batch.
  void Encode(const model::Batch& batch, EncodedRows& rows) const;

  /// Appends column `column` of every row; a null pointer gives a NULL. String bytes are copied.
  void DecodeColumn(int column, std::span<const char* const> rows,
                    model::ColumnBuilder& builder) const;
  /// All columns.
  std::vector<model::Column> Decode(std::span<const char* const> rows) const;
  bool IsNull(const char* row, int column) const {
    return (row[column >> 3] >> (column & 7) & 1) != 0;
  }
  /// kCorruption unless `row` is what Encode could have written: offsets inside, sizes right.
  Status Check(std::string_view row) const;

 private:
  void WriteFixed(const model::Column& column, int index, EncodedRows& rows) const;
  void WriteStrings(const model::Column& column, int index, EncodedRows& rows,
                    std::vector<uint32_t>& ends) const;
  void WriteNested(const model::Column& column, int index, EncodedRows& rows,
                   const std::vector<std::string>& cells, std::vector<uint32_t>& ends) const;
  void WriteNulls(const model::Column& column, int index, EncodedRows& rows) const;

  std::vector<model::DataType> types_;
  Purpose purpose_;
  std::vector<int> field_offsets_;
  std::vector<int> variable_columns_;
  int fixed_bytes_ = 0;
};

/// One cell of any type in a self-delimiting form; the cell must not be NULL.
void WriteCell(const model::Column& column, int row, ByteWriter& writer);
Status ReadCell(ByteReader& reader, model::ColumnBuilder& builder);

}  // namespace forebay::compute
