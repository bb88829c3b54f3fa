#include "format/batch/record_batch_metadata.h"

#include <cstring>

#include "base/bytes.h"

namespace forebay::format {

namespace {

constexpr uint32_t kContinuation = 0xffffffff;
constexpr size_t kPrefixBytes = 8;
constexpr int16_t kVersion5 = 4;
constexpr uint8_t kRecordBatchHeader = 3;
// Field numbers in Message.fbs.
constexpr int kMessageVersion = 0, kMessageHeaderType = 1, kMessageHeader = 2, kMessageBody = 3;
constexpr int kBatchLength = 0, kBatchNodes = 1, kBatchBuffers = 2, kBatchCompression = 3;
constexpr int kCompressionCodec = 0, kCompressionMethod = 1;

// The flatbuffer we write always has the same layout, so tables stand at fixed places (offsets in
// the flatbuffer):
//   0 root | 4 vtable, 16 Message | 36 vtable, 48 RecordBatch | 72 vtable, 80 BodyCompression | 92
//   nodes | buffers
constexpr size_t kMessageVtable = 4, kMessageTable = 16;
constexpr size_t kBatchVtable = 36, kBatchTable = 48;
constexpr size_t kCompressionVtable = 72, kCompressionTable = 80;
constexpr size_t kNodesVector = 92;
constexpr size_t kStructBytes = 16;

void WriteShorts(char* at, std::initializer_list<uint16_t> values) {
  for (uint16_t value : values) {
    StoreLe(at, value);
    at += sizeof(value);
  }
}

/// An offset in a flatbuffer counts from where it stands.
void WriteOffset(char* base, size_t at, size_t target) {
  StoreLe(base + at, static_cast<uint32_t>(target - at));
}

}  // namespace

size_t RecordBatchMetadataBytes(size_t nodes, size_t buffers) {
  return kPrefixBytes + kNodesVector + 4 + nodes * kStructBytes + 8 + buffers * kStructBytes;
}

void WriteRecordBatchMetadata(const RecordBatchMetadata& metadata, char* at) {
  size_t total = RecordBatchMetadataBytes(metadata.nodes.size(), metadata.buffers.size());
  StoreLe(at, kContinuation);
  StoreLe(at + 4, static_cast<int32_t>(total - kPrefixBytes));
  char* base = at + kPrefixBytes;
  size_t buffers_vector = kNodesVector + 4 + metadata.nodes.size() * kStructBytes + 4;
  WriteOffset(base, 0, kMessageTable);

  // The vtable: its own size, the table's size, and where each field lies in the table.
  WriteShorts(base + kMessageVtable, {12, 20, 16, 18, 4, 8});
  StoreLe(base + kMessageTable, static_cast<int32_t>(kMessageTable - kMessageVtable));
  WriteOffset(base, kMessageTable + 4, kBatchTable);
  StoreLe(base + kMessageTable + 8, metadata.body_length);
  StoreLe(base + kMessageTable + 16, kVersion5);
  StoreLe(base + kMessageTable + 18, kRecordBatchHeader);

  bool compressed = metadata.compression != Compression::kNone;
  WriteShorts(base + kBatchVtable, {12, 24, 8, 4, 16, static_cast<uint16_t>(compressed ? 20 : 0)});
  StoreLe(base + kBatchTable, static_cast<int32_t>(kBatchTable - kBatchVtable));
  WriteOffset(base, kBatchTable + 4, kNodesVector);
  StoreLe(base + kBatchTable + 8, metadata.length);
  WriteOffset(base, kBatchTable + 16, buffers_vector);
  if (compressed) {
    WriteOffset(base, kBatchTable + 20, kCompressionTable);
    WriteShorts(base + kCompressionVtable, {8, 8, 4, 5});
    StoreLe(base + kCompressionTable, static_cast<int32_t>(kCompressionTable - kCompressionVtable));
    StoreLe<uint8_t>(base + kCompressionTable + 4,
                     metadata.compression == Compression::kZstd ? 1 : 0);
  }
  StoreLe(base + kNodesVector, static_cast<uint32_t>(metadata.nodes.size()));
  std::memcpy(base + kNodesVector + 4, metadata.nodes.data(), metadata.nodes.size() * kStructBytes);
  StoreLe(base + buffers_vector, static_cast<uint32_t>(metadata.buffers.size()));
  std::memcpy(base + buffers_vector + 4, metadata.buffers.data(),
              metadata.buffers.size() * kStructBytes);
}

namespace {

/// A table of a flatbuffer that may be anything: every access is checked. Thread-compatible.
class FlatTable {
 public:
  static Result<FlatTable> At(std::string_view bytes, size_t position) {
    FlatTable table;
    table.bytes_ = bytes;
    table.table_ = position;
    if (!table.Fits(position, 4)) return Bad();
    int64_t vtable = static_cast<int64_t>(position) - LoadLe<int32_t>(bytes.data() + position);
    if (vtable < 0 || !table.Fits(static_cast<size_t>(vtable), 4)) return Bad();
    table.vtable_ = static_cast<size_t>(vtable);
    table.vtable_size_ = LoadLe<uint16_t>(bytes.data() + vtable);
    if (!table.Fits(table.vtable_, table.vtable_size_)) return Bad();
    return table;
  }
  static Result<FlatTable> Root(std::string_view bytes) {
    if (bytes.size() < 4) return Bad();
    return At(bytes, LoadLe<uint32_t>(bytes.data()));
  }

