#pragma once

#include <cstdint>
#include <string>

namespace forebay {

/// 64 bits from the machine's random source, for names and seeds that nobody else has. Thread-safe.
uint64_t RandomBits();

/// A random UUID (version 4) in lower-case hex with dashes. Thread-safe.
std::string RandomUuid();

}  // namespace forebay
