#include "compute/aggregate/accumulator.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

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

/// An aggregate over a batch's columns in one group, restored from its own checkpoint before each
/// result.
class Restored {
 public:
  Restored(std::string function, std::vector<DataType> input, DataType result, bool retracting)
      : input_(std::move(input)), result_(std::move(result)) {
    sql::AggregateCall call;
    call.function = std::move(function);
    for (size_t i = 0; i < input_.size(); ++i) call.args.push_back(static_cast<int>(i));
    call.type = result_;
    auto made = MakeAccumulator(call, input_, retracting);
    EXPECT_TRUE(made.ok()) << made.message();
    accumulator_ = std::move(made).value();
    accumulator_->PlaceAt(0);
  }
  ~Restored() { accumulator_->Destroy(payload()); }
  void Feed(const std::vector<model::Value>& cells, int8_t sign = 1) {
    model::BatchBuilder builder(input_);
    for (size_t i = 0; i < cells.size(); ++i) {
      model::AppendValue(builder.column(static_cast<int>(i)), cells[i]);
    }
    builder.FinishRow();
    model::Batch batch = builder.Finish();
    std::vector<uint32_t> rows = {0};
    char* target = payload();
    accumulator_->Update({batch, rows, &target, &sign});
  }
  model::Value Result() {
    ByteWriter writer;
    accumulator_->Save(payload(), writer);
    accumulator_->Destroy(payload());
    ByteReader reader(writer.view());
    EXPECT_TRUE(accumulator_->Load(payload(), reader).ok());
    model::ColumnBuilder builder(result_);
    char* source = payload();
    accumulator_->Emit(std::span<char* const>(&source, 1), builder);
    return model::ValueAt(builder.Finish(), 0);
  }
  std::string Text() { return std::get<std::string>(Result().data); }
  const Status& status() const { return accumulator_->status(); }

 private:
  char* payload() { return reinterpret_cast<char*>(state_); }
  std::vector<DataType> input_;
  DataType result_;
  std::unique_ptr<Accumulator> accumulator_;
  alignas(16) double state_[4] = {};
};

TEST(AccumulatorTest, JsonAggregatesAreRestored) {
  using model::Value;
  Restored list("JSON_ARRAYAGG_NULL_ON_NULL", {DataType::String()}, DataType::String(), true);
  EXPECT_EQ(list.Text(), "[]");
  list.Feed({Value(std::string("1"))});
  list.Feed({Value()});
  list.Feed({Value(std::string("\"a\""))});
  EXPECT_EQ(list.Text(), "[1,null,\"a\"]");
  list.Feed({Value()}, -1);
  EXPECT_EQ(list.Text(), "[1,\"a\"]");
  Restored object("JSON_OBJECTAGG_ABSENT_ON_NULL", {DataType::String(), DataType::String()},
                  DataType::String(), true);
  object.Feed({Value(std::string("k")), Value(std::string("1"))});
  object.Feed({Value(std::string("a")), Value()});
  EXPECT_EQ(object.Text(), "{\"k\":1}");
  object.Feed({Value(std::string("k")), Value(std::string("1"))}, -1);
  object.Feed({Value(std::string("k")), Value(std::string("2"))});
  EXPECT_EQ(object.Text(), "{\"k\":2}");
  EXPECT_TRUE(object.status().ok());
  object.Feed({Value(std::string("k")), Value(std::string("3"))});
  EXPECT_FALSE(object.status().ok());
}

TEST(AccumulatorTest, PercentilesAreRestored) {
  using model::Value;
  Restored median("PERCENTILE", {DataType::Int(), DataType::Double()}, DataType::Double(), true);
  EXPECT_TRUE(median.Result().IsNull());
  for (int64_t value : {1, 2, 10, 4}) median.Feed({Value(value), Value(0.5)});
  EXPECT_EQ(std::get<double>(median.Result().data), 3.0);
  median.Feed({Value(int64_t{10}), Value(0.5)}, -1);
  EXPECT_EQ(std::get<double>(median.Result().data), 2.0);
}

TEST(AccumulatorTest, LagRefusesNegativeOffsets) {
  using model::Value;
  Restored lag("LAG", {DataType::String(), DataType::Bigint()}, DataType::String(), false);
  lag.Feed({Value(std::string("a")), Value(int64_t{1})});
  lag.Feed({Value(std::string("b")), Value(int64_t{1})});
  EXPECT_EQ(lag.Text(), "a");
  lag.Feed({Value(std::string("c")), Value(int64_t{-1})});
  EXPECT_EQ(lag.status().kind(), ErrorKind::kInvalidArgument);
}

