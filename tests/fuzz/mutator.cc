#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <cstring>

namespace forebay::fuzz {

namespace {

constexpr size_t kInputBytesMax = 16384;
constexpr size_t kChangesMax = 5;
constexpr size_t kPieceBytesMax = 64;

/// Where decoders of lengths and counts go wrong.
constexpr uint64_t kNumbers[] = {
    0,          1,      2,          0x7f,       0x80,       0xff,       0x7fff,
    0x8000,     0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 62, (1ULL << 63) - 1,
    1ULL << 63, ~0ULL};

}  // namespace

const std::string& Mutator::Next() {
  made_ = inputs_[Below(inputs_.size())];
  for (size_t changes = 1 + Below(kChangesMax); changes > 0; --changes) MutateOnce();
  made_.resize(std::min(made_.size(), kInputBytesMax));
  return made_;
}

void Mutator::MutateOnce() {
  if (made_.empty()) return PutBytes(std::string(1, static_cast<char>(Below(256))));
  size_t begin = Place();
  size_t size = 1 + Below(std::min(made_.size() - begin, kPieceBytesMax));
  switch (Below(8)) {
    case 0: made_[begin] ^= static_cast<char>(1 << Below(8)); break;
    case 1: made_[begin] = static_cast<char>(Below(256)); break;
    case 2: PutNumber(); break;
    case 3: made_.erase(begin, size); break;
    case 4: PutBytes(made_.substr(begin, size)); break;
    case 5: PutBytes(std::string(size, static_cast<char>(Below(256)))); break;
    case 6: made_.resize(begin); break;
    default: {
      const std::string& other = inputs_[Below(inputs_.size())];
      if (!other.empty()) PutBytes(other.substr(Below(other.size()), size));
    }
  }
}

/// Over what is there, in either order of bytes.
void Mutator::PutNumber() {
  size_t size = size_t{1} << Below(4);
  if (made_.size() < size) return;
  uint64_t number = kNumbers[Below(std::size(kNumbers))];
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  if (Below(2) == 1) std::reverse(bytes, bytes + size);
  std::memcpy(made_.data() + Below(made_.size() - size + 1), bytes, size);
}

void Mutator::PutBytes(const std::string& bytes) { made_.insert(Below(made_.size() + 1), bytes); }

}  // namespace forebay::fuzz
