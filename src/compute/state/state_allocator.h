#pragma once

#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "compute/state/state_memory.h"

namespace forebay::compute {

void* AllocateStateObject(size_t bytes);
void FreeStateObject(void* memory, size_t bytes);

/// For containers that are keyed state: their memory counts against the job's budget and can go to
/// disk. Without a current StateMemory it is the heap's.
template <typename T>
struct StateAllocator {
  using value_type = T;
  StateAllocator() = default;
  template <typename U>
  StateAllocator(const StateAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(AllocateStateObject(count * sizeof(T))); }
  void deallocate(T* memory, size_t count) { FreeStateObject(memory, count * sizeof(T)); }
  friend bool operator==(const StateAllocator&, const StateAllocator&) { return true; }
};

using StateString = std::basic_string<char, std::char_traits<char>, StateAllocator<char>>;
template <typename T>
using StateVector = std::vector<T, StateAllocator<T>>;
template <typename T>
using StateDeque = std::deque<T, StateAllocator<T>>;
template <typename K, typename V>
using StateOrderedMap = std::map<K, V, std::less<>, StateAllocator<std::pair<const K, V>>>;

/// An object of keyed state, and its end.
template <typename T>
T* NewStateObject() {
  return new (AllocateStateObject(sizeof(T))) T();
}
template <typename T>
void DeleteStateObject(T* object) {
  if (object == nullptr) return;
  object->~T();
  FreeStateObject(object, sizeof(T));
}

}  // namespace forebay::compute
