#include "compute/state/hash_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace forebay::compute {
namespace {

/// An index of entries whose hashes are listed, beside a plain map.
class TwinIndex {
 public:
  uint32_t Add(uint64_t hash) {
    auto number = static_cast<uint32_t>(hashes.size());
    hashes.push_back(hash);
    if (index.IsFull(hash)) {
      index.Grow(hash, [this](std::span<const uint32_t> numbers, std::span<uint64_t> read) {
        hashes_read += numbers.size();
        for (size_t i = 0; i < numbers.size(); ++i) read[i] = hashes[numbers[i]];
      });
    }
    index.Insert(hash, number);
    live.push_back(true);
    ++size;
    return number;
  }
  void Remove(uint32_t number) {
    index.Erase(hashes[number], number);
    live[number] = false;
    --size;
  }
  bool Has(uint32_t number) const {
    auto is_it = [number](uint32_t candidate) { return candidate == number; };
    return index.Find(hashes[number], is_it) == number;
  }
  void Check() const {
    for (uint32_t number = 0; number < hashes.size(); ++number) {
      ASSERT_EQ(Has(number), live[number]) << number;
    }
  }

  HashIndex index;
  std::vector<uint64_t> hashes;
  std::vector<bool> live;
  size_t size = 0;
  size_t hashes_read = 0;
};

TEST(HashIndex, GrowsInStepsThatDoNotDependOnItsSize) {
  std::mt19937_64 random(1);
  TwinIndex twin;
  int64_t before = twin.index.MemoryBytes();
  int64_t longest = 0;
  size_t most_read = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    size_t read = twin.hashes_read;
    twin.Add(random());
    longest = std::max(longest, twin.index.MemoryBytes() - before);
    most_read = std::max(most_read, twin.hashes_read - read);
    before = twin.index.MemoryBytes();
  }
  // A part of 256 KiB, and the directory.
  EXPECT_LE(longest, (256 << 10) + 4096);
  EXPECT_GT(twin.index.MemoryBytes(), 7 << 20);
  EXPECT_LT(twin.index.MemoryBytes(), 16 << 20);
  // Entries are read while the first part grows, hardly ever after it.
  EXPECT_LE(most_read, 35'000u);
  EXPECT_LE(twin.hashes_read, 200'000u);
  for (uint32_t number = 0; number < 1'000'000; ++number) ASSERT_TRUE(twin.Has(number));
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(twin.index.Find(random(), [](uint32_t) { return false; }), HashIndex::kNone);
  }
}

TEST(HashIndex, FindsWhatIsThereWhateverComesAndGoes) {
  std::mt19937_64 random(2);
  for (size_t most : {size_t{20}, size_t{3'000}, size_t{150'000}}) {
    TwinIndex twin;
    for (size_t i = 0; i < most * 4; ++i) {
      twin.Add(random());
      // First it grows, then it has as many as before, of which some are old.
      if (twin.size <= most) continue;
      uint32_t number = 0;
      do number = static_cast<uint32_t>(random() % twin.hashes.size());
      while (!twin.live[number]);
      twin.Remove(number);
    }
    twin.Check();
    EXPECT_LT(twin.index.MemoryBytes(), static_cast<int64_t>(most) * 40 + 4096);
  }
}

/// After eight splits a slot has no bits of the hash left, so that entries are read again.
TEST(HashIndex, GrowsBeyondTheBitsThatASlotHolds) {
  TwinIndex twin;
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) twin.Add(random());
  size_t read = twin.hashes_read;
  // All of one part of 512, so that it is split until it has no others.
  constexpr uint64_t kDivided = uint64_t{0x1ff} << 12;
  for (int i = 0; i < 200'000; ++i) twin.Add((random() & ~kDivided) | uint64_t{0x5a} << 12);
  EXPECT_GT(twin.hashes_read, read + 30'000);
  twin.Check();
}

TEST(HashIndex, EqualHashesAreKept) {
  TwinIndex twin;
  for (int i = 0; i < 2'000; ++i) twin.Add(0x123456789abcdef0);
  twin.Check();
  for (uint32_t number = 0; number < 2'000; number += 2) twin.Remove(number);
  for (int i = 0; i < 500; ++i) twin.Add(0x123456789abcdef0);
  twin.Check();
}

}  // namespace
}  // namespace forebay::compute
