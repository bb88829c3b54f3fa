#include "model/column.h"

#include <gmock/gmock.h>

#include <numeric>

namespace forebay::model {
namespace {

/// Row i: i, NULL where i is a multiple of 7.
Column Numbers(int num_rows) {
  ColumnBuilder builder(DataType::Int());
  for (int i = 0; i < num_rows; ++i) i % 7 == 0 ? builder.AppendNull() : builder.Append<int32_t>(i);
  return builder.Finish();
}

/// Rows that follow one another here and there, as a filter leaves them, then some twice.
std::vector<uint32_t> SomeRows() {
  std::vector<uint32_t> rows(100);
  std::iota(rows.begin(), rows.end(), 3u);
  for (uint32_t row = 110; row < 200; row += 1 + row % 3) rows.push_back(row);
  for (uint32_t row : {5, 5, 6, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 150}) rows.push_back(row);
  return rows;
}

TEST(ColumnTest, GathersRowsThatFollowOneAnotherAndOthers) {
  std::vector<uint32_t> rows = SomeRows();
  Column gathered = Numbers(200).Gather(rows);
  ASSERT_EQ(gathered.num_rows(), std::ssize(rows));
  for (int i = 0; i < gathered.num_rows(); ++i) {
    EXPECT_EQ(gathered.IsNull(i), rows[i] % 7 == 0) << i;
    if (gathered.IsNull(i)) continue;
    EXPECT_EQ(gathered.Get<int32_t>(i), static_cast<int32_t>(rows[i]));
  }
}

TEST(ColumnTest, NoNullGatheredMeansNoBitmap) {
  EXPECT_FALSE(Numbers(200).Gather(std::vector<uint32_t>{1, 2, 3, 8, 199}).MayHaveNulls());
  EXPECT_TRUE(Numbers(200).Gather(std::vector<uint32_t>{1, 2, 7}).MayHaveNulls());
}

TEST(ColumnTest, GathersRowsOfFields) {
  DataType type = DataType::Row({{"a", DataType::Int()}, {"b", DataType::String()}});
  ColumnBuilder builder(type);
  for (int i = 0; i < 5; ++i) {
    if (i == 2) {
      builder.AppendNull();
      continue;
    }
    builder.child(0).Append<int32_t>(i);
    builder.child(1).AppendString("a text of more than twelve bytes: " + std::to_string(i));
    builder.FinishEntry();
  }
  Column gathered = builder.Finish().Gather(std::vector<uint32_t>{4, 2, 0, 4});
  EXPECT_TRUE(gathered.IsNull(1));
  for (auto [row, i] : {std::pair(0, 4), std::pair(2, 0), std::pair(3, 4)}) {
    EXPECT_FALSE(gathered.IsNull(row));
    EXPECT_EQ(gathered.children()[0].Get<int32_t>(row), i);
    EXPECT_EQ(gathered.children()[1].GetString(row),
              "a text of more than twelve bytes: " + std::to_string(i));
  }
}

}  // namespace
}  // namespace forebay::model
