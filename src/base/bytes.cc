#include "base/bytes.h"

namespace forebay {

Result<uint64_t> ByteReader::ReadVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    ASSIGN_OR_RETURN(uint8_t byte, Read<uint8_t>());
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return Corruption("varint longer than 10 bytes at byte {}", position_);
}

Error ByteReader::Truncated(size_t wanted) const {
  return Corruption("truncated: {} bytes wanted at byte {} of {}", wanted, position_,
                    bytes_.size());
}

}  // namespace forebay
