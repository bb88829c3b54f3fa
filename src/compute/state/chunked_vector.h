#pragma once

#include <utility>
#include <vector>

#include "compute/state/state_allocator.h"

namespace forebay::compute {

/// A list of keyed state that grows at its end without moving what it holds, so that no addition
/// takes long, however large it is. Belongs to one thread at a time.
template <typename T>
class ChunkedVector {
 public:
  bool empty() const { return last_.empty(); }
  size_t size() const { return full_.size() * kChunk + last_.size(); }
  T& operator[](size_t i) {
    return i / kChunk < full_.size() ? full_[i / kChunk][i % kChunk] : last_[i % kChunk];
  }
  T& back() { return last_.back(); }
  void push_back(T value) {
    if (last_.size() == kChunk) {
      full_.push_back(std::exchange(last_, {}));
      last_.reserve(kChunk);
    }
    last_.push_back(std::move(value));
  }
  void pop_back() {
    last_.pop_back();
    if (!last_.empty() || full_.empty()) return;
    last_ = std::move(full_.back());
    full_.pop_back();
  }
  /// Keeps what a small list needs.
  void clear() {
    if (!full_.empty()) last_ = {};
    full_.clear();
    last_.clear();
  }
  void swap(ChunkedVector& other) {
    full_.swap(other.full_);
    last_.swap(other.last_);
  }

 private:
  static constexpr size_t kChunk = 8192;
  std::vector<StateVector<T>> full_;
  StateVector<T> last_;  ///< empty only when all is
};

}  // namespace forebay::compute
