#include <zlib.h>

#include "lake/avro/avro_codec.h"

// Object container files (Avro specification 1.11, "Object Container Files").

namespace forebay::lake {

namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
/// Any 16 bytes do; they separate blocks.
constexpr std::string_view kSync("forebay-avro-blk", 16);
/// A block may not inflate to more than this.
constexpr size_t kInflatedBytesMax = size_t{1} << 30;

const AvroJson& MetadataSchema() {
  static const AvroJson kSchema = {{"type", "map"}, {"values", "bytes"}};
  return kSchema;
}

AvroJson Binary(std::string_view bytes) {
  return AvroJson::binary(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

Result<std::string> Inflate(std::string_view compressed) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return Internal("zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out;
  int state = Z_OK;
  while (state == Z_OK && out.size() < kInflatedBytesMax) {
    size_t before = out.size();
    out.resize(before + std::max<size_t>(4096, compressed.size() * 4));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) return Corruption("a deflated Avro block does not inflate");
  return out;
}

/// The blocks after the header: count, size, bytes, sync marker.
Status ReadBlocks(ByteReader& in, const std::string& codec, std::string_view sync, AvroFile& file) {
  static const AvroJson kLong = "long";
  static const AvroJson kBytes = "bytes";
  while (!in.AtEnd()) {
    ASSIGN_OR_RETURN(AvroJson count, DecodeAvro(kLong, in));
    ASSIGN_OR_RETURN(AvroJson block, DecodeAvro(kBytes, in));
    ASSIGN_OR_RETURN(std::string_view marker, in.ReadBytes(kSync.size()));
    if (marker != sync) return Corruption("an Avro block does not end with the sync marker");
    const auto& raw = block.get_binary();
    std::string bytes(raw.begin(), raw.end());
    if (codec == "deflate") {
      ASSIGN_OR_RETURN(bytes, Inflate(bytes));
    }
    // Every datum of ours has a byte at least; more of them than bytes is only meant to exhaust
    // memory.
    if (count.get<int64_t>() < 0 || static_cast<uint64_t>(count.get<int64_t>()) > bytes.size()) {
      return Corruption("an Avro block claims {} items in {} bytes", count.get<int64_t>(),
                        bytes.size());
    }
    ByteReader datums(bytes);
    for (int64_t i = 0; i < count.get<int64_t>(); ++i) {
      ASSIGN_OR_RETURN(AvroJson datum, DecodeAvro(file.schema, datums));
      file.datums.push_back(std::move(datum));
    }
  }
  return Status::Ok();
}

}  // namespace

Result<std::string> WriteAvroFile(const AvroFile& file) {
  AvroJson metadata = AvroJson::object();
  metadata["avro.schema"] = Binary(file.schema.dump());
  metadata["avro.codec"] = Binary("null");
  for (const auto& [key, value] : file.metadata) metadata[key] = Binary(value);
  ByteWriter out;
  out.WriteBytes(kMagic);
  RETURN_IF_ERROR(EncodeAvro(MetadataSchema(), metadata, out));
  out.WriteBytes(kSync);
  if (file.datums.empty()) return out.Take();
  ByteWriter block;
  for (const AvroJson& datum : file.datums) RETURN_IF_ERROR(EncodeAvro(file.schema, datum, block));
  RETURN_IF_ERROR(EncodeAvro("long", static_cast<int64_t>(file.datums.size()), out));
  RETURN_IF_ERROR(EncodeAvro("bytes", Binary(block.view()), out));
  out.WriteBytes(kSync);
  return out.Take();
}

Result<AvroFile> ReadAvroFile(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Corruption("no Avro file: the first bytes are not Obj\\1");
  ByteReader in(bytes.substr(kMagic.size()));
  ASSIGN_OR_RETURN(AvroJson metadata, DecodeAvro(MetadataSchema(), in));
  ASSIGN_OR_RETURN(std::string_view sync, in.ReadBytes(kSync.size()));
  AvroFile file;
  std::string codec = "null";
  for (const auto& [key, value] : metadata.items()) {
    std::string text(value.get_binary().begin(), value.get_binary().end());
    if (key == "avro.schema") {
      file.schema = AvroJson::parse(text, nullptr, false);
    } else if (key == "avro.codec") {
      codec = text;
    } else {
      file.metadata.emplace_back(key, std::move(text));
    }
  }
  if (file.schema.is_null() || file.schema.is_discarded()) {
    return Corruption("the Avro file has no readable schema");
  }
  if (codec != "null" && codec != "deflate") return NotSupported("Avro codec {}", codec);
  RETURN_IF_ERROR(ReadBlocks(in, codec, sync, file));
  return file;
}

}  // namespace forebay::lake
