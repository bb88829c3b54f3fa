#include "format/batch/log_batch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/tests/sample_batches.h"

namespace forebay::format {
namespace {

using model::Batch;
using model::ChangeType;
using model::DataType;

std::string Unhex(std::string_view text) {
  std::string bytes;
  std::string digits;
  for (char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c))) digits += c;
    if (digits.size() == 2) {
      bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  return bytes;
}

Batch IntsWithNull() {
  model::BatchBuilder builder({DataType::Int()});
  builder.column(0).Append<int32_t>(7);
  builder.FinishRow(ChangeType::kInsert);
  builder.column(0).AppendNull();
  builder.FinishRow(ChangeType::kDelete);
  return builder.Finish();
}

// Written by hand from the header table and Arrow's Message.fbs.
TEST(LogBatchTest, WritesExactlyTheseBytes) {
  std::string bytes =
      EncodeLogBatch(IntsWithNull(),
                     {.schema_id = model::SchemaId(3), .writer_id = 9, .batch_sequence = 4})
          .value();
  std::string expected_tail = Unhex(
      "0300 00 01000000 0900000000000000 04000000 02000000"   // schema, attributes, delta, writer
      "01 04"                                                 // +I -D
      "ffffffff 98000000"                                     // a message with 152 bytes metadata
      "10000000  0c00 1400 1000 1200 0400 0800"               // root, vtable of Message
      "0c000000 1c000000 1000000000000000 0400 03 00"         // header at 48, body 16, V5, batch
      "0c00 1800 0800 0400 1000 0000"                         // vtable of RecordBatch
      "0c000000 28000000 0200000000000000 34000000 00000000"  // nodes, 2 rows, buffers
      "00000000 00000000 00000000 00000000 00000000"
      "01000000 0200000000000000 0100000000000000"  // a node: 2 rows, 1 NULL
      "00000000 02000000"
      "0000000000000000 0100000000000000"  // validity at 0, 1 byte
      "0800000000000000 0800000000000000"  // values at 8, 8 bytes
      "01 00000000000000 07000000 00000000");
  EXPECT_EQ(bytes.substr(25), expected_tail);
  std::string head = Unhex("0000000000000000 00000000 00 0000000000000000 00000000");
  StoreLe<int32_t>(head.data() + 8, static_cast<int32_t>(bytes.size() - 12));
  StoreLe<uint32_t>(head.data() + 21, Crc32c(expected_tail));
  EXPECT_EQ(bytes.substr(0, 25), head);
}

TEST(LogBatchTest, HeaderSurvivesRewriteWithoutNewChecksum) {
  std::string bytes = EncodeLogBatch(IntsWithNull(), {.writer_id = 5}).value();
  RewriteLogBatch(bytes, 1000, 1700000000123);
  EXPECT_TRUE(VerifyLogBatch(bytes).ok());
  LogBatchHeader header = ParseLogBatchHeader(bytes).value();
  EXPECT_EQ(header.base_offset, 1000);
  EXPECT_EQ(header.commit_timestamp_ms, 1700000000123);
  EXPECT_EQ(header.next_offset(), 1002);
  EXPECT_EQ(header.record_count, 2);
  EXPECT_EQ(header.writer_id, 5);
  EXPECT_EQ(header.batch_sequence, -1);
  EXPECT_EQ(header.size_bytes(), bytes.size());
}

TEST(LogBatchTest, AnEmptyBatchTakesOneOffsetAndHasNoBody) {
  std::vector<DataType> types = {DataType::Int(), DataType::String()};
  std::string bytes = EncodeLogBatch(model::BatchBuilder(types).Finish(), {}).value();
  EXPECT_EQ(bytes.size(), LogBatchHeader::kBytes);
  EXPECT_EQ(ParseLogBatchHeader(bytes)->next_offset(), 1);
  Batch batch = DecodeLogBatch(bytes, types, nullptr, nullptr).value();
  EXPECT_EQ(batch.num_rows, 0);
  EXPECT_EQ(batch.columns.size(), 2u);
}

class LogBatchRoundTrip : public testing::TestWithParam<Compression> {};

TEST_P(LogBatchRoundTrip, EveryTypeWithAndWithoutNulls) {
  for (int rows : {1, 3, 63, 64, 65, 700}) {
    for (double nulls : {0.0, 0.3, 1.0}) {
      Batch batch = RandomBatch(AllTypes(), rows, static_cast<uint64_t>(rows), nulls);
      std::string bytes = EncodeLogBatch(batch, {.compression = GetParam()}).value();
      ASSERT_TRUE(VerifyLogBatch(bytes).ok());
      auto owner = std::make_shared<const std::string>(bytes);
      auto shared = DecodeLogBatch(*owner, AllTypes(), nullptr, owner);
      ASSERT_TRUE(shared.ok()) << shared.status().ToString();
      EXPECT_TRUE(SameRows(batch, *shared));
      auto copied = DecodeLogBatch(bytes, AllTypes(), nullptr, nullptr);
      bytes.assign(bytes.size(), '\xee');
      EXPECT_TRUE(SameRows(batch, *copied));
    }
  }
}

TEST_P(LogBatchRoundTrip, ProjectionAndSlices) {
  Batch batch = RandomBatch(AllTypes(), 300, 11, 0.2).Slice(65, 130);
  std::string bytes =
      EncodeLogBatch(batch, {.compression = GetParam(), .append_only = true}).value();
  std::vector<int> projection = {27, 4, 11, 28};
  auto decoded = DecodeLogBatch(bytes, AllTypes(), &projection, nullptr);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_TRUE(SameRows(batch.Project(projection), *decoded));
}

INSTANTIATE_TEST_SUITE_P(Compressions, LogBatchRoundTrip,
                         testing::Values(Compression::kNone, Compression::kLz4Frame,
                                         Compression::kZstd));

TEST(LogBatchTest, LevelsOfZstdGiveTheSameRows) {
  Batch batch = RandomBatch(AllTypes(), 700, 5, 0.1);
  for (int level : {1, 3, 19, 22}) {
    BodyCompression compression(Compression::kZstd, level);
    std::string bytes = EncodeLogBatch(batch, {.compression = compression}).value();
    auto decoded = DecodeLogBatch(bytes, AllTypes(), nullptr, nullptr);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_TRUE(SameRows(batch, *decoded));
  }
}

TEST(LogBatchTest, LevelsOfZstdAreNumbersThatItKnows) {
  EXPECT_EQ(ParseZstdLevel("22").value(), 22);
  for (std::string_view bad : {"0", "-1", "23", "fast", "3x", ""}) {
    EXPECT_FALSE(ParseZstdLevel(bad).ok()) << bad;
  }
}

TEST(LogBatchTest, ChangeTypesAreKeptAndCheckedWhenAppendOnly) {
  Batch batch = IntsWithNull();
  Batch decoded =
      DecodeLogBatch(EncodeLogBatch(batch, {}).value(), {DataType::Int()}, nullptr, nullptr)
          .value();
  EXPECT_EQ(decoded.change(1), ChangeType::kDelete);
  auto refused = EncodeLogBatch(batch, {.append_only = true});
  EXPECT_EQ(refused.kind(), ErrorKind::kInvalidArgument);
}

TEST(LogBatchTest, EveryFlippedBitIsFound) {
  std::string bytes = EncodeLogBatch(IntsWithNull(), {}).value();
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i < 8 || (i >= 13 && i < 21)) continue;  // the server's fields, outside the checksum
    std::string bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_EQ(VerifyLogBatch(bad).kind(), ErrorKind::kCorruption) << i;
  }
  EXPECT_EQ(VerifyLogBatch(bytes + "x").kind(), ErrorKind::kCorruption);
  EXPECT_EQ(VerifyLogBatch(bytes.substr(0, 60)).kind(), ErrorKind::kCorruption);
}

