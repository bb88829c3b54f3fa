#include "format/row/lake_key.h"

#include <gtest/gtest.h>

#include "format/tests/cells.h"

namespace forebay::format {
namespace {

using model::DataType;

/// The key of one cell in Iceberg.
std::string KeyOf(const model::Column& column) {
  auto keys = EncodeBucketKeys(KeyEncoding::kIceberg, {&column, 1});
  EXPECT_TRUE(keys.ok()) << keys.status().ToString();
  return keys.ok() ? std::string((*keys)[0]) : "";
}

int64_t HashOf(const model::Column& column) {
  return BucketOf(KeyEncoding::kIceberg, KeyOf(column), INT32_MAX);
}

/// What Iceberg's specification says (Appendix B: 32-bit Hash Requirements), made positive.
int64_t Positive(int32_t hash) { return (hash & INT32_MAX) % INT32_MAX; }

TEST(LakeKeyTest, IcebergHashesAsItsSpecificationSays) {
  EXPECT_EQ(HashOf(One(DataType::Int(), int32_t{34})), Positive(2017239379));
  EXPECT_EQ(HashOf(One(DataType::Bigint(), int64_t{34})), Positive(2017239379));
  EXPECT_EQ(HashOf(One(DataType::Decimal(4, 2), int64_t{1420})), Positive(-500754589));
  EXPECT_EQ(HashOf(One(DataType::Date(), int32_t{17486})), Positive(-653330422));
  EXPECT_EQ(HashOf(One(DataType::Time(), int32_t{81068000})), Positive(-662762989));
  EXPECT_EQ(HashOf(One(DataType::Timestamp(6), int64_t{1510871468000000})), Positive(-2047944441));
  EXPECT_EQ(HashOf(One(DataType::Timestamp(3), int64_t{1510871468000})), Positive(-2047944441));
  EXPECT_EQ(HashOf(One(DataType::String(), "iceberg")), Positive(1210000089));
  EXPECT_EQ(HashOf(One(DataType::Bytes(), std::string("\0\1\2\3", 4))), Positive(-188683207));
}

void ExpectReadBack(const model::Column& column) {
  model::ColumnBuilder builder(column.type());
  model::ColumnBuilder* columns[] = {&builder};
  std::string key = KeyOf(column);
  Status read = DecodeBucketKey(KeyEncoding::kIceberg, key, columns);
  ASSERT_TRUE(read.ok()) << column.type().ToString() << ": " << read.ToString();
  EXPECT_EQ(KeyOf(builder.Finish()), key) << column.type().ToString();
}

TEST(LakeKeyTest, IcebergKeysAreReadBack) {
  ExpectReadBack(One(DataType::Int(), int32_t{-34}));
  ExpectReadBack(One(DataType::Bigint(), INT64_MIN));
  ExpectReadBack(One(DataType::Decimal(4, 2), int64_t{-1420}));
  ExpectReadBack(One(DataType::Decimal(30, 2), model::Int128{1} << 90));
  ExpectReadBack(One(DataType::Date(), int32_t{-1}));
  ExpectReadBack(One(DataType::Time(), int32_t{81068000}));
  ExpectReadBack(One(DataType::Timestamp(6), int64_t{-1}));
  ExpectReadBack(One(DataType::Timestamp(3), int64_t{-1}));
  ExpectReadBack(One(DataType::String(), "a"));
}

TEST(LakeKeyTest, OtherBytesAreNoIcebergKey) {
  auto read = [](const DataType& type, std::string_view key) {
    model::ColumnBuilder builder(type);
    model::ColumnBuilder* columns[] = {&builder};
    return DecodeBucketKey(KeyEncoding::kIceberg, key, columns).kind();
  };
  EXPECT_EQ(read(DataType::Int(), "1234"), ErrorKind::kCorruption);
  EXPECT_EQ(read(DataType::Int(), std::string(8, '\x7f')), ErrorKind::kCorruption);
  EXPECT_EQ(read(DataType::Time(), std::string("\1\0\0\0\0\0\0\0", 8)), ErrorKind::kCorruption);
  EXPECT_EQ(read(DataType::Decimal(4, 2), ""), ErrorKind::kCorruption);
  EXPECT_EQ(read(DataType::Decimal(4, 2), std::string(16, '\x7f')), ErrorKind::kCorruption);
  EXPECT_EQ(read(DataType::Double(), "12345678"), ErrorKind::kNotSupported);
}

TEST(LakeKeyTest, TheOptionAndTheKeyDecide) {
  model::TableDescriptor table;
  table.schema.columns = {{"id", DataType::Int().NotNull()},
                          {"part", DataType::Double().NotNull()}};
  table.schema.primary_key = {"id"};
  EXPECT_EQ(BucketEncodingOf(table), KeyEncoding::kFluss);
  table.properties["table.datalake.format"] = "iceberg";
  EXPECT_EQ(BucketEncodingOf(table), KeyEncoding::kIceberg);
  EXPECT_EQ(RowKeyEncodingOf(table), KeyEncoding::kIceberg);
  table.schema.primary_key = {"id", "part"};
  EXPECT_EQ(BucketEncodingOf(table), KeyEncoding::kFluss);  // two columns
  table.bucket_keys = {"id"};
  EXPECT_EQ(BucketEncodingOf(table), KeyEncoding::kIceberg);
  EXPECT_EQ(RowKeyEncodingOf(table), KeyEncoding::kFluss);  // prefixes can be looked up
  table.bucket_keys = {"part"};
  EXPECT_EQ(BucketEncodingOf(table), KeyEncoding::kFluss);  // Iceberg has no buckets of DOUBLE
}

}  // namespace
}  // namespace forebay::format
