#pragma once

#include <cstddef>
#include <vector>

#include "compute/state/state_memory.h"

namespace forebay::compute {

/// Asks for what a batch is about to touch, so that what lies on disk is read side by side instead
/// of one page after the other, at the first touch of each. Nothing while all state is in memory.
/// Belongs to one shard's thread.
class StateFetch {
 public:
  StateFetch() : memory_(StateMemory::current()) {
    if (memory_ != nullptr && memory_->spilled_bytes() == 0) memory_ = nullptr;
  }

  bool IsNeeded() const { return memory_ != nullptr; }
  void Add(const void* address) {
    if (memory_ == nullptr || address == nullptr) return;
    addresses_.push_back(address);
    if (addresses_.size() == kAddressesMax) Go();
  }
  /// Before a batch of rows, which waits while the disk does not follow.
  void WaitForRoom() {
    if (memory_ != nullptr) memory_->WaitForRoom();
  }
  void Go() {
    if (addresses_.empty()) return;
    memory_->Fetch(addresses_);
    addresses_.clear();
  }

 private:
  static constexpr size_t kAddressesMax = 1024;
  StateMemory* memory_;
  std::vector<const void*> addresses_;
};

}  // namespace forebay::compute