TEST(LogBatchTest, WrongTypesAreCorruptionNotACrash) {
  Batch batch = RandomBatch({DataType::Int(), DataType::String()}, 10, 1, 0.1);
  std::string bytes = EncodeLogBatch(batch, {}).value();
  for (const DataType& type : AllTypes()) {
    auto one = DecodeLogBatch(bytes, {type}, nullptr, nullptr);
    EXPECT_FALSE(one.ok()) << type.ToString();
  }
}

TEST(LogBatchTest, LaterVersionsCarryStatisticsAndTheLeadersEpoch) {
  Batch batch = RandomBatch(AllTypes(), 30, 2, 0.2);
  for (int8_t magic : {int8_t{1}, int8_t{2}}) {
    for (const auto& columns : {std::vector<int>{}, std::vector<int>{0, 3, 11, 21}}) {
      std::string bytes =
          EncodeLogBatch(batch, {.magic = magic, .statistics_columns = columns}).value();
      RewriteLogBatch(bytes, 500, 1700000000000, 9);
      ASSERT_TRUE(VerifyLogBatch(bytes).ok());
      LogBatchHeader header = ParseLogBatchHeader(bytes).value();
      EXPECT_EQ(header.header_bytes(), magic == 1 ? 52u : 56u);
      EXPECT_EQ(header.leader_epoch, magic == 1 ? -1 : 9);
      EXPECT_EQ(header.base_offset, 500);
      EXPECT_EQ(header.statistics_length > 0, !columns.empty());
      EXPECT_EQ(StatisticsOf(header, bytes).size(), static_cast<size_t>(header.statistics_length));
      EXPECT_TRUE(SameRows(batch, DecodeLogBatch(bytes, AllTypes(), nullptr, nullptr).value()));
      EXPECT_FALSE(ParseLogBatchHeader(bytes.substr(0, header.header_bytes() - 1)).ok());
    }
  }
  EXPECT_EQ(EncodeLogBatch(batch, {.statistics_columns = {0}}).kind(), ErrorKind::kInvalidArgument);
}

