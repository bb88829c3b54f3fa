#include "format/compression.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <cctype>

namespace forebay::format {

namespace {

/// One codec a thread and kind: creating them costs more than compressing a small buffer.
Result<arrow::util::Codec*> CodecOf(Compression compression) {
  static thread_local std::unique_ptr<arrow::util::Codec> lz4, zstd;
  std::unique_ptr<arrow::util::Codec>& codec = compression == Compression::kZstd ? zstd : lz4;
  if (codec == nullptr) {
    bool is_zstd = compression == Compression::kZstd;
    auto made = arrow::util::Codec::Create(
        is_zstd ? arrow::Compression::ZSTD : arrow::Compression::LZ4_FRAME,
        is_zstd ? kDefaultZstdLevel : arrow::util::kUseDefaultCompressionLevel);
    if (!made.ok()) return Internal("no codec: {}", made.status().message());
    codec = std::move(made).ValueUnsafe();
  }
  return codec.get();
}

const uint8_t* Bytes(std::string_view view) {
  return reinterpret_cast<const uint8_t*>(view.data());
}

}  // namespace

Result<Compression> ParseCompression(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (upper == "NONE") return Compression::kNone;
  if (upper == "LZ4_FRAME") return Compression::kLz4Frame;
  if (upper == "ZSTD") return Compression::kZstd;
  return InvalidArgument("compression must be NONE, LZ4_FRAME or ZSTD, not '{}'", name);
}

Status CompressTo(Compression compression, std::string_view bytes, std::string& out) {
  ASSIGN_OR_RETURN(arrow::util::Codec * codec, CodecOf(compression));
  int64_t size = static_cast<int64_t>(bytes.size());
  int64_t bound = codec->MaxCompressedLen(size, Bytes(bytes));
  size_t begin = out.size();
  out.resize(begin + static_cast<size_t>(bound));
  auto written =
      codec->Compress(size, Bytes(bytes), bound, reinterpret_cast<uint8_t*>(out.data() + begin));
  if (!written.ok()) return Internal("cannot compress: {}", written.status().message());
  out.resize(begin + static_cast<size_t>(*written));
  return Status::Ok();
}

Status Decompress(Compression compression, std::string_view bytes, char* out, size_t out_size) {
  ASSIGN_OR_RETURN(arrow::util::Codec * codec, CodecOf(compression));
  auto size = codec->Decompress(static_cast<int64_t>(bytes.size()), Bytes(bytes),
                                static_cast<int64_t>(out_size), reinterpret_cast<uint8_t*>(out));
  if (!size.ok()) return Corruption("cannot decompress: {}", size.status().message());
  if (*size != static_cast<int64_t>(out_size)) {
    return Corruption("decompressed to {} bytes instead of {}", *size, out_size);
  }
  return Status::Ok();
}

}  // namespace forebay::format
