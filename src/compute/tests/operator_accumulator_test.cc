#include "compute/operator/accumulator.h"

#include <gtest/gtest.h>

#include "model/value.h"

namespace forebay::compute {
namespace {

using model::DataType;

/// One aggregate over a column of DOUBLEs, fed value by value.
class OneGroup {
 public:
  explicit OneGroup(const std::string& function, DataType type = DataType::Double())
      : type_(std::move(type)) {
    sql::AggregateCall call;
    call.function = function;
    call.args = {0};
    call.type = type_;
    auto made = MakeAccumulator(call, {DataType::Double()}, true);
    EXPECT_TRUE(made.ok()) << made.message();
    accumulator_ = std::move(made).value();
    accumulator_->PlaceAt(0);
    state_.resize(static_cast<size_t>(accumulator_->bytes()) / sizeof(double));
  }
  ~OneGroup() { accumulator_->Destroy(payload()); }

  void Feed(std::optional<double> value, int8_t sign = 1) {
    model::BatchBuilder builder({DataType::Double()});
    if (value) {
      builder.column(0).Append<double>(*value);
    } else {
      builder.column(0).AppendNull();
    }
    builder.FinishRow();
    model::Batch batch = builder.Finish();
    std::vector<uint32_t> rows = {0};
    char* target = payload();
    accumulator_->Update({batch, rows, &target, &sign});
  }
  /// What a checkpoint holds, taken over by `other`.
  void SaveTo(OneGroup& other) {
    ByteWriter writer;
    accumulator_->Save(payload(), writer);
    ByteReader reader(writer.view());
    EXPECT_TRUE(other.accumulator_->Load(other.payload(), reader).ok());
  }
  void Merge(OneGroup& other) { accumulator_->Merge(payload(), other.payload()); }

  model::Column Result() {
    model::ColumnBuilder builder(type_);
    char* source = payload();
    accumulator_->Emit(std::span<char* const>(&source, 1), builder);
    return builder.Finish();
  }
  /// The entries of an ARRAY or MULTISET.
  std::string Entries() {
    model::Column column = Result();
    if (column.IsNull(0)) return "NULL";
    std::string text;
    for (int i = column.offsets()[0]; i < column.offsets()[1]; ++i) {
      const model::Column& values = column.children()[0];
      text += values.IsNull(i) ? "~" : std::to_string(static_cast<int>(values.Get<double>(i)));
      if (column.children().size() > 1) {
        text += "x" + std::to_string(column.children()[1].Get<int32_t>(i));
      }
      text += " ";
    }
    return text;
  }

 private:
  char* payload() { return reinterpret_cast<char*>(state_.data()); }
  DataType type_;
  std::unique_ptr<Accumulator> accumulator_;
  std::vector<double> state_;
};

TEST(AccumulatorTest, VarianceIsWelfords) {
  OneGroup population("VAR_POP");
  OneGroup sample("VAR_SAMP");
  EXPECT_TRUE(population.Result().IsNull(0));
  // Flink's own answers to the same values, in this order (tests/slt, query/group_statistics).
  const double expected[] = {0.0, 4.0, 2.7466666666666666, 2.6675};
  int i = 0;
  for (double value : {1.5, -2.5, 0.1, 1.5}) {
    population.Feed(value);
    sample.Feed(value);
    EXPECT_DOUBLE_EQ(population.Result().Get<double>(0), expected[i++]);
    EXPECT_EQ(sample.Result().IsNull(0), i == 1);
  }
  EXPECT_DOUBLE_EQ(sample.Result().Get<double>(0), 2.6675 * 4 / 3);
  population.Feed(std::nullopt);
  population.Feed(1.5, -1);
  EXPECT_NEAR(population.Result().Get<double>(0), 2.7466666666666666, 1e-12);
  OneGroup other("VAR_POP");
  other.Feed(1.5);
  population.Merge(other);
  EXPECT_NEAR(population.Result().Get<double>(0), 2.6675, 1e-12);
}

TEST(AccumulatorTest, ArrayAggKeepsNullsAndOrder) {
  DataType array = DataType::Array(DataType::Double());
  OneGroup group("ARRAY_AGG", array);
  EXPECT_EQ(group.Entries(), "NULL");
  for (std::optional<double> value :
       {std::optional(1.0), std::optional<double>(), std::optional(2.0), std::optional(1.0)}) {
    group.Feed(value);
  }
  EXPECT_EQ(group.Entries(), "1 ~ 2 1 ");
  group.Feed(1.0, -1);
  group.Feed(std::nullopt, -1);
  OneGroup restored("ARRAY_AGG", array);
  group.SaveTo(restored);
  EXPECT_EQ(restored.Entries(), "2 1 ");
  restored.Merge(group);
  EXPECT_EQ(restored.Entries(), "2 1 2 1 ");
}

TEST(AccumulatorTest, CollectCountsValues) {
  DataType multiset = DataType::Multiset(DataType::Double()).NotNull();
  OneGroup group("COLLECT", multiset);
  EXPECT_EQ(group.Entries(), "");
  group.Feed(3.0, -1);  // taken back before it came
  group.Feed(3.0);
  group.Feed(3.0);
  group.Feed(3.0);
  group.Feed(std::nullopt);
  EXPECT_EQ(group.Entries(), "3x2 ");
  OneGroup restored("COLLECT", multiset);
  group.SaveTo(restored);
  restored.Merge(group);
  EXPECT_EQ(restored.Entries(), "3x4 ");
}

}  // namespace
}  // namespace forebay::compute
