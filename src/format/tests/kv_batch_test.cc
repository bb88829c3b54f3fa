#include "format/batch/kv_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace forebay::format {
namespace {

TEST(KvBatchTest, HasTheBytesOfFlussAndIsReadBack) {
  KvBatchWriter writer{model::SchemaId(3)};
  writer.Append("key", "row");
  writer.Append("k", std::nullopt);
  std::string bytes = writer.Finish();
  SetKvBatchWriter(bytes, 0x0102030405060708, 9);
  std::string records("\x07\0\0\0\x03keyrow\x02\0\0\0\x01k", 17);
  std::string body =
      std::string("\x03\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x09\0\0\0\x02\0\0\0", 19) + records;
  ASSERT_EQ(bytes.size(), 9 + body.size());
  EXPECT_EQ(bytes.substr(9), body);
  EXPECT_EQ(LoadLe<uint32_t>(bytes.data()), bytes.size() - 4);
  EXPECT_EQ(LoadLe<uint32_t>(bytes.data() + 5), Crc32c(body));

  auto reader = KvBatchReader::Open(bytes);
  ASSERT_TRUE(reader.ok()) << reader.message();
  EXPECT_EQ(reader->header().schema_id, model::SchemaId(3));
  EXPECT_EQ(reader->header().writer_id, 0x0102030405060708);
  EXPECT_EQ(reader->header().batch_sequence, 9);
  auto first = reader->Next();
  EXPECT_EQ((*first)->key, "key");
  EXPECT_EQ((*first)->row, "row");
  auto second = reader->Next();
  EXPECT_EQ((*second)->key, "k");
  EXPECT_FALSE((*second)->row.has_value());
  EXPECT_FALSE(reader->Next()->has_value());
}

TEST(KvBatchTest, MoreWritesThanThereIsRoomForAreRefused) {
  KvBatchWriter writer{model::SchemaId(3)};
  writer.Append("", std::nullopt);
  std::string bytes = writer.Finish();
  EXPECT_TRUE(KvBatchReader::Open(bytes).ok());
  constexpr size_t kCountOffset = 24;
  for (int32_t count : {-1, 2, INT32_MAX}) {
    StoreLe(bytes.data() + kCountOffset, count);
    SetKvBatchWriter(bytes, -1, -1);
    EXPECT_EQ(KvBatchReader::Open(bytes).kind(), ErrorKind::kCorruption) << count;
  }
}

TEST(ValueBatchTest, IsReadBackAndDamageIsNoticed) {
  ValueBatchWriter writer;
  writer.Append(std::string_view("\1\0row", 5));
  writer.Append(std::string_view("\2\0", 2));
  std::string bytes = writer.Finish();
  auto reader = ValueBatchReader::Open(bytes);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader->Next())->row, "row");
  EXPECT_EQ((*reader->Next())->schema_id, model::SchemaId(2));
  EXPECT_FALSE(reader->Next()->has_value());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ValueBatchReader::Open(bytes.substr(0, size)).ok());
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    auto open = ValueBatchReader::Open(damaged);
    while (open.ok()) {
      auto value = open->Next();
      if (!value.ok() || !value->has_value()) break;
    }
  }
  EXPECT_FALSE(ValueRecord::Parse("x").ok());
}

}  // namespace
}  // namespace forebay::format
