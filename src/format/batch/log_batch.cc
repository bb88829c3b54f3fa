#include "format/batch/log_batch.h"

#include <algorithm>
#include <limits>

#include "base/ascii_case.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/batch/batch_statistics.h"
#include "format/batch/record_batch_message.h"
#include "format/row/row_format.h"

namespace forebay::format {

using model::Batch;
using model::ChangeType;

namespace {

constexpr uint8_t kAppendOnlyBit = 1;

constexpr size_t kRecordHeaderBytes = 5;

Status CheckAppendOnly(const Batch& batch) {
  for (int row = 0; row < batch.num_rows && batch.changes != nullptr; ++row) {
    if (batch.change(row) > ChangeType::kInsert) {
      return InvalidArgument("row {} of an append-only batch is {}", row,
                             ChangeTypeText(batch.change(row)));
    }
  }
  return Status::Ok();
}

void AppendChangeTypes(const Batch& batch, std::string& out) {
  if (batch.changes == nullptr) {
    out.append(static_cast<size_t>(batch.num_rows), static_cast<char>(ChangeType::kInsert));
  } else {
    out.append(reinterpret_cast<const char*>(batch.changes.get()),
               static_cast<size_t>(batch.num_rows));
  }
}

RowFormat RowFormatOf(LogFormat format) {
  return format == LogFormat::kIndexed ? RowFormat::kIndexed : RowFormat::kCompacted;
}

Status AppendRecords(const Batch& batch, const LogBatchOptions& options, std::string& out) {
  for (const model::Column& column : batch.columns) {
    RETURN_IF_ERROR(CheckRowTypes({&column.type(), 1}));
  }
  for (int row = 0; row < batch.num_rows; ++row) {
    size_t start = out.size();
    ChangeType change = options.append_only ? ChangeType::kAppendOnly : batch.change(row);
    out.append(sizeof(int32_t), '\0');
    out.push_back(static_cast<char>(change));
    RETURN_IF_ERROR(AppendRow(RowFormatOf(options.format), batch.columns, row, out));
    StoreLe(out.data() + start, static_cast<int32_t>(out.size() - start - sizeof(int32_t)));
  }
  return Status::Ok();
}

Status AppendBody(const Batch& batch, const LogBatchOptions& options, std::string& out) {
  if (options.append_only) RETURN_IF_ERROR(CheckAppendOnly(batch));
  if (options.format != LogFormat::kArrow) return AppendRecords(batch, options, out);
  if (!options.append_only) AppendChangeTypes(batch, out);
  if (batch.num_rows == 0) return Status::Ok();
  return AppendRecordBatchMessage(batch, options.compression, out);
}

void FillHeader(const Batch& batch, const LogBatchOptions& options, size_t statistics_bytes,
                std::string& bytes) {
  int8_t magic = options.magic;
  char* at = bytes.data();
  StoreLe<int32_t>(at + LogBatchHeader::kLengthOffset,
                   static_cast<int32_t>(bytes.size() - LogBatchHeader::kBytesBeforeLengthEnd));
  StoreLe<int8_t>(at + LogBatchHeader::kMagicOffset, magic);
  if (magic >= 2) StoreLe<int32_t>(at + LogBatchHeader::kLeaderEpochOffset, -1);
  char* fields = at + LogBatchHeader::SchemaIdOffset(magic);
  StoreLe<int16_t>(fields, static_cast<int16_t>(options.schema_id.value()));
  StoreLe<uint8_t>(fields + 2, options.append_only ? kAppendOnlyBit : 0);
  StoreLe<int32_t>(fields + 3, std::max(batch.num_rows - 1, 0));
  StoreLe<int64_t>(fields + 7, options.writer_id);
  StoreLe<int32_t>(fields + 15, options.batch_sequence);
  StoreLe<int32_t>(fields + 19, batch.num_rows);
  if (magic >= 1) StoreLe<int32_t>(fields + 23, static_cast<int32_t>(statistics_bytes));
  uint32_t crc = Crc32c(std::string_view(bytes).substr(LogBatchHeader::SchemaIdOffset(magic)));
  StoreLe<uint32_t>(at + LogBatchHeader::CrcOffset(magic), crc);
}

Status CheckOptions(const LogBatchOptions& options) {
  if (options.schema_id.value() < 0 ||
      options.schema_id.value() > std::numeric_limits<int16_t>::max()) {
    return InvalidArgument("a schema id must fit int16: {}", options.schema_id.value());
  }
  if (options.magic < 0 || options.magic > LogBatchHeader::kMagicMax) {
    return InvalidArgument("unknown log batch version {}", options.magic);
  }
  bool can_have_statistics = options.magic > 0 && options.format == LogFormat::kArrow;
  if (!options.statistics_columns.empty() && !can_have_statistics) {
    return InvalidArgument("log batches of version {} have no statistics", options.magic);
  }
  return Status::Ok();
}

/// The change types, or null when every row is an insert.
Result<std::shared_ptr<const ChangeType[]>> ReadChangeTypes(
    std::string_view bytes, const std::shared_ptr<const void>& owner) {
  bool inserts_only = true;
  uint8_t highest = 0;
  for (char byte : bytes) {
    highest = std::max(highest, static_cast<uint8_t>(byte));
    inserts_only &= static_cast<uint8_t>(byte) <= static_cast<uint8_t>(ChangeType::kInsert);
  }
  if (highest > static_cast<uint8_t>(ChangeType::kDelete)) {
    return Corruption("unknown change type {}", highest);
  }
  if (inserts_only) return std::shared_ptr<const ChangeType[]>();
  const auto* kinds = reinterpret_cast<const ChangeType*>(bytes.data());
  if (owner != nullptr) return std::shared_ptr<const ChangeType[]>(owner, kinds);
  std::shared_ptr<ChangeType[]> copy(new ChangeType[bytes.size()]);
  std::copy_n(kinds, bytes.size(), copy.get());
  return std::shared_ptr<const ChangeType[]>(std::move(copy));
}

Batch EmptyBatch(const std::vector<model::DataType>& types, const std::vector<int>* projection) {
  std::vector<model::DataType> wanted = types;
  if (projection != nullptr) {
    wanted.clear();
    for (int index : *projection) wanted.push_back(types[static_cast<size_t>(index)]);
  }
  return model::BatchBuilder(wanted).Finish();
}

}  // namespace

Result<LogFormat> ParseLogFormat(std::string_view name) {
  std::string upper = UpperAscii(name);
  if (upper == "ARROW") return LogFormat::kArrow;
  if (upper == "INDEXED") return LogFormat::kIndexed;
  if (upper == "COMPACTED") return LogFormat::kCompacted;
  return InvalidArgument("a log format must be ARROW, INDEXED or COMPACTED, not '{}'", name);
}

Result<std::string> EncodeLogBatch(const Batch& batch, const LogBatchOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::string bytes(LogBatchHeader::Bytes(options.magic), '\0');
  if (!options.statistics_columns.empty() && batch.num_rows > 0) {
    ASSIGN_OR_RETURN(BatchStatistics statistics,
                     CollectStatistics(batch, options.statistics_columns));
    RETURN_IF_ERROR(AppendStatistics(statistics, bytes));
  }
  size_t statistics_bytes = bytes.size() - LogBatchHeader::Bytes(options.magic);
  RETURN_IF_ERROR(AppendBody(batch, options, bytes));
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return OutOfRange("a log batch may have 2 GiB, not {} bytes", bytes.size());
  }
  FillHeader(batch, options, statistics_bytes, bytes);
  return bytes;
}

