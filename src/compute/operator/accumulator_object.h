#pragma once

#include <memory>

#include "compute/operator/accumulator.h"

namespace forebay::compute {

/// Accumulators whose state is an object of type S on the heap: the payload holds the pointer.
template <typename S>
class ObjectAccumulator : public Accumulator {
 public:
  void Destroy(char* payload) override {
    std::unique_ptr<S> gone(*Slot(payload));
    *Slot(payload) = nullptr;
  }

 protected:
  ObjectAccumulator() : Accumulator(16) {}
  S** Slot(char* payload) const { return this->template StateIn<S*>(payload); }
  const S* Peek(const char* payload) const { return *this->template StateIn<S*>(payload); }
  S& Object(char* payload) const {
    S** slot = Slot(payload);
    if (*slot == nullptr) *slot = std::make_unique<S>().release();
    return **slot;
  }
};

}  // namespace forebay::compute
