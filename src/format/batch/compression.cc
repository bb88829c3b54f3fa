#include "format/batch/compression.h"

#include <arrow/util/compression.h>
#include <zstd.h>

#include <charconv>
#include <memory>

#include "base/ascii_case.h"

namespace forebay::format {

namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// The tables of high levels are large: a thread does not keep them for its next batch.
constexpr size_t kKeptContextBytesMax = 4 << 20;

/// One context a thread: the tables of a new one cost as much as compressing a column.
Result<ZSTD_CCtx*> ZstdCompressor() {
  static thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  if (ZSTD_sizeof_CCtx(context.get()) > kKeptContextBytesMax) context.reset();
  if (context == nullptr) context.reset(ZSTD_createCCtx());
  if (context == nullptr) return Unavailable("no memory for a zstd context");
  return context.get();
}

Result<ZSTD_DCtx*> ZstdDecompressor() {
  static thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  if (context == nullptr) context.reset(ZSTD_createDCtx());
  if (context == nullptr) return Unavailable("no memory for a zstd context");
  return context.get();
}

/// One codec a thread: creating them costs more than compressing a small buffer.
Result<arrow::util::Codec*> Lz4() {
  static thread_local std::unique_ptr<arrow::util::Codec> codec;
  if (codec == nullptr) {
    auto made = arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME,
                                           arrow::util::kUseDefaultCompressionLevel);
    if (!made.ok()) return Internal("no codec: {}", made.status().message());
    codec = std::move(made).ValueUnsafe();
  }
  return codec.get();
}

const uint8_t* Bytes(std::string_view view) {
  return reinterpret_cast<const uint8_t*>(view.data());
}

/// Memory to compress into, of at least `size` bytes: a thread keeps some for its next buffer.
/// `large` holds what is more.
char* OutputOf(size_t size, std::unique_ptr<char[]>& large) {
  constexpr size_t kKeptBytes = 1 << 20;
  static thread_local std::unique_ptr<char[]> kept;
  if (size > kKeptBytes) {
    large.reset(new char[size]);
    return large.get();
  }
  if (kept == nullptr) kept.reset(new char[kKeptBytes]);
  return kept.get();
}

Status ZstdTo(int level, std::string_view bytes, std::string& out) {
  ASSIGN_OR_RETURN(ZSTD_CCtx * context, ZstdCompressor());
  size_t bound = ZSTD_compressBound(bytes.size());
  std::unique_ptr<char[]> large;
  char* compressed = OutputOf(bound, large);
  size_t written = ZSTD_compressCCtx(context, compressed, bound, bytes.data(), bytes.size(), level);
  if (ZSTD_isError(written)) return Internal("cannot compress: {}", ZSTD_getErrorName(written));
  out.append(compressed, written);
  return Status::Ok();
}

Status Lz4To(std::string_view bytes, std::string& out) {
  ASSIGN_OR_RETURN(arrow::util::Codec * codec, Lz4());
  int64_t size = std::ssize(bytes);
  int64_t bound = codec->MaxCompressedLen(size, Bytes(bytes));
  size_t begin = out.size();
  out.resize(begin + static_cast<size_t>(bound));
  auto written =
      codec->Compress(size, Bytes(bytes), bound, reinterpret_cast<uint8_t*>(out.data() + begin));
  if (!written.ok()) return Internal("cannot compress: {}", written.status().message());
  out.resize(begin + static_cast<size_t>(*written));
  return Status::Ok();
}

Result<size_t> Unzstd(std::string_view bytes, char* out, size_t out_size) {
  ASSIGN_OR_RETURN(ZSTD_DCtx * context, ZstdDecompressor());
  size_t size = ZSTD_decompressDCtx(context, out, out_size, bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return Corruption("cannot decompress: {}", ZSTD_getErrorName(size));
  return size;
}

Result<size_t> Unlz4(std::string_view bytes, char* out, size_t out_size) {
  ASSIGN_OR_RETURN(arrow::util::Codec * codec, Lz4());
  auto size = codec->Decompress(std::ssize(bytes), Bytes(bytes), static_cast<int64_t>(out_size),
                                reinterpret_cast<uint8_t*>(out));
  if (!size.ok()) return Corruption("cannot decompress: {}", size.status().message());
  return static_cast<size_t>(*size);
}

}  // namespace

Result<Compression> ParseCompression(std::string_view name) {
  std::string upper = UpperAscii(name);
  if (upper == "NONE") return Compression::kNone;
  if (upper == "LZ4_FRAME") return Compression::kLz4Frame;
  if (upper == "ZSTD") return Compression::kZstd;
  return InvalidArgument("compression must be NONE, LZ4_FRAME or ZSTD, not '{}'", name);
}

Result<int> ParseZstdLevel(std::string_view text) {
  int level = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || level < 1 || level > ZSTD_maxCLevel()) {
    return InvalidArgument("the level of zstd must be 1 to {}, not '{}'", ZSTD_maxCLevel(), text);
  }
  return level;
}

Status CompressTo(BodyCompression compression, std::string_view bytes, std::string& out) {
  if (compression.codec == Compression::kLz4Frame) return Lz4To(bytes, out);
  return ZstdTo(compression.zstd_level, bytes, out);
}

Status Decompress(Compression compression, std::string_view bytes, char* out, size_t out_size) {
  auto inflate = compression == Compression::kZstd ? Unzstd : Unlz4;
  ASSIGN_OR_RETURN(size_t size, inflate(bytes, out, out_size));
  if (size != out_size) return Corruption("decompressed to {} bytes instead of {}", size, out_size);
  return Status::Ok();
}

}  // namespace forebay::format
