#include "format/avro/avro_file.h"

#include "base/bytes.h"
#include "base/random.h"
#include "format/avro/avro_block.h"
#include "format/avro/avro_cell.h"
#include "format/avro/avro_schema.h"

namespace forebay::format {

using model::Batch;

namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr size_t kSyncBytes = 16;
/// Metadata in front of the first block: schema and codec.
constexpr size_t kHeaderBytesMax = 8 << 20;
/// A block is written when it has about this many bytes.
constexpr size_t kWrittenBlockBytes = 64 << 10;
constexpr std::string_view kCodecNames[] = {"null", "deflate", "snappy", "zstandard"};

/// Whether the bytes may only be too few so far.
bool MayBeCut(const Status& status) { return status.kind() == ErrorKind::kCorruption; }

}  // namespace

Result<AvroCodec> AvroCodecByName(std::string_view name) {
  for (size_t i = 0; i < std::size(kCodecNames); ++i) {
    if (kCodecNames[i] == name) return static_cast<AvroCodec>(i);
  }
  return NotSupported("the Avro codec '{}' (there are null, deflate, snappy and zstandard)", name);
}

struct AvroFileReader::State {
  std::vector<model::ColumnSpec> columns;
  std::string pending;
  bool in_header = true;
  AvroCodec codec = AvroCodec::kNull;
  std::string sync;
  std::unique_ptr<AvroRowDecoder> rows;

  Result<bool> TakeHeader();
  Result<bool> TakeBlock(size_t& position, model::BatchBuilder& builder);
  Status ReadRows(int64_t count, std::string_view packed, model::BatchBuilder& builder);
};

AvroFileReader::AvroFileReader(std::vector<model::ColumnSpec> columns)
    : state_(std::make_unique<State>()) {
  state_->columns = std::move(columns);
}
AvroFileReader::~AvroFileReader() = default;

/// False: it is not complete.
Result<bool> AvroFileReader::State::TakeHeader() {
  if (pending.size() < kMagic.size()) return false;
  if (!pending.starts_with(kMagic)) return Corruption("no Avro file: it does not begin with Obj");
  AvroBytes in(std::string_view(pending).substr(kMagic.size()));
  std::string schema;
  codec = AvroCodec::kNull;
  auto read = [&]() -> Status {
    while (true) {
      ASSIGN_OR_RETURN(int64_t count, in.ReadBlockCount(1));
      if (count == 0) break;
      for (int64_t i = 0; i < count; ++i) {
        ASSIGN_OR_RETURN(std::string_view key, in.ReadString());
        ASSIGN_OR_RETURN(std::string_view value, in.ReadString());
        if (key == "avro.schema") schema = value;
        if (key != "avro.codec") continue;
        ASSIGN_OR_RETURN(codec, AvroCodecByName(value));
      }
    }
    ASSIGN_OR_RETURN(std::string_view marker, in.ReadBytes(kSyncBytes));
    sync = marker;
    return {};
  };
  Status status = read();
  if (!status.ok() && MayBeCut(status) && pending.size() < kHeaderBytesMax) return false;
  RETURN_IF_ERROR(status);
  ASSIGN_OR_RETURN(auto parsed, ParseAvroSchema(schema));
  ASSIGN_OR_RETURN(rows, AvroRowDecoder::Make(std::move(parsed), columns));
  pending.erase(0, kMagic.size() + in.position());
  in_header = false;
  return true;
}

/// False: it is not complete.
Result<bool> AvroFileReader::State::TakeBlock(size_t& position, model::BatchBuilder& builder) {
  AvroBytes in(std::string_view(pending).substr(position));
  if (in.remaining() == 0) return false;
  Result<int64_t> count = in.ReadLong();
  Result<int64_t> size = in.ReadLong();
  if (!count.ok() || !size.ok()) {
    // Two numbers have at most twenty bytes.
    if (in.total() < 20) return false;
    return Corruption("an Avro block does not begin with two numbers");
  }
  if (*count < 0 || *size < 0 || static_cast<uint64_t>(*size) > kAvroBlockBytesMax) {
    return Corruption("an Avro block of {} rows in {} bytes", *count, *size);
  }
  if (in.remaining() < static_cast<size_t>(*size) + kSyncBytes) return false;
  ASSIGN_OR_RETURN(std::string_view packed, in.ReadBytes(static_cast<size_t>(*size)));
  ASSIGN_OR_RETURN(std::string_view marker, in.ReadBytes(kSyncBytes));
  if (marker != sync) return Corruption("an Avro block does not end with the file's mark");
  RETURN_IF_ERROR(ReadRows(*count, packed, builder));
  position += in.position();
  return true;
}

