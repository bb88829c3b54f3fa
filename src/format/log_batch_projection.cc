#include "format/log_batch_projection.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/record_batch_metadata.h"

namespace forebay::format {

using model::DataType;
using model::PhysicalType;

namespace {

constexpr size_t kMagicOffset = 12;
constexpr size_t kArrowAlignment = 8;

/// Where the versions differ. From the schema id on to the record count all are alike.
struct Layout {
  size_t crc_offset;
  size_t schema_id_offset;
  /// Of the statistics' length; 0 when there are none.
  size_t statistics_offset;
  size_t header_bytes;
};
constexpr Layout kLayouts[] = {{21, 25, 0, 48}, {21, 25, 48, 52}, {25, 29, 52, 56}};
constexpr size_t kAlikeBytes = 23;

void CountBuffers(const DataType& type, size_t& nodes, size_t& buffers) {
  ++nodes;
  switch (type.physical()) {
    case PhysicalType::kNull: return;
    case PhysicalType::kStruct: ++buffers; break;
    case PhysicalType::kList: buffers += 2; break;
    case PhysicalType::kMap:
      ++nodes;
      buffers += 3;
      break;
    case PhysicalType::kString: buffers += type.Is(model::TypeRoot::kBinary) ? 2 : 3; return;
    default: buffers += 2; return;
  }
  if (type.Is(model::TypeRoot::kRow)) {
    for (const model::RowField& field : type.fields()) CountBuffers(field.type, nodes, buffers);
  } else {
    for (const DataType& child : type.children()) CountBuffers(child, nodes, buffers);
  }
}

/// A sealed copy of the batch's header and change types, then `body`.
std::string Assemble(std::string_view head, std::string_view body) {
  std::string out;
  out.reserve(head.size() + body.size());
  out.append(head).append(body);
  StoreLe(out.data() + LogBatchHeader::kLengthOffset,
          static_cast<int32_t>(out.size() - LogBatchHeader::kBytesBeforeLengthEnd));
  uint32_t crc = Crc32c(std::string_view(out).substr(LogBatchHeader::kSchemaIdOffset));
  StoreLe(out.data() + LogBatchHeader::kCrcOffset, crc);
  return out;
}

/// Where the Arrow message of a version 0 batch begins.
Result<size_t> BodyOffset(const LogBatchHeader& header, std::string_view batch) {
  size_t offset = LogBatchHeader::kBytes;
  if (!header.append_only) offset += static_cast<size_t>(header.record_count);
  if (offset > batch.size()) {
    return Corruption("{} change types in a batch of {} bytes", header.record_count, batch.size());
  }
  return offset;
}

}  // namespace

Result<std::string> NormalizeLogBatch(std::string_view bytes, size_t* size) {
  if (bytes.size() < LogBatchHeader::kBytes) {
    return Corruption("a log batch of {} bytes", bytes.size());
  }
  auto magic = static_cast<uint8_t>(bytes[kMagicOffset]);
  if (magic >= std::size(kLayouts)) return Corruption("unknown log batch version {}", magic);
  const Layout& layout = kLayouts[magic];
  *size = LogBatchHeader::kBytesBeforeLengthEnd +
          size_t{LoadLe<uint32_t>(bytes.data() + LogBatchHeader::kLengthOffset)};
  if (*size < layout.header_bytes || *size > bytes.size()) {
    return Corruption("a log batch of {} bytes in {} bytes", *size, bytes.size());
  }
  std::string_view batch = bytes.substr(0, *size);
  uint32_t crc = Crc32c(batch.substr(layout.schema_id_offset));
  auto stored = LoadLe<uint32_t>(batch.data() + layout.crc_offset);
  if (crc != stored) {
    return Corruption("log batch checksum is {:08x}, stored is {:08x}", crc, stored);
  }
  if (magic == 0) return std::string(batch);
  size_t statistics = LoadLe<uint32_t>(batch.data() + layout.statistics_offset);
  if (statistics > batch.size() - layout.header_bytes) {
    return Corruption("statistics of {} bytes in a batch of {}", statistics, batch.size());
  }
  std::string head(LogBatchHeader::kBytes, '\0');
  batch.copy(head.data(), LogBatchHeader::kCrcOffset);
  head[kMagicOffset] = 0;
  batch.copy(head.data() + LogBatchHeader::kSchemaIdOffset, kAlikeBytes, layout.schema_id_offset);
  return Assemble(head, batch.substr(layout.header_bytes + statistics));
}

LogBatchProjection::LogBatchProjection(const std::vector<DataType>& types) {
  for (const DataType& type : types) {
    Column column{nodes_, 0, buffers_, 0};
    CountBuffers(type, nodes_, buffers_);
    column.nodes = nodes_ - column.first_node;
    column.buffers = buffers_ - column.first_buffer;
    columns_.push_back(column);
  }
}

Status LogBatchProjection::Check(std::string_view batch) const {
  ASSIGN_OR_RETURN(LogBatchHeader header, ParseLogBatchHeader(batch));
  ASSIGN_OR_RETURN(size_t offset, BodyOffset(header, batch));
  if (header.record_count == 0 && offset == batch.size()) return Status::Ok();
  std::string_view body;
  ASSIGN_OR_RETURN(auto metadata, ReadRecordBatchMetadata(batch.substr(offset), &body));
  if (metadata.length == header.record_count && metadata.nodes.size() == nodes_ &&
      metadata.buffers.size() == buffers_) {
    return Status::Ok();
  }
  return Corruption("a batch with {} rows, {} nodes and {} buffers where {}, {} and {} should be",
                    metadata.length, metadata.nodes.size(), metadata.buffers.size(),
                    header.record_count, nodes_, buffers_);
}

Result<std::string> LogBatchProjection::Project(std::string_view batch,
                                                const std::vector<int>& indexes) const {
  ASSIGN_OR_RETURN(LogBatchHeader header, ParseLogBatchHeader(batch));
  ASSIGN_OR_RETURN(size_t offset, BodyOffset(header, batch));
  if (header.record_count == 0) return std::string(batch);
  RETURN_IF_ERROR(Check(batch));
  std::string_view body;
  ASSIGN_OR_RETURN(auto whole, ReadRecordBatchMetadata(batch.substr(offset), &body));
  RecordBatchMetadata part;
  part.length = whole.length;
  part.compression = whole.compression;
  std::string buffers;
  for (int index : indexes) {
    const Column& column = columns_[static_cast<size_t>(index)];
    for (size_t i = 0; i < column.nodes; ++i) {
      part.nodes.push_back(whole.nodes[column.first_node + i]);
    }
    for (size_t i = 0; i < column.buffers; ++i) {
      auto [begin, length] = whole.buffers[column.first_buffer + i];
      part.buffers.push_back({std::ssize(buffers), length});
      buffers.append(body.substr(static_cast<size_t>(begin), static_cast<size_t>(length)));
      buffers.resize((buffers.size() + kArrowAlignment - 1) / kArrowAlignment * kArrowAlignment);
    }
  }
  part.body_length = std::ssize(buffers);
  std::string message(RecordBatchMetadataBytes(part.nodes.size(), part.buffers.size()), '\0');
  WriteRecordBatchMetadata(part, message.data());
  message += buffers;
  return Assemble(batch.substr(0, offset), message);
}

}  // namespace forebay::format
