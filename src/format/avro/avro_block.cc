#include "format/avro/avro_block.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <array>
#include <memory>

namespace forebay::format {
namespace {

/// CRC-32 of IEEE 802.3, which a snappy block ends with.
uint32_t Crc32(std::string_view bytes) {
  static const std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320U : 0);
      table[i] = value;
    }
    return table;
  }();
  uint32_t crc = ~uint32_t{0};
  for (char c : bytes) crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

Result<std::unique_ptr<arrow::util::Codec>> CodecOf(AvroCodec codec) {
  arrow::util::GZipCodecOptions deflate;
  deflate.gzip_format = arrow::util::GZipFormat::DEFLATE;
  auto made =
      codec == AvroCodec::kDeflate
          ? arrow::util::Codec::Create(arrow::Compression::GZIP, deflate)
          : arrow::util::Codec::Create(codec == AvroCodec::kSnappy ? arrow::Compression::SNAPPY
                                                                   : arrow::Compression::ZSTD);
  if (!made.ok()) return Internal("no codec: {}", made.status().message());
  return std::unique_ptr<arrow::util::Codec>(std::move(made).ValueUnsafe());
}

const uint8_t* Bytes(std::string_view view) {
  return reinterpret_cast<const uint8_t*>(view.data());
}

/// The length that a snappy block begins with; larger ones than its bytes can make are refused.
Result<size_t> SnappyLength(std::string_view packed) {
  uint64_t length = 0;
  for (size_t i = 0; i < 5 && i < packed.size(); ++i) {
    auto byte = static_cast<uint8_t>(packed[i]);
    length |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    // A copy of 64 bytes takes three.
    if (length > kAvroBlockBytesMax || length > packed.size() * 32 + 64) break;
    return static_cast<size_t>(length);
  }
  return Corruption("a snappy block of {} bytes has no length", packed.size());
}

Result<std::string> Unpack(AvroCodec codec, std::string_view packed, size_t size) {
  ASSIGN_OR_RETURN(auto decoder, CodecOf(codec));
  std::string bytes(size, '\0');
  auto written =
      decoder->Decompress(static_cast<int64_t>(packed.size()), Bytes(packed),
                          static_cast<int64_t>(size), reinterpret_cast<uint8_t*>(bytes.data()));
  if (!written.ok()) return Corruption("cannot decompress: {}", written.status().message());
  bytes.resize(static_cast<size_t>(*written));
  return bytes;
}

/// For codecs whose bytes do not say how long they become.
Result<std::string> UnpackInSteps(AvroCodec codec, std::string_view packed) {
  ASSIGN_OR_RETURN(auto decoder, CodecOf(codec));
  auto made = decoder->MakeDecompressor();
  if (!made.ok()) return Internal("no codec: {}", made.status().message());
  std::string bytes;
  size_t size = 0;
  while (!(*made)->IsFinished()) {
    if (size == bytes.size()) {
      if (size >= kAvroBlockBytesMax) return Corruption("an Avro block is too large");
      bytes.resize(std::min(std::max(packed.size() * 4, size * 2) + 4096, kAvroBlockBytesMax));
    }
    auto step = (*made)->Decompress(static_cast<int64_t>(packed.size()), Bytes(packed),
                                    static_cast<int64_t>(bytes.size() - size),
                                    reinterpret_cast<uint8_t*>(bytes.data() + size));
    if (!step.ok()) return Corruption("cannot decompress: {}", step.status().message());
    packed.remove_prefix(static_cast<size_t>(step->bytes_read));
    size += static_cast<size_t>(step->bytes_written);
    bool stuck = step->bytes_read == 0 && step->bytes_written == 0 && size < bytes.size();
    if (stuck) return Corruption("a compressed Avro block ends too early");
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

Result<std::string> PackAvroBlock(AvroCodec codec, std::string_view bytes) {
  if (codec == AvroCodec::kNull) return std::string(bytes);
  ASSIGN_OR_RETURN(auto encoder, CodecOf(codec));
  auto size = static_cast<int64_t>(bytes.size());
  int64_t bound = encoder->MaxCompressedLen(size, Bytes(bytes));
  std::string packed(static_cast<size_t>(bound), '\0');
  auto written =
      encoder->Compress(size, Bytes(bytes), bound, reinterpret_cast<uint8_t*>(packed.data()));
  if (!written.ok()) return Internal("cannot compress: {}", written.status().message());
  packed.resize(static_cast<size_t>(*written));
  if (codec == AvroCodec::kSnappy) packed += BigEndian(Crc32(bytes));
  return packed;
}

Result<std::string> UnpackAvroBlock(AvroCodec codec, std::string_view packed) {
  if (codec == AvroCodec::kNull) return std::string(packed);
  if (codec == AvroCodec::kSnappy) {
    if (packed.size() < 4) return Corruption("a snappy block of {} bytes", packed.size());
    std::string_view crc = packed.substr(packed.size() - 4);
    packed.remove_suffix(4);
    ASSIGN_OR_RETURN(size_t length, SnappyLength(packed));
    ASSIGN_OR_RETURN(std::string bytes, Unpack(codec, packed, length));
    if (BigEndian(Crc32(bytes)) != crc) return Corruption("a snappy block has a wrong checksum");
    return bytes;
  }
  return UnpackInSteps(codec, packed);
}

}  // namespace forebay::format
