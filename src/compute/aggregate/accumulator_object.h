#pragma once

#include "compute/aggregate/accumulator.h"
#include "compute/state/state_allocator.h"

namespace forebay::compute {

/// Accumulators whose state is an object of type S of its own: the payload holds the pointer.
template <typename S>
class ObjectAccumulator : public Accumulator {
 public:
  void Destroy(char* payload) override {
    DeleteStateObject(*Slot(payload));
    *Slot(payload) = nullptr;
  }

 protected:
  ObjectAccumulator() : Accumulator(16) {}
  S** Slot(char* payload) const { return this->template StateIn<S*>(payload); }
  const S* Peek(const char* payload) const { return *this->template StateIn<S*>(payload); }
  S& Object(char* payload) const {
    S** slot = Slot(payload);
    if (*slot == nullptr) *slot = NewStateObject<S>();
    return **slot;
  }
};

}  // namespace forebay::compute