void SetLogBatchWriter(std::string& bytes, int64_t writer_id, int32_t sequence) {
  int8_t magic = LoadLe<int8_t>(bytes.data() + LogBatchHeader::kMagicOffset);
  char* fields = bytes.data() + LogBatchHeader::SchemaIdOffset(magic);
  StoreLe(fields + 7, writer_id);
  StoreLe(fields + 15, sequence);
  uint32_t crc = Crc32c(std::string_view(bytes).substr(LogBatchHeader::SchemaIdOffset(magic)));
  StoreLe(bytes.data() + LogBatchHeader::CrcOffset(magic), crc);
}

void RewriteLogBatch(std::string& bytes, model::LogOffset base_offset, int64_t timestamp_ms,
                     int32_t leader_epoch) {
  CHECK(bytes.size() >= LogBatchHeader::kBytes);
  StoreLe<int64_t>(bytes.data(), base_offset);
  StoreLe<int64_t>(bytes.data() + LogBatchHeader::kTimestampOffset, timestamp_ms);
  if (LoadLe<int8_t>(bytes.data() + LogBatchHeader::kMagicOffset) >= 2) {
    StoreLe<int32_t>(bytes.data() + LogBatchHeader::kLeaderEpochOffset, leader_epoch);
  }
}

namespace {

/// kCorruption unless the numbers can be those of a batch.
Status CheckHeader(const LogBatchHeader& header) {
  if (header.length < 0 || header.size_bytes() < header.header_bytes()) {
    return Corruption("impossible log batch length {}", header.length);
  }
  if (header.record_count < 0 || header.last_offset_delta < 0) {
    return Corruption("impossible log batch: {} records, last offset delta {}", header.record_count,
                      header.last_offset_delta);
  }
  size_t after_header = header.size_bytes() - header.header_bytes();
  if (header.statistics_length < 0 ||
      static_cast<size_t>(header.statistics_length) > after_header) {
    return Corruption("statistics of {} bytes in a log batch of {}", header.statistics_length,
                      header.size_bytes());
  }
  return Status::Ok();
}

Error CutHeader(size_t wanted, size_t size) {
  return Corruption("a log batch header has {} bytes, there are {}", wanted, size);
}

}  // namespace

