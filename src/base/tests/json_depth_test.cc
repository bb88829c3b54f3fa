#include "base/json_depth.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

TEST(JsonDepthTest, CountsObjectsAndArraysOutsideOfTexts) {
  EXPECT_EQ(JsonDepth("1"), 0);
  EXPECT_EQ(JsonDepth("{\"a\":[1,[2]],\"b\":[]}"), 3);
  EXPECT_EQ(JsonDepth("[\"[[\\\"[\", 1]"), 1);
  EXPECT_EQ(JsonDepth("]]][["), 0) << "no JSON, which the parser says";
}

}  // namespace
}  // namespace forebay
