#include "compute/runtime/ordered_subtask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace forebay::compute {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(InputOrderTest, ReadsAListForEachOperator) {
  auto orders = ParseInputOrders("1*3,2,1;;2@3,1@2*2!");
  ASSERT_TRUE(orders.ok());
  ASSERT_THAT(*orders, SizeIs(3));
  InputTurn first;
  EXPECT_THAT((*orders)[0].turns, ElementsAre(first, first, first, InputTurn{1, 0}, first));
  EXPECT_TRUE((*orders)[0].rest);
  EXPECT_THAT((*orders)[1].turns, IsEmpty());
  EXPECT_THAT((*orders)[2].turns, ElementsAre(InputTurn{1, 2}, InputTurn{0, 1}, InputTurn{0, 1}));
  EXPECT_FALSE((*orders)[2].rest);
}

TEST(InputOrderTest, RefusesWhatIsNoList) {
  for (const char* text : {"a", "1*", "0", "1*0", "-1", "1*2000000", "1@", "1@0", "1*2@1"}) {
    EXPECT_FALSE(ParseInputOrders(text).ok()) << text;
  }
}

}  // namespace
}  // namespace forebay::compute