Result<LogBatchHeader> ParseLogBatchHeader(std::string_view bytes) {
  if (bytes.size() < LogBatchHeader::kBytes) return CutHeader(LogBatchHeader::kBytes, bytes.size());
  const char* at = bytes.data();
  LogBatchHeader header;
  header.base_offset = LoadLe<int64_t>(at);
  header.length = LoadLe<int32_t>(at + LogBatchHeader::kLengthOffset);
  header.magic = LoadLe<int8_t>(at + LogBatchHeader::kMagicOffset);
  if (header.magic < 0 || header.magic > LogBatchHeader::kMagicMax) {
    return Corruption("unknown log batch version {}", header.magic);
  }
  if (bytes.size() < header.header_bytes()) return CutHeader(header.header_bytes(), bytes.size());
  header.commit_timestamp_ms = LoadLe<int64_t>(at + LogBatchHeader::kTimestampOffset);
  if (header.magic >= 2) {
    header.leader_epoch = LoadLe<int32_t>(at + LogBatchHeader::kLeaderEpochOffset);
  }
  header.crc = LoadLe<uint32_t>(at + LogBatchHeader::CrcOffset(header.magic));
  const char* fields = at + LogBatchHeader::SchemaIdOffset(header.magic);
  header.schema_id = model::SchemaId(LoadLe<int16_t>(fields));
  header.append_only = (LoadLe<uint8_t>(fields + 2) & kAppendOnlyBit) != 0;
  header.last_offset_delta = LoadLe<int32_t>(fields + 3);
  header.writer_id = LoadLe<int64_t>(fields + 7);
  header.batch_sequence = LoadLe<int32_t>(fields + 15);
  header.record_count = LoadLe<int32_t>(fields + 19);
  if (header.magic >= 1) header.statistics_length = LoadLe<int32_t>(fields + 23);
  RETURN_IF_ERROR(CheckHeader(header));
  return header;
}

