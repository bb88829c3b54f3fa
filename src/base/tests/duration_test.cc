#include "base/duration.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(DurationTest, ReadsFlinksSpellings) {
  EXPECT_EQ(ParseDurationMs("1500").value(), 1500);
  EXPECT_EQ(ParseDurationMs("500ms").value(), 500);
  EXPECT_EQ(ParseDurationMs(" 5 s").value(), 5000);
  EXPECT_EQ(ParseDurationMs("3 MIN").value(), 180000);
  EXPECT_EQ(ParseDurationMs("1h").value(), 3600000);
  EXPECT_EQ(ParseDurationMs("7 days").value(), 604800000);
  EXPECT_EQ(ParseDurationMs("0").value(), 0);
}

TEST(DurationTest, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "-1", "5 parsecs", "5s5", "9223372036854775807 d", "1.5 s"}) {
    EXPECT_EQ(ParseDurationMs(text).kind(), ErrorKind::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace forebay
