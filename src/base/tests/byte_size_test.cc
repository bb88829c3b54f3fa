#include "base/byte_size.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(ByteSizeTest, UnitsOfFlinksMemorySize) {
  EXPECT_EQ(ParseByteSize("1024").value(), 1024);
  EXPECT_EQ(ParseByteSize(" 5 Bytes").value(), 5);
  EXPECT_EQ(ParseByteSize("2k").value(), 2048);
  EXPECT_EQ(ParseByteSize("64mb").value(), 67108864);
  EXPECT_EQ(ParseByteSize("1 GiB").value(), 1073741824);
  EXPECT_EQ(ParseByteSize("3 tebibytes").value(), 3298534883328);
}

TEST(ByteSizeTest, OtherTextsAreErrors) {
  for (const char* text :
       {"", "mb", "-1", "1.5gb", "1 x", "1kk", "1 kilobyte", "9223372036854775808", "9000000 tb"}) {
    EXPECT_EQ(ParseByteSize(text).kind(), ErrorKind::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace forebay
