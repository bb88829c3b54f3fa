#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/batch/compression.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

/// How the rows of a log batch are stored: as one Arrow record batch, or row by row.
enum class LogFormat : uint8_t { kArrow, kIndexed, kCompacted };

/// The table option table.log.format: ARROW, INDEXED or COMPACTED, in any case.
Result<LogFormat> ParseLogFormat(std::string_view name);

/// The header of a log batch, Fluss's versions 0 to 2: what a log segment consists of, and what is
/// produced and fetched. Little-endian.
///
///   v0  v1  v2
///    0   0   0  int64  base_offset            given by the server
///    8   8   8  int32  length                 of what follows this field
///   12  12  12  int8   magic                  the version
///   13  13  13  int64  commit_timestamp_ms    given by the server
///           21  int32  leader_epoch           given by the server
///   21  21  25  uint32 crc                    CRC-32C of everything from schema_id on
///   25  25  29  int16  schema_id
///   27  27  31  int8   attributes             bit 0: append-only, there are no change types
///   28  28  32  int32  last_offset_delta
///   32  32  36  int64  writer_id              -1: not idempotent
///   40  40  44  int32  batch_sequence         -1: not idempotent
///   44  44  48  int32  record_count
///       48  52  int32  statistics_length
///   48  52  56         statistics of that length (batch_statistics.h)
///                      the records
///
/// Records in Arrow: change types, a byte a record, unless append-only; an encapsulated Arrow IPC
/// RecordBatch message without its schema; nothing at all without records. Row by row, each record:
/// int32 length of what follows, int8 change type (also when append-only), an indexed or a
/// compacted row.
struct LogBatchHeader {
  /// Of version 0: no header is shorter.
  static constexpr size_t kBytes = 48;
  /// Of version 2: no header is longer.
  static constexpr size_t kBytesMax = 56;
  static constexpr int8_t kMagicMax = 2;
  /// The bytes before the field `length` counts begins.
  static constexpr size_t kBytesBeforeLengthEnd = 12;
  static constexpr size_t kLengthOffset = 8;
  static constexpr size_t kMagicOffset = 12;
  static constexpr size_t kTimestampOffset = 13;
  static constexpr size_t kLeaderEpochOffset = 21;
  /// Of version 0.
  static constexpr size_t kCrcOffset = 21;
  static constexpr size_t kSchemaIdOffset = 25;
  static constexpr size_t CrcOffset(int8_t magic) { return kCrcOffset + (magic < 2 ? 0 : 4); }
  /// The fields from here to record_count lie alike in all versions.
  static constexpr size_t SchemaIdOffset(int8_t magic) { return CrcOffset(magic) + 4; }
  static constexpr size_t StatisticsLengthOffset(int8_t magic) { return magic < 2 ? 48 : 52; }
  static constexpr size_t Bytes(int8_t magic) {
    return magic == 0 ? kBytes : StatisticsLengthOffset(magic) + 4;
  }

  model::LogOffset base_offset = 0;
  int32_t length = 0;
  int8_t magic = 0;
  int64_t commit_timestamp_ms = 0;
  /// -1 before version 2.
  int32_t leader_epoch = -1;
  uint32_t crc = 0;
  model::SchemaId schema_id;
  bool append_only = false;
  int32_t last_offset_delta = 0;
  int64_t writer_id = -1;
  int32_t batch_sequence = -1;
  int32_t record_count = 0;
  int32_t statistics_length = 0;

  /// Of the header alone.
  size_t header_bytes() const { return Bytes(magic); }
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
  BodyCompression compression;
  /// Writes no change types: for log tables.
  bool append_only = false;
  LogFormat format = LogFormat::kArrow;
  /// The version; 0 when there are no statistics, as readers of old know it alone.
  int8_t magic = 0;
  /// Columns to write statistics of, ascending; needs Arrow and a version that has them.
  std::vector<int> statistics_columns = {};
};

/// The bytes of `batch` with base offset and timestamp 0. kInvalidArgument when `append_only` and
/// the batch takes rows away, or a CHAR or BINARY is too long for an indexed row; kOutOfRange when
/// a column's strings have more than 2 GiB.
Result<std::string> EncodeLogBatch(const model::Batch& batch, const LogBatchOptions& options);

/// Sets the fields a server gives, which no checksum covers. `bytes` holds a whole batch or at
/// least its header.
void RewriteLogBatch(std::string& bytes, model::LogOffset base_offset, int64_t timestamp_ms,
                     int32_t leader_epoch = 0);

/// Makes `bytes`, one whole batch, the batch `sequence` of a writer.
void SetLogBatchWriter(std::string& bytes, int64_t writer_id, int32_t sequence);

/// Needs the first LogBatchHeader::kBytesMax bytes, or all if there are fewer. kCorruption when
/// they cannot be a header; the rest of the batch is not looked at.
Result<LogBatchHeader> ParseLogBatchHeader(std::string_view bytes);

/// kCorruption unless `bytes` is exactly one whole batch with the right checksum.
Status VerifyLogBatch(std::string_view bytes);

/// The statistics in a whole batch, whose header is `header`; empty when it has none. See
/// ReadStatistics.
std::string_view StatisticsOf(const LogBatchHeader& header, std::string_view bytes);

/// The rows of one whole batch. `types` are the columns it was written with; `projection`, if not
/// null, names the wanted ones in the order they shall have. Safe for any bytes, also unverified
/// ones; the checksum is VerifyLogBatch's part.
///
/// Uncompressed flat columns and long strings of Arrow point into `bytes`, which `owner` keeps
/// alive; without an owner all is copied.
Result<model::Batch> DecodeLogBatch(std::string_view bytes,
                                    const std::vector<model::DataType>& types,
                                    const std::vector<int>* projection,
                                    std::shared_ptr<const void> owner,
                                    LogFormat format = LogFormat::kArrow);

}  // namespace forebay::format
