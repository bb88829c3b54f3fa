#pragma once

#include <string>
#include <string_view>

#include "format/avro/avro_file.h"

namespace forebay::format {

/// No block is taken that is longer than this, packed or unpacked.
inline constexpr size_t kAvroBlockBytesMax = size_t{256} << 20;

/// A block's bytes as the codec leaves them, and back. kCorruption for bytes that are none.
Result<std::string> PackAvroBlock(AvroCodec codec, std::string_view bytes);
Result<std::string> UnpackAvroBlock(AvroCodec codec, std::string_view packed);

}  // namespace forebay::format
