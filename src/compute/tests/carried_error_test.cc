#include "compute/batch/carried_error.h"

#include <gtest/gtest.h>

namespace forebay::compute {
namespace {

TEST(CarriedErrorTest, ComesOutAsItWentIn) {
  Error error{ErrorKind::kIoError, "cannot read /data/1.sst: Input/output error"};
  error.hint = "look at the disk";
  auto found = CarriedError("Invalid Input Error: " + CarriedText(error) + "\nLINE 1: SELECT");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, ErrorKind::kIoError);
  EXPECT_EQ(found->message, error.message);
  EXPECT_EQ(found->hint, error.hint);
}

TEST(CarriedErrorTest, ControlCharactersInAMessageDoNotCutIt) {
  auto found = CarriedError(CarriedText(InvalidArgument("a \x02 b \x1f c \x03 d")));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->message, "a   b   c   d");
  EXPECT_EQ(found->hint, "");
}

TEST(CarriedErrorTest, OtherTextCarriesNone) {
  for (std::string_view text : {"", "division by zero", "\x02", "\x02z\x1f\x03", "\x1f\x03\x02"}) {
    EXPECT_FALSE(CarriedError(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace forebay::compute
