#include <gmock/gmock.h>

#include <condition_variable>

#include "client/tablet_gateway.h"
#include "client/tests/local_fixture.h"
#include "format/batch/log_batch.h"

namespace forebay::client {
namespace {

using format::BatchFilter;
using format::LogBatchOptions;
using testing::ElementsAre;
using testing::HasSubstr;

const model::TablePath kPath{"db", "layouts"};

/// Batches as foreign clients send them, of all versions and row formats.
class LogLayoutTest : public LocalFixture {
 protected:
  void Create(const std::map<std::string, std::string>& properties = {}) {
    model::TableDescriptor table = Table(false);
    table.properties = properties;
    auto created = connection_->admin().CreateTable(kPath, table);
    ASSERT_TRUE(created.ok()) << created.status().ToString();
    id_ = created->id;
  }
  std::shared_ptr<EncodedTable> Encoded() {
    gateway_ = TabletGateway::Open(*storage_);
    auto table = gateway_->OpenTable(id_);
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    return *table;
  }
  static std::string Encode(const std::vector<std::pair<int64_t, std::string>>& rows, int8_t magic,
                            format::LogFormat format = format::LogFormat::kArrow) {
    LogBatchOptions options;
    options.magic = magic;
    options.append_only = true;
    options.format = format;
    if (magic > 0) options.statistics_columns = {0, 1};
    auto bytes = format::EncodeLogBatch(Rows(rows), options);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    return *bytes;
  }
  static Status Append(EncodedTable& table, const std::string& bytes) {
    std::mutex mutex;
    std::condition_variable came;
    std::optional<Result<WriteAck>> answer;
    table.AppendBatches(0, bytes, [&](Result<WriteAck> ack) {
      std::lock_guard lock(mutex);
      answer = std::move(ack);
      came.notify_all();
    });
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return answer.has_value(); });
    return answer->ok() ? Status() : answer->status();
  }
  /// "magic base_offset" of each batch.
  static std::vector<std::string> Headers(std::string_view bytes) {
    std::vector<std::string> texts;
    while (!bytes.empty()) {
      auto header = format::ParseLogBatchHeader(bytes);
      EXPECT_TRUE(header.ok()) << header.status().ToString();
      if (!header.ok()) break;
      EXPECT_TRUE(format::VerifyLogBatch(bytes.substr(0, header->size_bytes())).ok());
      texts.push_back(fmt::format("{} {}", header->magic, header->base_offset));
      bytes.remove_prefix(header->size_bytes());
    }
    return texts;
  }
  static BatchFilter IdIs(BatchFilter::Operator op, int64_t id) {
    return {op, {}, 0, {model::Value(id)}};
  }

  model::TableId id_;
  std::unique_ptr<TabletGateway> gateway_;
};

TEST_F(LogLayoutTest, BatchesOfAllVersionsAreStoredAsTheyCame) {
  Create();
  auto table = Encoded();
  std::string first = Encode({{1, "a"}, {2, "b"}}, 0);
  std::string second = Encode({{3, "c"}}, 1), third = Encode({{4, "d"}}, 2);
  ASSERT_TRUE(Append(*table, first + second + third).ok());
  auto check = [&](EncodedTable& from) {
    auto read = from.ReadBatches(0, 0, 1 << 20, nullptr, nullptr);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_THAT(Headers(read->bytes), ElementsAre("0 0", "1 2", "2 3"));
    EXPECT_EQ(read->bytes.size(), first.size() + second.size() + third.size());
    EXPECT_EQ(read->filtered_end, -1);
    // All but what the server gives is as it was.
    size_t at = format::LogBatchHeader::SchemaIdOffset(1);
    EXPECT_EQ(read->bytes.substr(first.size() + at, second.size() - at), second.substr(at));
    auto header = format::ParseLogBatchHeader(read->bytes.substr(first.size() + second.size()));
    EXPECT_EQ(header->leader_epoch, 0);
    EXPECT_GT(header->statistics_length, 0);
  };
  check(*table);
  EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "+I 2 b", "+I 3 c", "+I 4 d"));
  table.reset();
  gateway_.reset();
  Reopen();
  check(*Encoded());
  EXPECT_THAT(ReadAll(kPath, 0, 2), ElementsAre("+I 3 c", "+I 4 d"));
}

TEST_F(LogLayoutTest, ProjectionsLeaveTheVersionAndDropTheStatistics) {
  Create();
  auto table = Encoded();
  ASSERT_TRUE(Append(*table, Encode({{1, "a"}}, 1) + Encode({{2, "b"}}, 2)).ok());
  std::vector<int> projection = {1};
  auto read = table->ReadBatches(0, 0, 1 << 20, &projection, nullptr);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_THAT(Headers(read->bytes), ElementsAre("1 0", "2 1"));
  auto header = format::ParseLogBatchHeader(read->bytes);
  EXPECT_EQ(header->statistics_length, 0);
  auto rows = format::DecodeLogBatch(read->bytes.substr(0, header->size_bytes()),
                                     {model::DataType::String()}, nullptr, nullptr);
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  EXPECT_EQ(rows->columns[0].GetString(0), "a");
}

