#include "base/whole_json.h"

#include <gtest/gtest.h>

namespace forebay {
namespace {

using Json = nlohmann::ordered_json;

TEST(WholeJsonTest, IntegersOf64BitsAreKept) {
  Json json = ParseWholeJson<Json>(R"({"a": -9223372036854775808, "b": [9223372036854775807]})");
  EXPECT_EQ(json.dump(), R"({"a":-9223372036854775808,"b":[9223372036854775807]})");
}

TEST(WholeJsonTest, OtherNumbersAreDiscarded) {
  for (const char* text : {"1.5", "[1e3]", R"({"a": {"b": 99999999999999999999999}})", "{"}) {
    EXPECT_TRUE(ParseWholeJson<Json>(text).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace forebay
