#pragma once

#include <cstdint>
#include <string_view>

namespace forebay {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, by the processor's own instruction.
/// To go on from an earlier part, pass its checksum as `seed`: Crc32c(b, Crc32c(a)) == Crc32c(a +
/// b).
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace forebay
