#include "base/random.h"

#include <random>

namespace forebay {

uint64_t RandomBits() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace forebay
