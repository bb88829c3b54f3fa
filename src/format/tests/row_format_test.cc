#include "format/row/row_format.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "format/row/compacted_row.h"
#include "format/tests/sample_batches.h"

namespace forebay::format {
namespace {

using model::Batch;
using model::DataType;

class RowFormatTest : public testing::TestWithParam<RowFormat> {};

TEST_P(RowFormatTest, EveryTypeComesBack) {
  for (double nulls : {0.0, 0.4, 1.0}) {
    Batch batch = RandomBatch(AllTypes(), 100, 3, nulls).Slice(7, 80);
    model::BatchBuilder builder(AllTypes());
    for (int row = 0; row < batch.num_rows; ++row) {
      std::string bytes;
      ASSERT_TRUE(AppendRow(GetParam(), batch.columns, row, bytes).ok());
      Status read = ReadRow(GetParam(), bytes, AllTypes(), RowTarget(builder));
      ASSERT_TRUE(read.ok()) << read.ToString();
      builder.FinishRow();
    }
    EXPECT_TRUE(SameRows(batch, builder.Finish()));
  }
}

TEST_P(RowFormatTest, MutatedBytesNeverCrash) {
  Batch batch = RandomBatch(AllTypes(), 1, 3, 0.2);
  std::string good;
  ASSERT_TRUE(AppendRow(GetParam(), batch.columns, 0, good).ok());
  std::mt19937_64 random(1);
  int errors = 0;
  for (int round = 0; round < 10000; ++round) {
    std::string bad = good;
    for (size_t i = 0; i <= random() % 3; ++i) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (round % 4 == 0) bad.resize(random() % bad.size());
    model::BatchBuilder builder(AllTypes());
    errors += ReadRow(GetParam(), bad, AllTypes(), RowTarget(builder)).ok() ? 0 : 1;
  }
  EXPECT_GT(errors, 2000);
}

INSTANTIATE_TEST_SUITE_P(Formats, RowFormatTest,
                         testing::Values(RowFormat::kCompacted, RowFormat::kIndexed,
                                         RowFormat::kAligned));

// An array of 1,000 strings that all name the same 8,000 bytes: 8 MB out of 8 KB, if it were read.
TEST(BinaryRowTest, PiecesThatOverlapAreRefused) {
  std::vector<DataType> types = {DataType::Array(DataType::String())};
  model::BatchBuilder builder(types);
  for (int i = 0; i < 1000; ++i) builder.column(0).child(0).AppendString("more than seven bytes");
  builder.column(0).FinishEntry();
  builder.FinishRow();
  std::string bytes;
  ASSERT_TRUE(AppendRow(RowFormat::kAligned, builder.Finish().columns, 0, bytes).ok());
  size_t elements = 16 + 4 + 128;
  for (size_t i = 0; i < 1000; ++i) {
    StoreLe<uint64_t>(bytes.data() + elements + i * 8, uint64_t{132} << 32 | 8000);
  }
  model::BatchBuilder target(types);
  Status read = ReadRow(RowFormat::kAligned, bytes, types, RowTarget(target));
  EXPECT_EQ(read.kind(), ErrorKind::kCorruption);
}

TEST(IndexedRowTest, ALongCharIsRefusedAndAShortOneFilled) {
  for (std::string text : {"abc", "abcdef"}) {
    model::ColumnBuilder builder(DataType::Char(5));
    builder.AppendString(text);
    model::Column column = builder.Finish();
    std::string bytes;
    Status status = AppendRow(RowFormat::kIndexed, {&column, 1}, 0, bytes);
    EXPECT_EQ(status.ok(), text == "abc");
    EXPECT_EQ(bytes.substr(0, status.ok() ? 6 : 0),
              status.ok() ? std::string("\0abc\0\0", 6) : std::string());
  }
}

TEST(RowFormatTest, TypesThatFlussDoesNotHaveAreRefused) {
  for (const DataType& type : {DataType::Null(), DataType::Multiset(DataType::Int()),
                               DataType::Array(DataType::Multiset(DataType::Int()))}) {
    EXPECT_EQ(CheckRowTypes({&type, 1}).kind(), ErrorKind::kNotSupported) << type.ToString();
  }
  EXPECT_TRUE(CheckRowTypes(AllTypes()).ok());
}

TEST(CompactedRowReaderTest, SkipsNestedColumns) {
  Batch batch = RandomBatch(AllTypes(), 50, 9, 0.3);
  std::vector<int> projection = {3, 27};
  CompactedRowReader reader(AllTypes(), &projection);
  model::BatchBuilder builder(reader.types());
  for (int row = 0; row < batch.num_rows; ++row) {
    std::string bytes;
    ASSERT_TRUE(AppendCompactedRow(batch, row, bytes).ok());
    ASSERT_TRUE(reader.Read(bytes, builder).ok());
    builder.FinishRow();
  }
  EXPECT_TRUE(SameRows(batch.Project(projection), builder.Finish()));
}

}  // namespace
}  // namespace forebay::format
