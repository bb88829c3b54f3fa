#include "format/batch/log_batch_projection.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/batch/record_batch_metadata.h"

namespace forebay::format {

using model::DataType;
using model::PhysicalType;

namespace {

constexpr size_t kArrowAlignment = 8;

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

/// A sealed copy of the batch's header without statistics, its change types, then `body`.
std::string Assemble(const LogBatchHeader& header, std::string_view batch, std::string_view body) {
  std::string out;
  size_t changes = header.append_only ? 0 : static_cast<size_t>(header.record_count);
  out.reserve(header.header_bytes() + changes + body.size());
  out.append(batch.substr(0, header.header_bytes()));
  out.append(
      batch.substr(header.header_bytes() + static_cast<size_t>(header.statistics_length), changes));
  out.append(body);
  if (header.magic >= 1) {
    StoreLe<int32_t>(out.data() + LogBatchHeader::StatisticsLengthOffset(header.magic), 0);
  }
  StoreLe(out.data() + LogBatchHeader::kLengthOffset,
          static_cast<int32_t>(out.size() - LogBatchHeader::kBytesBeforeLengthEnd));
  uint32_t crc = Crc32c(std::string_view(out).substr(LogBatchHeader::SchemaIdOffset(header.magic)));
  StoreLe(out.data() + LogBatchHeader::CrcOffset(header.magic), crc);
  return out;
}

/// Where the batch's Arrow message begins.
Result<size_t> BodyOffset(const LogBatchHeader& header, std::string_view batch) {
  size_t offset = header.header_bytes() + static_cast<size_t>(header.statistics_length);
  if (!header.append_only) offset += static_cast<size_t>(header.record_count);
  if (offset > batch.size()) {
    return Corruption("{} change types in a batch of {} bytes", header.record_count, batch.size());
  }
  return offset;
}

}  // namespace

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
  return Assemble(header, batch, message);
}

}  // namespace forebay::format
