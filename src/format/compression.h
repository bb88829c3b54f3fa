#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::format {

/// How the buffers of an Arrow record batch are compressed; each buffer on its own.
enum class Compression : uint8_t { kNone, kLz4Frame, kZstd };

/// The table option table.log.arrow.compression.type: NONE, LZ4_FRAME, ZSTD, in any case.
Result<Compression> ParseCompression(std::string_view name);

inline constexpr int kDefaultZstdLevel = 3;

/// Appends the compressed form of `bytes` to `out`.
Status CompressTo(Compression compression, std::string_view bytes, std::string& out);

/// Fills `out`, which is exactly as long as the original. kCorruption when the bytes do not give
/// that.
Status Decompress(Compression compression, std::string_view bytes, char* out, size_t out_size);

}  // namespace forebay::format
