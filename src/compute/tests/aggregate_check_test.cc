#include "compute/aggregate/aggregate_check.h"

#include <gmock/gmock.h>

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

class Failures : public FailedRows {
 public:
  Status TakeFailed(const model::Batch& batch, int row, const Status& failure) override {
    rows.push_back(RowText(batch, row));
    EXPECT_THAT(std::string(failure.message()), testing::HasSubstr("key is NULL"));
    return Status::Ok();
  }
  std::vector<std::string> rows;
};

sql::AggregateNode NodeOf(std::vector<std::string> functions) {
  sql::AggregateNode node;
  node.inputs = {InputNode({{"k", DataType::String()}, {"v", DataType::String()}})};
  for (std::string& function : functions) {
    sql::AggregateCall call;
    call.args = function == "COUNT" ? std::vector<int>{0} : std::vector<int>{0, 1};
    call.type = function == "COUNT" ? DataType::Bigint() : DataType::String();
    call.function = std::move(function);
    node.calls.push_back(std::move(call));
  }
  return node;
}

TEST(AggregateCheck, RowsThatAFunctionCannotTakeAreLeftOut) {
  sql::AggregateNode node = NodeOf({"COUNT", "JSON_OBJECTAGG_NULL_ON_NULL"});
  auto check = AggregateCheck::Make(node);
  ASSERT_TRUE(check.ok() && *check != nullptr) << check.status().ToString();
  std::vector<DataType> types = {DataType::String(), DataType::String()};
  std::vector<TestRow> rows = {{{2, 4}}, {{std::nullopt, 6}}, {{2, 8}}, {{std::nullopt, 4}}};
  Failures failures;
  auto good = (*check)->GoodRows(MakeBatch(types, rows), failures);
  ASSERT_TRUE(good.ok());
  EXPECT_THAT(*good, ElementsAre(0, 2));
  EXPECT_THAT(failures.rows, ElementsAre("~,s6", "~,s4"));
  // Rows of a later batch know nothing of these.
  failures.rows.clear();
  good = (*check)->GoodRows(MakeBatch(types, std::span(rows).first(1)), failures);
  EXPECT_THAT(*good, ElementsAre(0));
  EXPECT_THAT(failures.rows, IsEmpty());
}

TEST(AggregateCheck, IsOnlyMadeForFunctionsThatCanFail) {
  auto check = AggregateCheck::Make(NodeOf({"COUNT"}));
  ASSERT_TRUE(check.ok());
  EXPECT_EQ(*check, nullptr);
}

}  // namespace
}  // namespace forebay::compute
