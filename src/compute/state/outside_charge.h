#pragma once

#include <cstdint>

#include "compute/state/state_memory.h"

namespace forebay::compute {

/// Says of state in memory of another kind how large it is, roughly, so that the rest of the job's
/// state makes room for it. It is the state of the thread that makes and destroys it.
class OutsideCharge {
 public:
  OutsideCharge() = default;
  explicit OutsideCharge(int64_t bytes) { Set(bytes); }
  ~OutsideCharge() { Set(0); }
  OutsideCharge(OutsideCharge&& other) noexcept : bytes_(other.bytes_) { other.bytes_ = 0; }
  OutsideCharge& operator=(OutsideCharge&&) = delete;

  void Set(int64_t bytes) {
    StateMemory* memory = StateMemory::current();
    if (memory == nullptr || bytes == bytes_) return;
    memory->AddOutside(bytes - bytes_);
    bytes_ = bytes;
  }

 private:
  int64_t bytes_ = 0;
};

}  // namespace forebay::compute