TEST(AccumulatorTest, PercentilesOrderNanLast) {
  using model::Value;
  Restored median("PERCENTILE", {DataType::Double(), DataType::Double()}, DataType::Double(), true);
  double nan = std::numeric_limits<double>::quiet_NaN();
  for (double value : {nan, 3.0, 1.0, nan, 2.0}) median.Feed({Value(value), Value(0.5)});
  EXPECT_EQ(std::get<double>(median.Result().data), 3.0);
  for (int i = 0; i < 2; ++i) median.Feed({Value(nan), Value(0.5)}, -1);
  EXPECT_EQ(std::get<double>(median.Result().data), 2.0);
}

TEST(AccumulatorTest, BitmapCountsAreRestored) {
  using model::Value;
  for (bool retracting : {false, true}) {
    Restored values("BITMAP_BUILD_CARDINALITY_AGG", {DataType::Int()}, DataType::Bigint(),
                    retracting);
    EXPECT_TRUE(values.Result().IsNull());
    for (int64_t value : {1, 1, -7}) values.Feed({Value(value)});
    EXPECT_EQ(std::get<int64_t>(values.Result().data), 2);
    if (!retracting) continue;
    values.Feed({Value(int64_t{1})}, -1);
    EXPECT_EQ(std::get<int64_t>(values.Result().data), 2);
    values.Feed({Value(int64_t{1})}, -1);
    EXPECT_EQ(std::get<int64_t>(values.Result().data), 1);
  }
}

/// A batch of ARRAYs of INTs; a size below zero stands for NULL, any other for as many sevens.
model::Batch Arrays(const std::vector<int>& sizes) {
  model::BatchBuilder builder({DataType::Array(DataType::Int())});
  for (int size : sizes) {
    for (int i = 0; i < size; ++i) builder.column(0).child(0).Append<int32_t>(7);
    if (size < 0) {
      builder.column(0).AppendNull();
    } else {
      builder.column(0).FinishEntry();
    }
    builder.FinishRow();
  }
  return builder.Finish();
}

/// The sizes of the results of `function` over `batch`, and over it again after a checkpoint.
std::string SavedSizes(const std::string& function, bool retracting, const model::Batch& batch) {
  sql::AggregateCall call;
  call.function = function;
  call.args = {0};
  call.type = DataType::Array(DataType::Int());
  std::vector<int8_t> signs(static_cast<size_t>(batch.num_rows), 1);
  std::vector<uint32_t> rows(signs.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::string text;
  ByteWriter writer;
  for (int round = 0; round < 2; ++round) {
    auto accumulator = MakeAccumulator(call, {call.type}, retracting);
    if (!accumulator.ok()) return accumulator.message();
    (*accumulator)->PlaceAt(0);
    std::vector<double> state(static_cast<size_t>((*accumulator)->bytes()) / sizeof(double));
    char* payload = reinterpret_cast<char*>(state.data());
    std::vector<char*> payloads(signs.size(), payload);
    ByteReader reader(writer.view());
    EXPECT_TRUE(round == 0 || (*accumulator)->Load(payload, reader).ok());
    (*accumulator)->Update({batch, rows, payloads.data(), signs.data()});
    model::ColumnBuilder builder(call.type);
    (*accumulator)->Emit(std::span<char* const>(&payload, 1), builder);
    model::Column result = builder.Finish();
    text += result.IsNull(0) ? "NULL " : std::to_string(result.offsets()[1]) + " ";
    writer.Clear();
    (*accumulator)->Save(payload, writer);
    (*accumulator)->Destroy(payload);
  }
  return text;
}

TEST(OperatorAccumulator, FirstAndLastOfArraysOutliveACheckpoint) {
  for (bool retracting : {false, true}) {
    EXPECT_EQ(SavedSizes("FIRST_VALUE", retracting, Arrays({-1, 2, 0, 3})), "2 2 ");
    EXPECT_EQ(SavedSizes("LAST_VALUE", retracting, Arrays({2, 3, 0, -1})), "0 0 ");
    EXPECT_EQ(SavedSizes("LAST_VALUE", retracting, Arrays({-1})), "NULL NULL ");
  }
  EXPECT_NE(SavedSizes("MAX", false, Arrays({1})).find("MAX over ARRAY<INT>"), std::string::npos);
}

}  // namespace
}  // namespace forebay::compute