TEST(LogBatchTest, RowFormatsKeepChangesAndProject) {
  model::BatchBuilder builder(AllTypes());
  Batch random = RandomBatch(AllTypes(), 40, 6, 0.3);
  for (int row = 0; row < 40; ++row) {
    builder.AppendRow(random, row, static_cast<ChangeType>(1 + row % 4));
  }
  Batch batch = builder.Finish();
  std::vector<int> projection = {28, 2};
  for (LogFormat format : {LogFormat::kIndexed, LogFormat::kCompacted}) {
    std::string bytes = EncodeLogBatch(batch, {.format = format, .magic = 2}).value();
    auto decoded = DecodeLogBatch(bytes, AllTypes(), nullptr, nullptr, format);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_TRUE(SameRows(batch, *decoded));
    decoded = DecodeLogBatch(bytes, AllTypes(), &projection, nullptr, format);
    EXPECT_TRUE(SameRows(batch.Project(projection), *decoded));
  }
}

/// Reads every cell, so that the sanitizers see a wild pointer.
size_t TouchAll(const Batch& batch) {
  size_t sum = 0;
  for (const model::Column& column : batch.columns) {
    for (int row = 0; row < std::min(batch.num_rows, 5000); ++row) {
      sum += model::ValueAt(column, row).data.index();
    }
  }
  return sum;
}

TEST(LogBatchTest, MutatedBytesNeverCrash) {
  std::mt19937_64 random(42);
  for (Compression compression : {Compression::kNone, Compression::kLz4Frame, Compression::kZstd}) {
    Batch batch = RandomBatch(AllTypes(), 20, 5, 0.3);
    std::string good = EncodeLogBatch(batch, {.compression = compression}).value();
    int errors = 0;
    for (int round = 0; round < 4000; ++round) {
      std::string bad = good;
      size_t area = round % 2 == 0 ? bad.size() : std::min<size_t>(bad.size(), 1200);
      for (size_t i = 0; i <= random() % 3; ++i) bad[random() % area] = static_cast<char>(random());
      if (round % 5 == 0) bad.resize(random() % bad.size());
      auto owner = std::make_shared<const std::string>(std::move(bad));
      auto decoded = DecodeLogBatch(*owner, AllTypes(), nullptr, owner);
      decoded.ok() ? TouchAll(*decoded) : static_cast<size_t>(++errors);
    }
    EXPECT_GT(errors, 400);
  }
}

}  // namespace
}  // namespace forebay::format
