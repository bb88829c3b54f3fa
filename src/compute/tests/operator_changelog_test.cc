#include <gmock/gmock.h>

#include "compute/operator/changelog_rows.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<sql::Field> kFields = {{"k", DataType::Bigint()}, {"v", DataType::Bigint()}};

/// TO_CHANGELOG of changes and, of what it gives, FROM_CHANGELOG.
sql::ChangelogNode Node(bool to_rows, std::vector<std::pair<std::string, ChangeType>> codes) {
  sql::ChangelogNode node;
  node.to_rows = to_rows;
  node.codes = std::move(codes);
  std::vector<sql::Field> logged = kFields;
  logged.insert(logged.begin(), {"op", DataType::String()});
  node.inputs = {InputNode(to_rows ? kFields : logged)};
  node.output = to_rows ? logged : kFields;
  node.op_column = to_rows ? -1 : 0;
  return node;
}

const std::vector<std::pair<std::string, ChangeType>> kCodes = {{"c", ChangeType::kInsert},
                                                                {"b", ChangeType::kUpdateBefore},
                                                                {"u", ChangeType::kUpdateAfter},
                                                                {"d", ChangeType::kDelete}};

model::Batch Changes() {
  std::vector<TestRow> rows = {{{1, 10}},
                               {{1, 10}, ChangeType::kUpdateBefore},
                               {{1, 11}, ChangeType::kUpdateAfter},
                               {{std::nullopt, 5}},
                               {{1, 11}, ChangeType::kDelete}};
  return MakeBatch({DataType::Bigint(), DataType::Bigint()}, rows);
}

/// Passes what it gets on to an operator.
class Into : public Output {
 public:
  explicit Into(Operator& op) : op_(op) {}
  Status Emit(model::Batch batch) override { return op_.Process(0, std::move(batch)); }

 private:
  Operator& op_;
};

TEST(ChangelogOperator, ChangesBecomeRows) {
  auto node = Node(true, kCodes);
  OperatorRun run([&] { return ChangelogOperator::Make(node); });
  run.Process(0, Changes());
  EXPECT_THAT(run.output.changes,
              ElementsAre("+I[c,1,10]", "+I[b,1,10]", "+I[u,1,11]", "+I[c,~,5]", "+I[d,1,11]"));
}

TEST(ChangelogOperator, ChangesWithoutACodeAreDropped) {
  auto node = Node(true, {{"x", ChangeType::kDelete}, {"x", ChangeType::kUpdateAfter}});
  OperatorRun run([&] { return ChangelogOperator::Make(node); });
  run.Process(0, Changes());
  EXPECT_THAT(run.output.changes, ElementsAre("+I[x,1,11]", "+I[x,1,11]"));
  std::vector<TestRow> inserts = {{{1, 10}}, {{2, 20}}};
  run.Process(0, MakeBatch({DataType::Bigint(), DataType::Bigint()}, inserts));
  EXPECT_EQ(run.output.changes.size(), 2u);
}

TEST(ChangelogOperator, RowsBecomeTheChangesTheyWere) {
  auto to = Node(true, kCodes);
  auto from = Node(false, kCodes);
  OperatorRun run([&] { return ChangelogOperator::Make(from); });
  auto writer = ChangelogOperator::Make(to).value();
  Into into(run.op());
  OperatorContext context;
  context.output = &into;
  ASSERT_TRUE(writer->Open(context).ok());
  ASSERT_TRUE(writer->Process(0, Changes()).ok());
  EXPECT_THAT(run.output.changes,
              ElementsAre("+I[1,10]", "-U[1,10]", "+U[1,11]", "+I[~,5]", "-D[1,11]"));
}

TEST(ChangelogOperator, UnknownAndMissingCodesAreErrors) {
  auto to = Node(true, {{"c", ChangeType::kInsert}, {"z", ChangeType::kDelete}});
  auto from = Node(false, {{"c", ChangeType::kInsert}, {"r", ChangeType::kInsert}});
  auto reader = ChangelogOperator::Make(from).value();
  auto writer = ChangelogOperator::Make(to).value();
  Into into(*reader);
  Collector collector;
  OperatorContext context;
  context.output = &collector;
  ASSERT_TRUE(reader->Open(context).ok());
  context.output = &into;
  ASSERT_TRUE(writer->Open(context).ok());
  Status status = writer->Process(0, Changes());
  EXPECT_THAT(std::string(status.message()), HasSubstr("'z', there are: c, r"));
  model::BatchBuilder builder({DataType::String(), DataType::Bigint(), DataType::Bigint()});
  for (int i = 0; i < 3; ++i) builder.column(i).AppendNull();
  builder.FinishRow();
  status = reader->Process(0, builder.Finish());
  EXPECT_THAT(std::string(status.message()), HasSubstr("NULL"));
}

}  // namespace
}  // namespace forebay::compute
