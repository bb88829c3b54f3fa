#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/compression.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

/// The header of a log batch, Fluss's version 0: what a log segment consists of, and what is
/// produced and fetched. Little-endian.
///
///   byte  0  int64  base_offset            given by the server
///         8  int32  length                 of what follows this field
///        12  int8   magic                  0
///        13  int64  commit_timestamp_ms    given by the server
///        21  uint32 crc                    CRC-32C of everything from byte 25 on
///        25  int16  schema_id
///        27  int8   attributes             bit 0: append-only, there are no change types
///        28  int32  last_offset_delta
///        32  int64  writer_id              -1: not idempotent
///        40  int32  batch_sequence         -1: not idempotent
///        44  int32  record_count
///        48         change types, a byte a record, unless append-only
///                   an encapsulated Arrow IPC RecordBatch message without its schema; absent
///                   without records
struct LogBatchHeader {
  static constexpr size_t kBytes = 48;
  /// The bytes before the field `length` counts begins.
  static constexpr size_t kBytesBeforeLengthEnd = 12;
  static constexpr size_t kLengthOffset = 8;
  static constexpr size_t kTimestampOffset = 13;
  static constexpr size_t kCrcOffset = 21;
  static constexpr size_t kSchemaIdOffset = 25;

  model::LogOffset base_offset = 0;
  int32_t length = 0;
  int8_t magic = 0;
  int64_t commit_timestamp_ms = 0;
  uint32_t crc = 0;
  model::SchemaId schema_id;
  bool append_only = false;
  int32_t last_offset_delta = 0;
  int64_t writer_id = -1;
  int32_t batch_sequence = -1;
  int32_t record_count = 0;

  /// Of the whole batch, header included.
  size_t size_bytes() const { return kBytesBeforeLengthEnd + static_cast<size_t>(length); }
  model::LogOffset last_offset() const { return base_offset + last_offset_delta; }
  /// Where the next batch begins. A batch without records takes one offset all the same.
  model::LogOffset next_offset() const { return last_offset() + 1; }
};

struct LogBatchOptions {
  model::SchemaId schema_id{1};
  int64_t writer_id = -1;
  int32_t batch_sequence = -1;
  Compression compression = Compression::kNone;
  /// Writes no change types: for log tables.
  bool append_only = false;
};

/// The bytes of `batch` with base offset and timestamp 0. kInvalidArgument when `append_only` and
/// the batch takes rows away; kOutOfRange when a column's strings have more than 2 GiB.
Result<std::string> EncodeLogBatch(const model::Batch& batch, const LogBatchOptions& options);

/// Sets the fields a server gives, which no checksum covers. `bytes` holds a whole batch or at
/// least its header.
void RewriteLogBatch(std::string& bytes, model::LogOffset base_offset, int64_t timestamp_ms);

/// Needs only the first kBytes bytes. kCorruption when they cannot be a header; the rest of the
/// batch is not looked at.
Result<LogBatchHeader> ParseLogBatchHeader(std::string_view bytes);

/// kCorruption unless `bytes` is exactly one whole batch with the right checksum.
Status VerifyLogBatch(std::string_view bytes);

/// The rows of one whole batch. `types` are the columns it was written with; `projection`, if not
/// null, names the wanted ones in the order they shall have. Safe for any bytes, also unverified
/// ones; the checksum is VerifyLogBatch's part.
///
/// Uncompressed flat columns and long strings point into `bytes`, which `owner` keeps alive;
/// without an owner all is copied.
Result<model::Batch> DecodeLogBatch(std::string_view bytes,
                                    const std::vector<model::DataType>& types,
                                    const std::vector<int>* projection,
                                    std::shared_ptr<const void> owner);

}  // namespace forebay::format
