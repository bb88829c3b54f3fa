#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/column.h"

namespace forebay::format {

/// The keys of a batch's rows, one after the other in one string. Thread-compatible.
class EncodedKeys {
 public:
  int num_rows() const { return static_cast<int>(ends_.size()); }
  std::string_view operator[](int row) const {
    size_t begin = row == 0 ? 0 : ends_[static_cast<size_t>(row) - 1];
    return std::string_view(bytes_).substr(begin, ends_[static_cast<size_t>(row)] - begin);
  }
  void Reserve(size_t rows, size_t bytes) {
    ends_.reserve(rows);
    bytes_.reserve(bytes);
  }
  /// The next key is appended here, and ended by EndKey.
  std::string& bytes() { return bytes_; }
  void EndKey() { ends_.push_back(bytes_.size()); }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

/// Fluss's CompactedKey of every row: the key columns' cells in the compacted row format without
/// null bits. The same values always give the same bytes and different ones different bytes; the
/// order of the bytes means nothing. kInvalidArgument when a cell is NULL or there is no column,
/// kNotSupported for nested key types.
Result<EncodedKeys> EncodeKeys(std::span<const model::Column> columns);

/// Appends the cells of a key to builders of the key columns' types. kCorruption when the bytes are
/// no such key.
Status DecodeKey(std::string_view key, std::span<model::ColumnBuilder*> columns);

/// The bucket Fluss gives to a key: a Murmur3-like hash, mixed once more, modulo the number of
/// buckets.
int BucketOf(std::string_view key, int bucket_count);

namespace murmur {
/// Murmur3 with seed 42 but for the tail, whose bytes Fluss and Paimon mix in one at a time and
/// sign-extended.
uint32_t HashKey(std::string_view key);
/// One step and the end of Murmur3.
uint32_t Mix(uint32_t hash, uint32_t word);
uint32_t Finish(uint32_t hash);
}  // namespace murmur

}  // namespace forebay::format
