#pragma once

#include <cstdint>

namespace forebay {

/// 64 bits from the machine's random source, for names and seeds that nobody else has. Thread-safe.
uint64_t RandomBits();

}  // namespace forebay
