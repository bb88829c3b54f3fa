#pragma once

#include <cstdint>
#include <string_view>

#include "format/tests/golden_types.h"
#include "model/batch.h"
#include "model/value.h"

namespace forebay::fuzz {

/// One decoder of foreign bytes: must return for every input, whatever it is.
using Target = void (*)(std::string_view input);

/// Puts a target on the list of the replay program; its corpus is the folder corpus/<name>.
struct Registration {
  Registration(std::string_view name, Target target);
};

/// Reads every cell, so that the sanitizers see a wild pointer.
inline size_t TouchAll(const model::Batch& batch) {
  constexpr int kRowsMax = 4096;
  size_t sum = 0;
  for (const model::Column& column : batch.columns) {
    for (int row = 0; row < batch.num_rows && row < kRowsMax; ++row) {
      sum += model::ValueAt(column, row).data.index();
    }
  }
  return sum;
}

/// FUZZ_TARGET(name) { … input … } in name.cc is a libFuzzer program of its own, and one of the
/// targets of the replay program when FOREBAY_FUZZ_REPLAY is defined.
#ifdef FOREBAY_FUZZ_REPLAY
#define FUZZ_TARGET(name)                                                             \
  static void Fuzz_##name(std::string_view input);                                    \
  static const ::forebay::fuzz::Registration registration_##name(#name, Fuzz_##name); \
  static void Fuzz_##name(std::string_view input)
#else
#define FUZZ_TARGET(name)                                                   \
  static void Fuzz_##name(std::string_view input);                          \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    Fuzz_##name({reinterpret_cast<const char*>(data), size});               \
    return 0;                                                               \
  }                                                                         \
  static void Fuzz_##name(std::string_view input)
#endif

}  // namespace forebay::fuzz
