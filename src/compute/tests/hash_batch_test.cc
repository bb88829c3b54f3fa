#include "compute/state/hash_batch.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

namespace forebay::compute {
namespace {

using model::Batch;
using model::Column;
using model::ColumnBuilder;
using model::DataType;

template <typename T>
Column Make(const DataType& type, const std::vector<T>& values) {
  ColumnBuilder builder(type);
  for (const T& value : values) builder.Append(value);
  return builder.Finish();
}

std::vector<uint64_t> Hash(std::vector<Column> columns) {
  int num_rows = columns[0].num_rows();
  std::vector<int> keys;
  for (size_t i = 0; i < columns.size(); ++i) keys.push_back(static_cast<int>(i));
  std::vector<uint64_t> hashes;
  HashRows(Batch(num_rows, std::move(columns)), keys, hashes);
  return hashes;
}

TEST(HashBatchTest, EqualCellsHashEquallyInAnyBatch) {
  std::string lengths[] = {
      "", "a", "123456789012", "1234567890123", "1234567890123456", std::string(100, 'x')};
  for (const std::string& text : lengths) {
    ColumnBuilder one(DataType::String()), other(DataType::String());
    one.AppendString(text);
    other.AppendString("padding that is long enough not to lie in the cell");
    other.AppendString(text);
    EXPECT_EQ(Hash({one.Finish()})[0], Hash({other.Finish()})[1]) << text;
  }
}

TEST(HashBatchTest, ZeroesAndNansAreOne) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  auto hashes = Hash({Make<double>(DataType::Double(), {0.0, -0.0, nan, -nan, 1.0})});
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[2], hashes[3]);
  EXPECT_NE(hashes[0], hashes[2]);
  EXPECT_NE(hashes[0], hashes[4]);
}

TEST(HashBatchTest, NullIsAValueOfItsOwn) {
  ColumnBuilder builder(DataType::Int());
  builder.Append<int32_t>(0);
  builder.AppendNull();
  builder.AppendNull();
  auto hashes = Hash({builder.Finish()});
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[1], hashes[2]);
}

TEST(HashBatchTest, OrderOfKeysMatters) {
  auto a = Make<int32_t>(DataType::Int(), {1});
  auto b = Make<int32_t>(DataType::Int(), {2});
  EXPECT_NE(Hash({a, b})[0], Hash({b, a})[0]);
}

TEST(HashBatchTest, TopBitsSpreadSequentialKeys) {
  std::vector<int64_t> keys(1 << 14);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(i);
  auto hashes = Hash({Make(DataType::Bigint(), keys)});
  std::vector<int> groups(1024);
  for (uint64_t hash : hashes) ++groups[hash >> 54];
  // 16 are expected in each; a Poisson count over 50 would come once in 10^8 times.
  for (int count : groups) EXPECT_LT(count, 50);
  EXPECT_EQ(std::set<uint64_t>(hashes.begin(), hashes.end()).size(), keys.size());
}

TEST(HashBatchTest, NestedCells) {
  auto lists = [](std::vector<std::vector<int32_t>> rows) {
    ColumnBuilder builder(DataType::Array(DataType::Int()));
    for (auto& row : rows) {
      for (int32_t value : row) builder.child(0).Append(value);
      builder.FinishEntry();
    }
    return builder.Finish();
  };
  auto hashes = Hash({lists({{1, 2}, {2, 1}, {}, {1, 2}})});
  EXPECT_EQ(hashes[0], hashes[3]);
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_NE(hashes[1], hashes[2]);
}

}  // namespace
}  // namespace forebay::compute
