#include "base/random.h"

#include <fmt/core.h>

#include <random>

namespace forebay {

uint64_t RandomBits() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

std::string RandomUuid() {
  uint64_t high = (RandomBits() & ~0xf000ULL) | 0x4000;        // version 4
  uint64_t low = (RandomBits() & ~(3ULL << 62)) | 2ULL << 62;  // variant 1
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffULL);
}

}  // namespace forebay