TEST_F(LogLayoutTest, AFilterSkipsBatchesAndSaysHowFarItLooked) {
  Create();
  auto table = Encoded();
  for (int64_t begin : {0, 10, 20, 30}) {
    ASSERT_TRUE(Append(*table, Encode({{begin, "x"}, {begin + 9, "y"}}, 1)).ok());
  }
  auto read = [&](const BatchFilter& filter, int64_t offset, int64_t max_bytes = 1 << 20) {
    auto bytes = table->ReadBatches(0, offset, max_bytes, nullptr, &filter);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    return *bytes;
  };
  using Op = BatchFilter::Operator;
  LogBytes middle = read(IdIs(Op::kEqual, 15), 0);
  EXPECT_THAT(Headers(middle.bytes), ElementsAre("1 2"));
  EXPECT_EQ(middle.filtered_end, 8);
  LogBytes last = read(IdIs(Op::kGreater, 25), 0);
  EXPECT_THAT(Headers(last.bytes), ElementsAre("1 4", "1 6"));
  EXPECT_EQ(last.filtered_end, -1);
  LogBytes none = read(IdIs(Op::kGreater, 100), 2);
  EXPECT_TRUE(none.bytes.empty());
  EXPECT_EQ(none.filtered_end, 8);
  LogBytes at_end = read(IdIs(Op::kGreater, 100), 8);
  EXPECT_TRUE(at_end.bytes.empty());
  EXPECT_EQ(at_end.filtered_end, -1);
  // A small answer takes one batch, and says nothing of those it did not look at.
  LogBytes small = read(IdIs(Op::kGreaterOrEqual, 0), 0, 1);
  EXPECT_THAT(Headers(small.bytes), ElementsAre("1 0"));
  EXPECT_EQ(small.filtered_end, -1);
  EXPECT_EQ(table->ReadBatches(0, 9, 1, nullptr, nullptr).status().kind(), ErrorKind::kOutOfRange);
}

TEST_F(LogLayoutTest, BatchesWithoutStatisticsAreNeverSkipped) {
  Create();
  auto table = Encoded();
  ASSERT_TRUE(Append(*table, Encode({{1, "a"}}, 0)).ok());
  BatchFilter filter = IdIs(BatchFilter::Operator::kGreater, 100);
  auto read = table->ReadBatches(0, 0, 1 << 20, nullptr, &filter);
  EXPECT_THAT(Headers(read->bytes), ElementsAre("0 0"));
}

TEST_F(LogLayoutTest, OurOwnWritersKeepStatisticsWhenTheTableAsksForThem) {
  Create({{"table.statistics.columns", "id"}});
  ASSERT_TRUE((*connection_->OpenWriter(kPath))->Write(Rows({{1, "a"}, {5, "b"}})).ok());
  auto table = Encoded();
  BatchFilter filter = IdIs(BatchFilter::Operator::kGreater, 5);
  auto read = table->ReadBatches(0, 0, 1 << 20, nullptr, &filter);
  EXPECT_TRUE(read->bytes.empty());
  EXPECT_EQ(read->filtered_end, 2);
  EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "+I 5 b"));
}

TEST_F(LogLayoutTest, RowFormatsAreStoredAndRead) {
  for (std::string name : {"INDEXED", "compacted"}) {
    auto format = *format::ParseLogFormat(name);
    Create({{"table.log.format", name}});
    auto table = Encoded();
    EXPECT_EQ(table->log_format(), format);
    ASSERT_TRUE(Append(*table, Encode({{1, "a"}, {2, "b"}}, 0, format)).ok());
    ASSERT_TRUE((*connection_->OpenWriter(kPath))->Write(Rows({{3, "c"}})).ok());
    EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "+I 2 b", "+I 3 c"));
    EXPECT_FALSE(Append(*table, Encode({{1, "a"}}, 0)).ok());
    table.reset();
    gateway_.reset();
    Reopen();
    EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "+I 2 b", "+I 3 c"));
    ASSERT_TRUE(connection_->admin().DropTable(kPath).ok());
  }
}

TEST_F(LogLayoutTest, AChangelogMayBeCompactedButNotIndexed) {
  model::TableDescriptor table = Table(true);
  table.properties["table.log.format"] = "INDEXED";
  EXPECT_THAT(connection_->admin().CreateTable(kPath, table).message(),
              HasSubstr("supports ARROW or COMPACTED log format"));
  table.properties["table.log.format"] = "COMPACTED";
  ASSERT_TRUE(connection_->admin().CreateTable(kPath, table).ok());
  auto writer = *connection_->OpenWriter(kPath);
  ASSERT_TRUE(writer->Write(Rows({{1, "a"}})).ok());
  ASSERT_TRUE(writer->Write(Rows({{1, "b"}})).ok());
  ASSERT_TRUE(writer->Write(Rows({{1, ""}}, model::ChangeType::kDelete)).ok());
  EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "-U 1 a", "+U 1 b", "-D 1 b"));
}

TEST_F(LogLayoutTest, StatisticsAreOfColumnsThatCanHaveThem) {
  model::TableDescriptor table = Table(false);
  table.properties["table.statistics.columns"] = "id, none";
  EXPECT_THAT(connection_->admin().CreateTable(kPath, table).message(), HasSubstr("'none'"));
  table.properties["table.statistics.columns"] = "id, name";
  EXPECT_TRUE(connection_->admin().CreateTable(kPath, table).ok());
}

}  // namespace
}  // namespace forebay::client