Status AvroFileReader::State::ReadRows(int64_t count, std::string_view packed,
                                       model::BatchBuilder& builder) {
  ASSIGN_OR_RETURN(std::string bytes, UnpackAvroBlock(codec, packed));
  AvroBytes in(bytes);
  RETURN_IF_ERROR(in.CheckCount(count, rows->bytes_min()));
  for (int64_t i = 0; i < count; ++i) RETURN_IF_ERROR(rows->Append(in, builder));
  if (in.remaining() > 0) return Corruption("an Avro block has {} bytes more", in.remaining());
  return {};
}

Status AvroFileReader::Feed(std::string_view chunk, model::BatchBuilder& builder) {
  state_->pending += chunk;
  if (state_->in_header) {
    ASSIGN_OR_RETURN(bool complete, state_->TakeHeader());
    if (!complete) return {};
  }
  size_t position = 0;
  while (true) {
    ASSIGN_OR_RETURN(bool complete, state_->TakeBlock(position, builder));
    if (!complete) break;
  }
  state_->pending.erase(0, position);
  return {};
}

Status AvroFileReader::Finish() const {
  if (!state_->in_header && state_->pending.empty()) return {};
  return Corruption("the Avro file ends too early");
}

struct AvroFileWriter::State {
  AvroCodec codec = AvroCodec::kNull;
  std::vector<model::DataType> types;  ///< of the schema, whatever those of batches are
  std::string sync;
  std::string file;
  std::string block;
  int64_t block_rows = 0;

  Status EndBlock() {
    if (block_rows == 0) return {};
    ASSIGN_OR_RETURN(std::string packed, PackAvroBlock(codec, block));
    AppendAvroLong(file, block_rows);
    AppendAvroLong(file, static_cast<int64_t>(packed.size()));
    file += packed;
    file += sync;
    block.clear();
    block_rows = 0;
    return {};
  }
};

AvroFileWriter::AvroFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
AvroFileWriter::~AvroFileWriter() = default;

Result<std::unique_ptr<AvroFileWriter>> AvroFileWriter::Make(
    const std::vector<model::ColumnSpec>& columns, AvroCodec codec, bool legacy_timestamps) {
  ASSIGN_OR_RETURN(std::string schema, AvroSchemaOf(columns, legacy_timestamps));
  auto state = std::make_unique<State>();
  state->codec = codec;
  for (const model::ColumnSpec& column : columns) state->types.push_back(column.type);
  for (int i = 0; i < 2; ++i) {
    uint64_t bits = RandomBits();
    state->sync.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  state->file = kMagic;
  AppendAvroLong(state->file, 2);
  for (auto [key, value] : {std::pair<std::string_view, std::string_view>("avro.schema", schema),
                            {"avro.codec", kCodecNames[static_cast<int>(codec)]}}) {
    AppendAvroString(state->file, key);
    AppendAvroString(state->file, value);
  }
  AppendAvroLong(state->file, 0);
  state->file += state->sync;
  return std::unique_ptr<AvroFileWriter>(new AvroFileWriter(std::move(state)));
}

Status AvroFileWriter::Write(const Batch& batch) {
  for (int row = 0; row < batch.num_rows; ++row) {
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      AppendAvroCell(state_->block, batch.columns[i], state_->types[i], row);
    }
    ++state_->block_rows;
    if (state_->block.size() >= kWrittenBlockBytes) RETURN_IF_ERROR(state_->EndBlock());
  }
  return {};
}

Result<std::string> AvroFileWriter::Finish() {
  RETURN_IF_ERROR(state_->EndBlock());
  return std::move(state_->file);
}

}  // namespace forebay::format
