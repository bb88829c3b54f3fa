#include "base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

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

TEST(HashTest, SpreadsSmallIntegers) {
  std::set<uint64_t> low;
  for (uint64_t i = 0; i < 1000; ++i) low.insert(HashInt(i) & 0xffff);
  EXPECT_GT(low.size(), 980u);
}

}  // namespace
}  // namespace forebay
