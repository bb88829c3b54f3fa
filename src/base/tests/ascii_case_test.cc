#include "base/ascii_case.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(AsciiCaseTest, OnlyLettersOfAsciiChange) {
  EXPECT_EQ(LowerAscii("AZ[@_09 \xc3\x84"), "az[@_09 \xc3\x84");
  EXPECT_EQ(UpperAscii("az{`_09 \xc3\xa4"), "AZ{`_09 \xc3\xa4");
}

TEST(AsciiCaseTest, EqualTextsHaveOneLength) {
  EXPECT_TRUE(EqualsIgnoringCase("Scram-SHA", "sCRAM-sha"));
  EXPECT_FALSE(EqualsIgnoringCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoringCase("[", "{"));
}

}  // namespace
}  // namespace forebay
