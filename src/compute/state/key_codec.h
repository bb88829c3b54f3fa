#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compute/state/row_codec.h"
#include "compute/state/state_io.h"

namespace forebay::compute {

/// The key columns of a batch as hashes and bytes. Reused from batch to batch.
struct EncodedKeys {
  EncodedRows rows;
  std::vector<uint64_t> hashes;
};

/// Turns key columns into the bytes and the hash that keyed state is found by: a RowCodec for keys
/// plus HashRows, so a key's hash can be computed again from its bytes (a restored job may have
/// another number of shards). Thread-safe.
class KeyCodec {
 public:
  KeyCodec() : KeyCodec(std::vector<model::DataType>{}) {}
  explicit KeyCodec(std::vector<model::DataType> types,
                    RowCodec::Purpose purpose = RowCodec::Purpose::kKey)
      : rows_(std::move(types), purpose) {}
  /// The types of `columns` of a row of `input` types.
  static KeyCodec Of(const std::vector<model::DataType>& input, std::span<const int> columns,
                     RowCodec::Purpose purpose = RowCodec::Purpose::kKey);

  const RowCodec& rows() const { return rows_; }
  /// The size of every key, or -1 when it varies.
  int key_bytes() const { return rows_.IsFixed() ? rows_.fixed_bytes() : -1; }
  void Encode(const model::Batch& batch, std::span<const int> columns, EncodedKeys& keys) const;

 private:
  RowCodec rows_;
};

/// An entry of a checkpointed table: `prefix` is the fixed-size part of the stored key before the
/// encoded key, `suffix` the one behind it.
struct StoredEntry {
  std::string_view prefix;
  std::string_view key;
  std::string_view suffix;
  uint64_t hash = 0;
  std::string_view value;
};

/// Calls `entry` for every entry of `table` with its key checked and hashed. kCorruption for keys
/// that are not `codec`'s.
Status ForEachStored(StateReader& reader, std::string_view table, const KeyCodec& codec,
                     size_t prefix_bytes, size_t suffix_bytes,
                     const std::function<Status(const StoredEntry&)>& entry);

}  // namespace forebay::compute
