#include "base/byte_scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace forebay {
namespace {

constexpr size_t kSizeMax = 100;

// Allocated with their size, so that the address sanitizer sees what lies outside.
std::vector<char> Letters(size_t size) { return std::vector<char>(size, 'a'); }

TEST(ByteScanTest, EveryByteOfEverySizeIsSeenOnce) {
  for (size_t size = 0; size <= kSizeMax; ++size) {
    for (size_t place = 0; place < size; ++place) {
      std::vector<char> text = Letters(size);
      text[place] = ',';
      std::vector<size_t> places;
      ScanBytes(std::string_view(text.data(), size), IsByte(','),
                [&](uint32_t bits, size_t offset) {
                  for (; bits != 0; bits &= bits - 1) {
                    places.push_back(offset + static_cast<size_t>(std::countr_zero(bits)));
                  }
                  return true;
                });
      EXPECT_EQ(places, std::vector<size_t>{place}) << size;
    }
  }
}

TEST(ByteScanTest, Counts) {
  for (size_t size = 0; size <= kSizeMax; ++size) {
    std::vector<char> text = Letters(size);
    EXPECT_EQ(CountBytes({text.data(), size}, IsByte('a')), size);
    EXPECT_EQ(CountBytes({text.data(), size}, IsByte('\0')), 0U) << size;
  }
}

TEST(ByteScanTest, Ascii) {
  for (size_t size = 0; size <= kSizeMax; ++size) {
    std::vector<char> text = Letters(size);
    EXPECT_TRUE(IsAscii({text.data(), size}));
    for (size_t place = 0; place < size; ++place) {
      text[place] = '\x80';
      EXPECT_FALSE(IsAscii({text.data(), size})) << place << " of " << size;
      text[place] = 'a';
    }
  }
}

}  // namespace
}  // namespace forebay
