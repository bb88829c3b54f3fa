#include "format/log_batch.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/record_batch_message.h"

namespace forebay::format {

using model::Batch;
using model::ChangeType;

namespace {

constexpr uint8_t kAppendOnlyBit = 1;

Status AppendChangeTypes(const Batch& batch, bool append_only, std::string& out) {
  if (append_only) {
    for (int row = 0; row < batch.num_rows && batch.changes != nullptr; ++row) {
      if (batch.change(row) > ChangeType::kInsert) {
        return InvalidArgument("row {} of an append-only batch is {}", row,
                               ChangeTypeText(batch.change(row)));
      }
    }
  } else if (batch.changes == nullptr) {
    out.append(static_cast<size_t>(batch.num_rows), static_cast<char>(ChangeType::kInsert));
  } else {
    out.append(reinterpret_cast<const char*>(batch.changes.get()),
               static_cast<size_t>(batch.num_rows));
  }
  return Status::Ok();
}

void FillHeader(const Batch& batch, const LogBatchOptions& options, std::string& bytes) {
  char* at = bytes.data();
  StoreLe<int32_t>(at + LogBatchHeader::kLengthOffset,
                   static_cast<int32_t>(bytes.size() - LogBatchHeader::kBytesBeforeLengthEnd));
  StoreLe<int16_t>(at + 25, static_cast<int16_t>(options.schema_id.value()));
  StoreLe<uint8_t>(at + 27, options.append_only ? kAppendOnlyBit : 0);
  StoreLe<int32_t>(at + 28, std::max(batch.num_rows - 1, 0));
  StoreLe<int64_t>(at + 32, options.writer_id);
  StoreLe<int32_t>(at + 40, options.batch_sequence);
  StoreLe<int32_t>(at + 44, batch.num_rows);
  uint32_t crc = Crc32c(std::string_view(bytes).substr(LogBatchHeader::kSchemaIdOffset));
  StoreLe<uint32_t>(at + LogBatchHeader::kCrcOffset, crc);
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

Result<std::string> EncodeLogBatch(const Batch& batch, const LogBatchOptions& options) {
  if (options.schema_id.value() < 0 ||
      options.schema_id.value() > std::numeric_limits<int16_t>::max()) {
    return InvalidArgument("a schema id must fit int16: {}", options.schema_id.value());
  }
  std::string bytes(LogBatchHeader::kBytes, '\0');
  RETURN_IF_ERROR(AppendChangeTypes(batch, options.append_only, bytes));
  if (batch.num_rows > 0) {
    RETURN_IF_ERROR(AppendRecordBatchMessage(batch, options.compression, bytes));
  }
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return OutOfRange("a log batch may have 2 GiB, not {} bytes", bytes.size());
  }
  FillHeader(batch, options, bytes);
  return bytes;
}

void RewriteLogBatch(std::string& bytes, model::LogOffset base_offset, int64_t timestamp_ms) {
  CHECK(bytes.size() >= LogBatchHeader::kBytes);
  StoreLe<int64_t>(bytes.data(), base_offset);
  StoreLe<int64_t>(bytes.data() + LogBatchHeader::kTimestampOffset, timestamp_ms);
}

Result<LogBatchHeader> ParseLogBatchHeader(std::string_view bytes) {
  if (bytes.size() < LogBatchHeader::kBytes) {
    return Corruption("a log batch header has {} bytes, there are {}", LogBatchHeader::kBytes,
                      bytes.size());
  }
  const char* at = bytes.data();
  LogBatchHeader header;
  header.base_offset = LoadLe<int64_t>(at);
  header.length = LoadLe<int32_t>(at + LogBatchHeader::kLengthOffset);
  header.magic = LoadLe<int8_t>(at + 12);
  header.commit_timestamp_ms = LoadLe<int64_t>(at + LogBatchHeader::kTimestampOffset);
  header.crc = LoadLe<uint32_t>(at + LogBatchHeader::kCrcOffset);
  header.schema_id = model::SchemaId(LoadLe<int16_t>(at + 25));
  header.append_only = (LoadLe<uint8_t>(at + 27) & kAppendOnlyBit) != 0;
  header.last_offset_delta = LoadLe<int32_t>(at + 28);
  header.writer_id = LoadLe<int64_t>(at + 32);
  header.batch_sequence = LoadLe<int32_t>(at + 40);
  header.record_count = LoadLe<int32_t>(at + 44);
  if (header.magic != 0) return Corruption("unknown log batch version {}", header.magic);
  if (header.size_bytes() < LogBatchHeader::kBytes || header.length < 0) {
    return Corruption("impossible log batch length {}", header.length);
  }
  if (header.record_count < 0 || header.last_offset_delta < 0) {
    return Corruption("impossible log batch: {} records, last offset delta {}", header.record_count,
                      header.last_offset_delta);
  }
  return header;
}

Status VerifyLogBatch(std::string_view bytes) {
  ASSIGN_OR_RETURN(LogBatchHeader header, ParseLogBatchHeader(bytes));
  if (header.size_bytes() != bytes.size()) {
    return Corruption("a log batch of {} bytes in {} bytes", header.size_bytes(), bytes.size());
  }
  uint32_t crc = Crc32c(bytes.substr(LogBatchHeader::kSchemaIdOffset));
  if (crc != header.crc) {
    return Corruption("log batch checksum is {:08x}, stored is {:08x}", crc, header.crc);
  }
  return Status::Ok();
}

Result<Batch> DecodeLogBatch(std::string_view bytes, const std::vector<model::DataType>& types,
                             const std::vector<int>* projection,
                             std::shared_ptr<const void> owner) {
  ASSIGN_OR_RETURN(LogBatchHeader header, ParseLogBatchHeader(bytes));
  if (header.size_bytes() > bytes.size()) {
    return Corruption("a log batch of {} bytes in {} bytes", header.size_bytes(), bytes.size());
  }
  if (header.record_count == 0) return EmptyBatch(types, projection);
  std::string_view body = bytes.substr(0, header.size_bytes()).substr(LogBatchHeader::kBytes);
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

}  // namespace forebay::format
