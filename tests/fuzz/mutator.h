#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace forebay::fuzz {

/// Makes new inputs from known ones: bytes changed, cut out, repeated, put in, taken from another
/// input. Unlike libFuzzer's nothing tells it which of them reach new code, but any compiler will
/// do. The same seed gives the same inputs.
class Mutator {
 public:
  /// At least one input.
  Mutator(std::vector<std::string> inputs, uint64_t seed)
      : inputs_(std::move(inputs)), random_(seed) {}

  /// Valid until the next call.
  const std::string& Next();

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  size_t Place() { return Below(made_.size()); }
  void MutateOnce();
  void PutNumber();
  void PutBytes(const std::string& bytes);

  const std::vector<std::string> inputs_;
  std::mt19937_64 random_;
  std::string made_;
};

}  // namespace forebay::fuzz