  bool Has(int field) const { return FieldOffset(field) != 0; }
  template <typename T>
  Result<T> Read(int field, T absent) const {
    size_t offset = FieldOffset(field);
    if (offset == 0) return absent;
    if (!Fits(table_ + offset, sizeof(T))) return Bad();
    return LoadLe<T>(bytes_.data() + table_ + offset);
  }
  Result<FlatTable> Table(int field) const {
    ASSIGN_OR_RETURN(size_t target, Target(field));
    return At(bytes_, target);
  }
  /// The bytes of a vector of 16-byte structs; empty when absent.
  Result<std::string_view> Structs(int field) const {
    if (!Has(field)) return std::string_view();
    ASSIGN_OR_RETURN(size_t target, Target(field));
    if (!Fits(target, 4)) return Bad();
    size_t size = size_t{LoadLe<uint32_t>(bytes_.data() + target)} * kStructBytes;
    if (!Fits(target + 4, size)) return Bad();
    return bytes_.substr(target + 4, size);
  }

 private:
  static Error Bad() { return Corruption("the metadata of an Arrow message is malformed"); }
  bool Fits(size_t position, size_t size) const {
    return position <= bytes_.size() && size <= bytes_.size() - position;
  }
  size_t FieldOffset(int field) const {
    size_t entry = 4 + static_cast<size_t>(field) * 2;
    if (entry + 2 > vtable_size_) return 0;
    return LoadLe<uint16_t>(bytes_.data() + vtable_ + entry);
  }
  Result<size_t> Target(int field) const {
    ASSIGN_OR_RETURN(uint32_t offset, Read<uint32_t>(field, 0));
    if (offset == 0) return Bad();
    return table_ + FieldOffset(field) + offset;
  }

