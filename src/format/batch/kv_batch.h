#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table.h"

namespace forebay::format {

/// Fluss's batch of writes to a primary-key table, as clients send it. Little-endian.
///
///   byte  0  int32  length         of what follows this field
///         4  int8   magic          0
///         5  uint32 crc            CRC-32C of everything from byte 9 on
///         9  int16  schema_id
///        11  int8   attributes     0
///        12  int64  writer_id      -1: not idempotent
///        20  int32  batch_sequence -1: not idempotent
///        24  int32  record_count
///        28         records: int32 length of what follows, varint length of the key, the key, and
///                   a compacted row, or nothing for a delete
struct KvBatchHeader {
  static constexpr size_t kBytes = 28;

  model::SchemaId schema_id;
  int64_t writer_id = -1;
  int32_t batch_sequence = -1;
  int32_t record_count = 0;
};

/// One write: an upsert, or a delete when there is no row.
struct KvRecord {
  std::string_view key;
  std::optional<std::string_view> row;
};

/// Reads one such batch, which may be any bytes. Thread-compatible.
class KvBatchReader {
 public:
  /// kCorruption unless `bytes`, which outlive the reader, are one whole batch with the right
  /// checksum and room for its records.
  static Result<KvBatchReader> Open(std::string_view bytes);

  const KvBatchHeader& header() const { return header_; }
  /// The next record; nullopt at the end.
  Result<std::optional<KvRecord>> Next();

 private:
  KvBatchHeader header_;
  std::string_view rest_;
  int32_t records_left_ = 0;
};

/// Makes one such batch. Thread-compatible.
class KvBatchWriter {
 public:
  explicit KvBatchWriter(model::SchemaId schema_id);
  /// `row` is nullopt for a delete.
  void Append(std::string_view key, std::optional<std::string_view> row);
  size_t size_bytes() const { return bytes_.size(); }
  int record_count() const { return record_count_; }
  /// The batch, of no idempotent writer.
  std::string Finish();

 private:
  std::string bytes_;
  int record_count_ = 0;
};

/// Makes `bytes`, one whole batch, the batch `sequence` of a writer.
void SetKvBatchWriter(std::string& bytes, int64_t writer_id, int32_t sequence);

/// Makes a batch of values, the answer to scans of primary-key tables: int32 length of what
/// follows, int8 magic 0, int32 record count, and the records: int32 length of what follows, int16
/// schema id, compacted row. Thread-compatible.
class ValueBatchWriter {
 public:
  ValueBatchWriter();
  /// `value` is a row behind its int16 schema id.
  void Append(std::string_view value);
  size_t size_bytes() const { return bytes_.size(); }
  int record_count() const { return record_count_; }
  std::string Finish();

 private:
  std::string bytes_;
  int record_count_ = 0;
};

/// A value of such a batch: a row and the schema it was written with.
struct ValueRecord {
  model::SchemaId schema_id;
  std::string_view row;

  /// Reads the schema id off a value, as lookups answer it too. kCorruption when it is too short.
  static Result<ValueRecord> Parse(std::string_view value);
};

/// Reads a batch of values, which may be any bytes. Thread-compatible.
class ValueBatchReader {
 public:
  /// kCorruption unless `bytes`, which outlive the reader, are one whole batch.
  static Result<ValueBatchReader> Open(std::string_view bytes);
  /// The next value; nullopt at the end.
  Result<std::optional<ValueRecord>> Next();

 private:
  std::string_view rest_;
  int32_t records_left_ = 0;
};

}  // namespace forebay::format
