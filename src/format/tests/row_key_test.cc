#include "format/row/row_key.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "format/row/compacted_columns.h"
#include "format/row/compacted_row.h"
#include "format/tests/cells.h"
#include "format/tests/sample_batches.h"

namespace forebay::format {
namespace {

using model::Batch;
using model::DataType;

std::string KeyOf(std::vector<model::Column> columns) {
  return std::string(EncodeKeys(columns).value()[0]);
}

// By hand from the rules in compacted_cell.h.
TEST(RowKeyTest, WritesExactlyTheseBytes) {
  using namespace std::string_literals;
  EXPECT_EQ(KeyOf({One(DataType::Int(), int32_t{300})}), "\xac\x02"s);
  EXPECT_EQ(KeyOf({One(DataType::Int(), int32_t{-1})}), "\xff\xff\xff\xff\x0f"s);
  EXPECT_EQ(KeyOf({One(DataType::Bigint(), int64_t{-1})}),
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  EXPECT_EQ(KeyOf({One(DataType::Smallint(), int16_t{258}), One(DataType::String(), "ab")}),
            "\x02\x01\x02"s + "ab");
  EXPECT_EQ(KeyOf({One(DataType::Decimal(20, 0), model::Int128{128})}), "\x02\x00\x80"s);
  EXPECT_EQ(KeyOf({One(DataType::Decimal(20, 0), model::Int128{-128})}), "\x01\x80"s);
  EXPECT_EQ(KeyOf({One(DataType::Timestamp(6), int64_t{-1})}),
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xd8\xfc\x3c"s);  // -1 ms + 999,000 ns
}

// Computed apart with a straightforward Python transcription of the rules in the protocol notes.
TEST(RowKeyTest, BucketsAreThoseOfFluss) {
  std::string longer = "a somewhat longer key\xff\x80";
  EXPECT_EQ(BucketOf(std::string("\x01", 1), 1000003), 304161);
  EXPECT_EQ(BucketOf("abcd", 1000003), 546047);
  EXPECT_EQ(BucketOf(longer, 1000003), 333437);
  EXPECT_EQ(BucketOf("anything", 1), 0);
  // What Fluss itself answers.
  EXPECT_EQ(BucketOf("2bb87d68-baf9-4e64-90f9-f80910419fa6", 16), 6);
  EXPECT_EQ(BucketOf("The quick brown fox jumps over the lazy dog", 8), 6);
}

TEST(RowKeyTest, NullAndNestedKeysAreRefused) {
  std::vector<model::Column> nulls = {model::Column::AllNull(DataType::Int(), 3)};
  EXPECT_EQ(EncodeKeys(nulls).kind(), ErrorKind::kInvalidArgument);
  std::vector<model::Column> lists = {model::Column::AllNull(DataType::Array(DataType::Int()), 1)};
  EXPECT_EQ(EncodeKeys(lists).kind(), ErrorKind::kNotSupported);
}

std::vector<DataType> FlatTypes() {
  std::vector<DataType> types;
  for (const DataType& type : AllTypes()) {
    if (model::PhysicalSize(type.physical()) > 0) types.push_back(type);
  }
  return types;
}

TEST(CompactedRowTest, EveryFlatTypeComesBack) {
  std::vector<DataType> types = FlatTypes();
  for (double nulls : {0.0, 0.4, 1.0}) {
    Batch batch = RandomBatch(types, 200, 3, nulls);
    CompactedRowReader reader(types);
    std::vector<int> projection = {1, 8, 11, 22};
    CompactedRowReader projected(types, &projection);
    model::BatchBuilder all(types), some(projected.types());
    for (int row = 0; row < batch.num_rows; ++row) {
      std::string bytes;
      ASSERT_TRUE(AppendCompactedRow(batch, row, bytes).ok());
      ASSERT_TRUE(reader.Read(bytes, all).ok());
      all.FinishRow();
      ASSERT_TRUE(projected.Read(bytes, some).ok());
      some.FinishRow();
    }
    EXPECT_TRUE(SameRows(batch, all.Finish()));
    EXPECT_TRUE(SameRows(batch.Project(projection), some.Finish()));
  }
}

TEST(CompactedRowTest, ManyRowsAtOnceAreTheSame) {
  for (double nulls : {0.0, 0.4, 1.0}) {
    Batch batch = RandomBatch(AllTypes(), 300, 5, nulls);
    std::vector<std::string> bytes(batch.num_rows);
    for (int row = 0; row < batch.num_rows; ++row) {
      ASSERT_TRUE(AppendCompactedRow(batch, row, bytes[row]).ok());
    }
    std::vector<std::string_view> rows(bytes.begin(), bytes.end());
    auto columns = ReadCompactedColumns(rows, AllTypes());
    ASSERT_TRUE(columns.ok()) << columns.status().message();
    EXPECT_TRUE(SameRows(batch, Batch(batch.num_rows, std::move(*columns))));
  }
  EXPECT_EQ(ReadCompactedColumns({}, AllTypes())->size(), AllTypes().size());
}

TEST(CompactedRowTest, NumbersOfEveryLengthAreReadWhateverFollows) {
  for (int strings : {0, 1, 12}) {
    std::vector<DataType> types = {DataType::Bigint(), DataType::String()};
    model::BatchBuilder builder(types);
    for (int bits = 0; bits < 64; ++bits) {
      builder.column(0).Append(static_cast<int64_t>(uint64_t{1} << bits));
      builder.column(1).AppendString(std::string(static_cast<size_t>(strings), 'x'));
      builder.FinishRow();
    }
    Batch batch = builder.Finish();
    if (strings == 0) batch = batch.Project(std::array{0});
    types.resize(batch.columns.size());
    std::vector<std::string> bytes(batch.num_rows);
    for (int row = 0; row < batch.num_rows; ++row) {
      ASSERT_TRUE(AppendCompactedRow(batch, row, bytes[row]).ok());
    }
    std::vector<std::string_view> rows(bytes.begin(), bytes.end());
    auto columns = ReadCompactedColumns(rows, types);
    ASSERT_TRUE(columns.ok()) << columns.status().message();
    EXPECT_TRUE(SameRows(batch, Batch(batch.num_rows, std::move(*columns))));
  }
}

TEST(CompactedRowTest, ColumnsAddedLaterAreNull) {
  Batch old = RandomBatch({DataType::Int()}, 1, 3, 0);
  std::string bytes;
  ASSERT_TRUE(AppendCompactedRow(old, 0, bytes).ok());
  std::vector<DataType> types = {DataType::Int(), DataType::String()};
  model::BatchBuilder builder(types);
  ASSERT_TRUE(CompactedRowReader(types, nullptr, 1).Read(bytes, builder).ok());
  builder.FinishRow();
  Batch batch = builder.Finish();
  EXPECT_FALSE(batch.columns[0].IsNull(0));
  EXPECT_TRUE(batch.columns[1].IsNull(0));
}

TEST(CompactedRowTest, KeysComeBack) {
  Batch batch = RandomBatch(FlatTypes(), 50, 8, 0);
  EncodedKeys keys = EncodeKeys(batch.columns).value();
  model::BatchBuilder builder(FlatTypes());
  std::vector<model::ColumnBuilder*> columns;
  for (size_t i = 0; i < FlatTypes().size(); ++i) {
    columns.push_back(&builder.column(static_cast<int>(i)));
  }
  for (int row = 0; row < keys.num_rows(); ++row) {
    ASSERT_TRUE(DecodeKey(keys[row], columns).ok());
    builder.FinishRow();
  }
  EXPECT_TRUE(SameRows(batch, builder.Finish()));
}

TEST(CompactedRowTest, MutatedBytesNeverCrash) {
  std::vector<DataType> types = FlatTypes();
  Batch batch = RandomBatch(types, 1, 3, 0.2);
  std::string good;
  ASSERT_TRUE(AppendCompactedRow(batch, 0, good).ok());
  std::mt19937_64 random(1);
  CompactedRowReader reader(types);
  int errors = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (size_t i = 0; i <= random() % 3; ++i) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (round % 4 == 0) bad.resize(random() % bad.size());
    model::BatchBuilder builder(types);
    bool read = reader.Read(bad, builder).ok();
    errors += read ? 0 : 1;
    std::string_view row = bad;
    auto columns = ReadCompactedColumns({&row, 1}, types);
    ASSERT_EQ(columns.ok(), read);
    if (!read) continue;
    builder.FinishRow();
    EXPECT_TRUE(SameRows(builder.Finish(), Batch(1, std::move(*columns))));
  }
  EXPECT_GT(errors, 4000);
}

}  // namespace
}  // namespace forebay::format
