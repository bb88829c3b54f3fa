#include "format/batch/kv_batch.h"

#include "base/bytes.h"
#include "base/crc32c.h"

namespace forebay::format {

namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kCrcOffset = 5;
constexpr size_t kChecksummedFrom = 9;
constexpr size_t kSchemaIdOffset = 9;
constexpr size_t kWriterIdOffset = 12;
constexpr size_t kSequenceOffset = 20;
constexpr size_t kCountOffset = 24;
/// Of a record with an empty key and no row.
constexpr size_t kRecordBytesMin = 5;
constexpr size_t kValueHeaderBytes = 9;
constexpr size_t kValueMagicOffset = 4;
constexpr size_t kValueCountOffset = 5;

template <typename T>
void AppendLe(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

Result<KvBatchReader> KvBatchReader::Open(std::string_view bytes) {
  if (bytes.size() < KvBatchHeader::kBytes) {
    return Corruption("a batch of writes has a header of {} bytes, there are {}",
                      KvBatchHeader::kBytes, bytes.size());
  }
  const char* at = bytes.data();
  if (LoadLe<uint32_t>(at) != bytes.size() - kLengthBytes) {
    return Corruption("a batch of writes of {} bytes in {}", LoadLe<uint32_t>(at), bytes.size());
  }
  if (at[4] != 0) return Corruption("unknown version {} of a batch of writes", int{at[4]});
  uint32_t crc = Crc32c(bytes.substr(kChecksummedFrom));
  if (crc != LoadLe<uint32_t>(at + kCrcOffset)) {
    return Corruption("checksum of a batch of writes is {:08x}, stored is {:08x}", crc,
                      LoadLe<uint32_t>(at + kCrcOffset));
  }
  KvBatchReader reader;
  reader.header_.schema_id = model::SchemaId(LoadLe<int16_t>(at + kSchemaIdOffset));
  reader.header_.writer_id = LoadLe<int64_t>(at + kWriterIdOffset);
  reader.header_.batch_sequence = LoadLe<int32_t>(at + kSequenceOffset);
  reader.header_.record_count = LoadLe<int32_t>(at + kCountOffset);
  reader.rest_ = bytes.substr(KvBatchHeader::kBytes);
  int32_t count = reader.header_.record_count;
  if (count < 0 || static_cast<size_t>(count) > reader.rest_.size() / kRecordBytesMin) {
    return Corruption("a batch of {} writes in {} bytes", count, reader.rest_.size());
  }
  reader.records_left_ = count;
  return reader;
}

Result<std::optional<KvRecord>> KvBatchReader::Next() {
  if (records_left_ == 0) {
    if (rest_.empty()) return std::optional<KvRecord>();
    return Corruption("{} bytes after the last write of a batch", rest_.size());
  }
  --records_left_;
  ByteReader reader(rest_);
  ASSIGN_OR_RETURN(auto size, reader.Read<uint32_t>());
  ASSIGN_OR_RETURN(std::string_view record, reader.ReadBytes(size));
  rest_.remove_prefix(reader.position());
  ByteReader fields(record);
  KvRecord out;
  ASSIGN_OR_RETURN(out.key, fields.ReadString());
  if (!fields.AtEnd()) out.row = record.substr(fields.position());
  return std::optional(out);
}

KvBatchWriter::KvBatchWriter(model::SchemaId schema_id) : bytes_(KvBatchHeader::kBytes, '\0') {
  StoreLe(bytes_.data() + kSchemaIdOffset, static_cast<int16_t>(schema_id.value()));
}

void KvBatchWriter::Append(std::string_view key, std::optional<std::string_view> row) {
  size_t begin = bytes_.size();
  AppendLe(bytes_, int32_t{0});
  ByteWriter length;
  length.WriteVarint(key.size());
  bytes_.append(length.view()).append(key);
  if (row.has_value()) bytes_.append(*row);
  StoreLe(bytes_.data() + begin, static_cast<int32_t>(bytes_.size() - begin - kLengthBytes));
  ++record_count_;
}

std::string KvBatchWriter::Finish() {
  StoreLe(bytes_.data(), static_cast<int32_t>(bytes_.size() - kLengthBytes));
  StoreLe(bytes_.data() + kCountOffset, record_count_);
  SetKvBatchWriter(bytes_, -1, -1);
  return std::move(bytes_);
}

void SetKvBatchWriter(std::string& bytes, int64_t writer_id, int32_t sequence) {
  StoreLe(bytes.data() + kWriterIdOffset, writer_id);
  StoreLe(bytes.data() + kSequenceOffset, sequence);
  StoreLe(bytes.data() + kCrcOffset, Crc32c(std::string_view(bytes).substr(kChecksummedFrom)));
}

ValueBatchWriter::ValueBatchWriter() : bytes_(kValueHeaderBytes, '\0') {}

void ValueBatchWriter::Append(std::string_view value) {
  AppendLe(bytes_, static_cast<int32_t>(value.size()));
  bytes_.append(value);
  ++record_count_;
}

std::string ValueBatchWriter::Finish() {
  StoreLe(bytes_.data(), static_cast<int32_t>(bytes_.size() - kLengthBytes));
  StoreLe(bytes_.data() + kValueCountOffset, record_count_);
  return std::move(bytes_);
}

Result<ValueRecord> ValueRecord::Parse(std::string_view value) {
  if (value.size() < sizeof(int16_t)) return Corruption("a value of {} bytes", value.size());
  return ValueRecord{model::SchemaId(LoadLe<int16_t>(value.data())), value.substr(sizeof(int16_t))};
}

Result<ValueBatchReader> ValueBatchReader::Open(std::string_view bytes) {
  bool whole = bytes.size() >= kValueHeaderBytes &&
               LoadLe<uint32_t>(bytes.data()) == bytes.size() - kLengthBytes;
  if (!whole) return Corruption("{} bytes are no batch of values", bytes.size());
  ValueBatchReader reader;
  int magic = static_cast<uint8_t>(bytes[kValueMagicOffset]);
  reader.records_left_ = LoadLe<int32_t>(bytes.data() + kValueCountOffset);
  if (magic != 0 || reader.records_left_ < 0) {
    return Corruption("a batch of {} values of version {}", reader.records_left_, magic);
  }
  reader.rest_ = bytes.substr(kValueHeaderBytes);
  return reader;
}

Result<std::optional<ValueRecord>> ValueBatchReader::Next() {
  if (records_left_ == 0) {
    if (rest_.empty()) return std::optional<ValueRecord>();
    return Corruption("{} bytes after the last value of a batch", rest_.size());
  }
  --records_left_;
  ByteReader reader(rest_);
  ASSIGN_OR_RETURN(auto size, reader.Read<uint32_t>());
  ASSIGN_OR_RETURN(std::string_view value, reader.ReadBytes(size));
  rest_.remove_prefix(reader.position());
  ASSIGN_OR_RETURN(ValueRecord record, ValueRecord::Parse(value));
  return std::optional(record);
}

}  // namespace forebay::format
