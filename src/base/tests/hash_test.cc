#include "base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <utility>

#include "base/crc32c.h"

namespace forebay {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32cTest, MatchesTheStandardsExamples) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32cTest, GoesOnFromAnEarlierPart) {
  std::string text = "a forebay is the pool just above a turbine";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text));
  }
}

TEST(HashTest, EveryInputBitChangesAboutHalfTheOutput) {
  int64_t changed = 0;
  for (int bit = 0; bit < 64; ++bit) {
    changed += std::popcount(HashInt(12345) ^ HashInt(12345 ^ (uint64_t{1} << bit)));
  }
  EXPECT_GT(changed, 64 * 26);
  EXPECT_LT(changed, 64 * 38);
}

TEST(HashTest, TellsLengthsAndContentsApart) {
  std::set<uint64_t> seen;
  for (size_t size = 0; size < 100; ++size) {
    seen.insert(HashBytes(std::string(size, '\0')));
    std::string text(size, 'x');
    for (size_t i = 0; i < size; ++i) {
      text[i] = 'y';
      seen.insert(HashBytes(text));
      text[i] = 'x';
    }
  }
  EXPECT_EQ(seen.size(), 100u + 99 * 100 / 2);
}

// Checkpoints hold key groups: other values would lose the state of every key.
TEST(HashTest, ValuesAreStable) {
  EXPECT_EQ(HashInt(0), 0x1eb244682e62ca05u);
  EXPECT_EQ(HashInt(1), 0x1baf094f0bf8ebf4u);
  EXPECT_EQ(HashInt(42), 0xd4602a2105b730deu);
  EXPECT_EQ(HashInt(~uint64_t{0}), 0x6d69c6a193b3a229u);
  EXPECT_EQ(HashInt(1, 7), 0x8cc9d279971a9c61u);
  EXPECT_EQ(HashCombine(1, 2), 0xf004b7f771c03a49u);
  EXPECT_EQ(HashCombine(2, 1), 0x116bf6a8614c6bcdu);
  const std::string text = "a forebay is the pool just above a turbine";
  const std::pair<size_t, uint64_t> by_size[] = {
      {0, 0x8637948910430871},  {1, 0x8a650bfb65158f09},  {3, 0xc43d41428775fe88},
      {4, 0x25d4568700069f59},  {8, 0x0731e01ed0d2abd5},  {9, 0xfc60f50226155bde},
      {16, 0x0d85c30cfcdd5c73}, {17, 0x62398aadb85b5c85}, {42, 0x979ac0997f27fe95}};
  for (auto [size, hash] : by_size) EXPECT_EQ(HashBytes(text.substr(0, size)), hash) << size;
  EXPECT_EQ(HashBytes(text, 9), 0x9287849e1772274au);
}

TEST(HashTest, SpreadsSmallIntegers) {
  std::set<uint64_t> low;
  for (uint64_t i = 0; i < 1000; ++i) low.insert(HashInt(i) & 0xffff);
  EXPECT_GT(low.size(), 980u);
}

}  // namespace
}  // namespace forebay