  std::string_view bytes_;
  size_t table_ = 0;
  size_t vtable_ = 0;
  size_t vtable_size_ = 0;
};

template <typename T>
std::vector<T> CopyStructs(std::string_view bytes) {
  static_assert(sizeof(T) == kStructBytes);
  std::vector<T> structs(bytes.size() / kStructBytes);
  if (!structs.empty()) std::memcpy(structs.data(), bytes.data(), bytes.size());
  return structs;
}

Result<Compression> ReadCompression(const FlatTable& batch) {
  if (!batch.Has(kBatchCompression)) return Compression::kNone;
  ASSIGN_OR_RETURN(FlatTable table, batch.Table(kBatchCompression));
  ASSIGN_OR_RETURN(uint8_t codec, table.Read<uint8_t>(kCompressionCodec, 0));
  ASSIGN_OR_RETURN(uint8_t method, table.Read<uint8_t>(kCompressionMethod, 0));
  if (codec > 1 || method != 0) return Corruption("unknown Arrow compression {}/{}", codec, method);
  return codec == 0 ? Compression::kLz4Frame : Compression::kZstd;
}

Status CheckBuffers(const RecordBatchMetadata& metadata, size_t body_size) {
  auto limit = static_cast<int64_t>(body_size);
  for (const RecordBatchMetadata::Buffer& buffer : metadata.buffers) {
    if (buffer.offset < 0 || buffer.length < 0 || buffer.length > limit ||
        buffer.offset > limit - buffer.length) {
      return Corruption("an Arrow buffer at {}+{} lies outside the body of {} bytes", buffer.offset,
                        buffer.length, limit);
    }
  }
  return Status::Ok();
}

/// The flatbuffer of the message; `body` becomes what follows it.
Result<std::string_view> CutMessage(std::string_view message, std::string_view* body) {
  if (message.size() < kPrefixBytes || LoadLe<uint32_t>(message.data()) != kContinuation) {
    return Corruption("no Arrow message in {} bytes", message.size());
  }
  size_t size = LoadLe<uint32_t>(message.data() + 4);
  if (size > message.size() - kPrefixBytes) {
    return Corruption("Arrow metadata of {} bytes in {} bytes", size, message.size());
  }
  *body = message.substr(kPrefixBytes + size);
  return message.substr(kPrefixBytes, size);
}

}  // namespace

Result<RecordBatchMetadata> ReadRecordBatchMetadata(std::string_view message,
                                                    std::string_view* body) {
  ASSIGN_OR_RETURN(std::string_view flatbuffer, CutMessage(message, body));
  ASSIGN_OR_RETURN(FlatTable root, FlatTable::Root(flatbuffer));
  ASSIGN_OR_RETURN(int16_t version, root.Read<int16_t>(kMessageVersion, 0));
  ASSIGN_OR_RETURN(uint8_t kind, root.Read<uint8_t>(kMessageHeaderType, 0));
  // Version 4 differs from 5 only in unions, which no type of ours is.
  if (version < kVersion5 - 1 || version > kVersion5 || kind != kRecordBatchHeader) {
    return Corruption("not an Arrow record batch: version {}, kind {}", version, kind);
  }
  RecordBatchMetadata metadata;
  ASSIGN_OR_RETURN(metadata.body_length, root.Read<int64_t>(kMessageBody, 0));
  if (metadata.body_length < 0 || metadata.body_length > static_cast<int64_t>(body->size())) {
    return Corruption("an Arrow body of {} bytes in {} bytes", metadata.body_length, body->size());
  }
  *body = body->substr(0, static_cast<size_t>(metadata.body_length));
  ASSIGN_OR_RETURN(FlatTable batch, root.Table(kMessageHeader));
  ASSIGN_OR_RETURN(metadata.length, batch.Read<int64_t>(kBatchLength, 0));
  ASSIGN_OR_RETURN(metadata.compression, ReadCompression(batch));
  ASSIGN_OR_RETURN(std::string_view nodes, batch.Structs(kBatchNodes));
  ASSIGN_OR_RETURN(std::string_view buffers, batch.Structs(kBatchBuffers));
  metadata.nodes = CopyStructs<RecordBatchMetadata::Node>(nodes);
  metadata.buffers = CopyStructs<RecordBatchMetadata::Buffer>(buffers);
  RETURN_IF_ERROR(CheckBuffers(metadata, body->size()));
  return metadata;
}

}  // namespace forebay::format
