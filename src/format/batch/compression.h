#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::format {

/// How the buffers of an Arrow record batch are compressed; each buffer on its own.
enum class Compression : uint8_t { kNone, kLz4Frame, kZstd };

/// The table option table.log.arrow.compression.type: NONE, LZ4_FRAME, ZSTD, in any case.
Result<Compression> ParseCompression(std::string_view name);

/// On the columns of a record batch, level 3 (Fluss's) saves less than one per cent of the bytes
/// that level 1 leaves, and costs a tenth more time.
inline constexpr int kDefaultZstdLevel = 1;

/// What the writer of record batches is told: the codec and how hard it tries.
struct BodyCompression {
  // NOLINTNEXTLINE(google-explicit-constructor): a codec alone says enough.
  BodyCompression(Compression codec = Compression::kNone, int zstd_level = kDefaultZstdLevel)
      : codec(codec), zstd_level(zstd_level) {}
  Compression codec;
  int zstd_level;  ///< 1 to 22
};

/// The table option table.log.arrow.compression.zstd.level.
Result<int> ParseZstdLevel(std::string_view text);

/// Appends the compressed form of `bytes` to `out`. The codec must not be kNone.
Status CompressTo(BodyCompression compression, std::string_view bytes, std::string& out);

/// Fills `out`, which is exactly as long as the original. kCorruption when the bytes do not give
/// that.
Status Decompress(Compression compression, std::string_view bytes, char* out, size_t out_size);

}  // namespace forebay::format
