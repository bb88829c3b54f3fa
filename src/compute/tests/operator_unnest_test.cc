#include "compute/operator/unnest.h"

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;
using sql::Expression;

const DataType kElement = DataType::Row({{"s", DataType::String()}, {"n", DataType::Int()}});

/// Rows of an id, an ARRAY of ROWs, and a MAP of STRING to INT.
struct Rows {
  Rows() : builder({DataType::Int(), DataType::Array(kElement), MapType()}) {}
  static DataType MapType() { return DataType::Map(DataType::String(), DataType::Int()); }

  /// A row of `elements` entries in the array, "<id>e<i>" and i, and as many in the map.
  void Add(int id, int elements, ChangeType change = ChangeType::kInsert) {
    builder.column(0).Append<int32_t>(id);
    if (elements < 0) {
      builder.column(1).AppendNull();
      builder.column(2).AppendNull();
      return builder.FinishRow(change);
    }
    for (int i = 0; i < elements; ++i) {
      std::string text = std::to_string(id) + "e" + std::to_string(i);
      model::ColumnBuilder& row = builder.column(1).child(0);
      row.child(0).AppendString(text);
      row.child(1).Append<int32_t>(i);
      row.FinishEntry();
      builder.column(2).child(0).AppendString(text);
      builder.column(2).child(1).Append<int32_t>(-i);
    }
    builder.column(1).FinishEntry();
    builder.column(2).FinishEntry();
    builder.FinishRow(change);
  }
  model::BatchBuilder builder;
};

sql::UnnestNode Node(int collection, bool left_outer) {
  sql::UnnestNode node;
  DataType type = collection == 1 ? DataType::Array(kElement) : Rows::MapType();
  node.inputs = {InputNode(
      {{"id", DataType::Int()}, {"a", DataType::Array(kElement)}, {"m", Rows::MapType()}}, false)};
  node.collection = Expression::Column(type, collection);
  node.kept = {0};
  node.produced = {0, 1, 2};
  node.with_ordinality = true;
  node.left_outer = left_outer;
  node.output = {{"id", DataType::Int()},
                 {"s", DataType::String()},
                 {"n", DataType::Int()},
                 {"o", DataType::Int()}};
  return node;
}

std::vector<std::string> Changes(const sql::UnnestNode& node, model::Batch batch) {
  auto made = UnnestOperator::Make(node, {});
  EXPECT_TRUE(made.ok()) << made.message();
  Collector output;
  OperatorContext context;
  context.output = &output;
  EXPECT_TRUE((*made)->Open(context).ok());
  Status status = (*made)->Process(0, std::move(batch));
  EXPECT_TRUE(status.ok()) << status.ToString();
  return output.changes;
}

TEST(UnnestTest, GivesARowForEachElementWithTheRowsChange) {
  Rows rows;
  rows.Add(1, 2);
  rows.Add(2, 0);
  rows.Add(3, -1);
  rows.Add(1, 1, ChangeType::kDelete);
  model::Batch batch = rows.builder.Finish();
  EXPECT_EQ(Changes(Node(1, false), batch),
            (std::vector<std::string>{"+I[1,1e0,0,1]", "+I[1,1e1,1,2]", "-D[1,1e0,0,1]"}));
  EXPECT_EQ(Changes(Node(2, false), batch),
            (std::vector<std::string>{"+I[1,1e0,0,1]", "+I[1,1e1,-1,2]", "-D[1,1e0,0,1]"}));
}

TEST(UnnestTest, LeftJoinPadsRowsWithoutElements) {
  Rows rows;
  rows.Add(1, -1);
  rows.Add(2, 1);
  rows.Add(3, 0, ChangeType::kUpdateBefore);
  EXPECT_EQ(Changes(Node(1, true), rows.builder.Finish()),
            (std::vector<std::string>{"+I[1,~,~,~]", "+I[2,2e0,0,1]", "-U[3,~,~,~]"}));
  Rows none;
  none.Add(1, 0);
  EXPECT_EQ(Changes(Node(2, true), none.builder.Finish()), std::vector<std::string>{"+I[1,~,~,~]"});
}

TEST(UnnestTest, RowsThatAreNullAreNoElements) {
  model::BatchBuilder builder({DataType::Int(), DataType::Array(kElement), Rows::MapType()});
  builder.column(0).Append<int32_t>(7);
  builder.column(1).child(0).AppendNull();
  builder.column(1).child(0).child(0).AppendString("b");
  builder.column(1).child(0).child(1).AppendNull();
  builder.column(1).child(0).FinishEntry();
  builder.column(1).FinishEntry();
  builder.column(2).AppendNull();
  builder.FinishRow();
  builder.column(0).Append<int32_t>(8);
  builder.column(1).child(0).AppendNull();
  builder.column(1).FinishEntry();
  builder.column(2).AppendNull();
  builder.FinishRow();
  EXPECT_EQ(Changes(Node(1, true), builder.Finish()),
            (std::vector<std::string>{"+I[7,b,~,2]", "+I[8,~,~,~]"}));
}

TEST(UnnestTest, CutsManyElementsIntoBatches) {
  Rows rows;
  for (int id = 0; id < 10; ++id) rows.Add(id, 500 + id);
  std::vector<std::string> results = Changes(Node(1, false), rows.builder.Finish());
  ASSERT_EQ(results.size(), 5045);
  EXPECT_EQ(results[0], "+I[0,0e0,0,1]");
  EXPECT_EQ(results.back(), "+I[9,9e508,508,509]");
}

TEST(UnnestTest, RowsWithSeveralElementsBetweenRowsWithNone) {
  Rows rows;
  rows.Add(1, 2);
  rows.Add(2, 0);
  rows.Add(3, 1);
  EXPECT_EQ(Changes(Node(2, false), rows.builder.Finish()),
            (std::vector<std::string>{"+I[1,1e0,0,1]", "+I[1,1e1,-1,2]", "+I[3,3e0,0,1]"}));
}

TEST(UnnestTest, OnlyWhatIsReadComesOut) {
  Rows rows;
  rows.Add(1, 2);
  sql::UnnestNode node = Node(1, false);
  node.produced = {2, 0};
  node.kept = {};
  node.output = {{"o", DataType::Int()}, {"s", DataType::String()}};
  EXPECT_EQ(Changes(node, rows.builder.Finish()),
            (std::vector<std::string>{"+I[1,1e0]", "+I[2,1e1]"}));
}

}  // namespace
}  // namespace forebay::compute
