#include "format/row/row_key.h"

#include <bit>

#include "base/bytes.h"
#include "format/row/compacted_cell.h"

namespace forebay::format {

namespace {

constexpr uint32_t kSeed = 42;
constexpr uint32_t kLengthOfInt = 4;

}  // namespace

namespace murmur {

uint32_t Mix(uint32_t hash, uint32_t word) {
  word = std::rotl(word * 0xcc9e2d51u, 15) * 0x1b873593u;
  return std::rotl(hash ^ word, 13) * 5 + 0xe6546b64u;
}

uint32_t Finish(uint32_t hash) {
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

uint32_t HashKey(std::string_view key) {
  uint32_t hash = kSeed;
  size_t whole = key.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) hash = Mix(hash, LoadLe<uint32_t>(key.data() + i));
  for (size_t i = whole; i < key.size(); ++i) {
    hash = Mix(hash, static_cast<uint32_t>(int32_t{static_cast<int8_t>(key[i])}));
  }
  return Finish(hash ^ static_cast<uint32_t>(key.size()));
}

}  // namespace murmur

Result<EncodedKeys> EncodeKeys(std::span<const model::Column> columns) {
  if (columns.empty()) return InvalidArgument("a key needs at least one column");
  for (const model::Column& column : columns) {
    if (model::PhysicalSize(column.physical()) == 0) {
      return NotSupported("{} cannot be a key", column.type().ToString());
    }
  }
  EncodedKeys keys;
  int rows = columns[0].num_rows();
  keys.Reserve(static_cast<size_t>(rows), static_cast<size_t>(rows) * columns.size() * 8);
  for (int row = 0; row < rows; ++row) {
    for (const model::Column& column : columns) {
      if (column.IsNull(row)) return InvalidArgument("a key column is NULL in row {}", row);
      RETURN_IF_ERROR(AppendCompactedCell(column, row, keys.bytes()));
    }
    keys.EndKey();
  }
  return keys;
}

Status DecodeKey(std::string_view key, std::span<model::ColumnBuilder*> columns) {
  ByteReader reader(key);
  for (model::ColumnBuilder* column : columns) {
    RETURN_IF_ERROR(ReadCompactedCell(reader, *column));
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after a key", reader.remaining());
  return Status::Ok();
}

int BucketOf(std::string_view key, int bucket_count) {
  uint32_t mixed = murmur::Finish(murmur::Mix(0, murmur::HashKey(key)) ^ kLengthOfInt);
  auto code = static_cast<int32_t>(mixed);
  if (code < 0) code = code == INT32_MIN ? 0 : -code;
  return code % bucket_count;
}

}  // namespace forebay::format