Status VerifyLogBatch(std::string_view bytes) {
  ASSIGN_OR_RETURN(LogBatchHeader header, ParseLogBatchHeader(bytes));
  if (header.size_bytes() != bytes.size()) {
    return Corruption("a log batch of {} bytes in {} bytes", header.size_bytes(), bytes.size());
  }
  uint32_t crc = Crc32c(bytes.substr(LogBatchHeader::SchemaIdOffset(header.magic)));
  if (crc != header.crc) {
    return Corruption("log batch checksum is {:08x}, stored is {:08x}", crc, header.crc);
  }
  return Status::Ok();
}

std::string_view StatisticsOf(const LogBatchHeader& header, std::string_view bytes) {
  if (header.statistics_length == 0 || bytes.size() < header.size_bytes()) return {};
  return bytes.substr(header.header_bytes(), static_cast<size_t>(header.statistics_length));
}

namespace {

Result<Batch> DecodeArrow(const LogBatchHeader& header, std::string_view body,
                          const std::vector<model::DataType>& types,
                          const std::vector<int>* projection,
                          const std::shared_ptr<const void>& owner) {
  std::shared_ptr<const ChangeType[]> changes;
  if (!header.append_only) {
    auto count = static_cast<size_t>(header.record_count);
    if (body.size() < count) return Corruption("{} bytes for {} change types", body.size(), count);
    ASSIGN_OR_RETURN(changes, ReadChangeTypes(body.substr(0, count), owner));
    body.remove_prefix(count);
  }
  ASSIGN_OR_RETURN(std::vector<model::Column> columns,
                   DecodeRecordBatchMessage(body, header.record_count, types, projection, owner));
  return Batch(header.record_count, std::move(columns), std::move(changes));
}

Status DecodeRecord(ByteReader& reader, RowFormat format, const std::vector<model::DataType>& types,
                    model::BatchBuilder& builder) {
  ASSIGN_OR_RETURN(uint32_t size, reader.Read<uint32_t>());
  ASSIGN_OR_RETURN(std::string_view record, reader.ReadBytes(size));
  if (record.empty()) return Corruption("an empty record");
  auto change = static_cast<uint8_t>(record[0]);
  if (change > static_cast<uint8_t>(ChangeType::kDelete)) {
    return Corruption("unknown change type {}", change);
  }
  RETURN_IF_ERROR(ReadRow(format, record.substr(1), types, RowTarget(builder)));
  // As in Arrow: an appended row is an insert.
  builder.FinishRow(std::max(static_cast<ChangeType>(change), ChangeType::kInsert));
  return Status::Ok();
}

Result<Batch> DecodeRecords(const LogBatchHeader& header, std::string_view body, RowFormat format,
                            const std::vector<model::DataType>& types,
                            const std::vector<int>* projection) {
  RETURN_IF_ERROR(CheckRowTypes(types));
  if (body.size() / kRecordHeaderBytes < static_cast<size_t>(header.record_count)) {
    return Corruption("{} records in {} bytes", header.record_count, body.size());
  }
  model::BatchBuilder builder(types);
  ByteReader reader(body);
  for (int row = 0; row < header.record_count; ++row) {
    RETURN_IF_ERROR(DecodeRecord(reader, format, types, builder));
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after the records", reader.remaining());
  Batch batch = builder.Finish();
  return projection == nullptr ? batch : batch.Project(*projection);
}

}  // namespace

Result<Batch> DecodeLogBatch(std::string_view bytes, const std::vector<model::DataType>& types,
                             const std::vector<int>* projection, std::shared_ptr<const void> owner,
                             LogFormat format) {
  ASSIGN_OR_RETURN(LogBatchHeader header, ParseLogBatchHeader(bytes));
  if (header.size_bytes() > bytes.size()) {
    return Corruption("a log batch of {} bytes in {} bytes", header.size_bytes(), bytes.size());
  }
  if (header.record_count == 0) return EmptyBatch(types, projection);
  size_t before_records = header.header_bytes() + static_cast<size_t>(header.statistics_length);
  std::string_view body = bytes.substr(0, header.size_bytes()).substr(before_records);
  if (format == LogFormat::kArrow) return DecodeArrow(header, body, types, projection, owner);
  return DecodeRecords(header, body, RowFormatOf(format), types, projection);
}

}  // namespace forebay::format
