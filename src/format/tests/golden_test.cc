// Bytes that Fluss's own Java classes wrote (tests/oracle/formats), against values stated here.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "format/batch/batch_statistics.h"
#include "format/batch/log_batch.h"
#include "format/row/lake_key.h"
#include "format/row/row_format.h"
#include "format/tests/sample_batches.h"

namespace forebay::format {
namespace {

using model::Batch;
using model::ChangeType;
using model::DataType;
using model::Int128;
using model::Value;
using List = Value::List;

std::string Unhex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string Hex(std::string_view bytes) {
  std::string digits;
  for (char byte : bytes) digits += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return digits;
}

/// The words of every line after its name.
std::map<std::string, std::vector<std::string>> LoadGoldens() {
  std::map<std::string, std::vector<std::string>> goldens;
  std::ifstream file(FOREBAY_FORMAT_GOLDENS);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, word;
    words >> name;
    std::vector<std::string>& rest = goldens[name];
    while (words >> word) rest.push_back(word);
  }
  return goldens;
}

const std::map<std::string, std::vector<std::string>>& Goldens() {
  static const auto* const kGoldens = new auto(LoadGoldens());
  return *kGoldens;
}

std::string GoldenHex(const std::string& name) {
  auto found = Goldens().find(name);
  if (found == Goldens().end() || found->second.empty()) {
    ADD_FAILURE() << "no golden " << name;
    return "";
  }
  return found->second[0];
}

Value Int(int64_t value) { return Value(value); }
Value Text(std::string value) { return Value(std::move(value)); }
Value Wide(Int128 value) { return Value(value); }

List Typical() {
  using namespace std::string_literals;
  Int128 wide = Int128{12345678901234567890ull} * 10000 + 1234;
  return {Value(true),
          Int(7),
          Int(300),
          Int(70000),
          Int(5000000000),
          Value(1.5),
          Value(-2.25),
          Wide(1234567),
          Wide(wide),
          Text("abc"),
          Text("hello, w\u00f6rld"),
          Text("\1\2\3\4"),
          Text("\0\xff\x7f"s),
          Int(19000),
          Int(3723000),
          Int(3723004),
          Int(3723005),
          Int(3723006),
          Int(1700000000000),
          Int(1700000000123),
          Int(1700000000123456),
          Int(1700000000123456789),
          Int(1600000000000),
          Int(1600000000321),
          Int(1600000000321654),
          Int(1600000000321654987),
          Value(List{Int(1), Value(), Int(-3)}),
          Value(List{Text("x"), Value(), Text("longer than seven")}),
          Value(List{Text("k"), Int(1), Text("a key of some length"), Value()}),
          Value(List{Int(42), Text("in a row")}),
          Value(List{Value(List{Wide(-10000000001), Value(true)}), Value(),
                     Value(List{Value(), Value()})}),
          Value(List{Int(5), Value(List{Value(0.5), Value()}), Int(6), Value(List{})})};
}

List Extreme() {
  using namespace std::string_literals;
  return {Value(false),
          Int(-128),
          Int(-32768),
          Int(INT32_MIN),
          Int(INT64_MIN),
          Value(-0.0),
          Value(std::numeric_limits<double>::max()),
          Wide(-9999999999),
          Wide(-1),
          Text(""),
          Text(""),
          Text("\xff\0\0\x09"s),
          Text(""),
          Int(-719162),
          Int(0),
          Int(0),
          Int(0),
          Int(0),
          Int(-1000),
          Int(-1),
          Int(-1),
          Int(-1),
          Int(-2000),
          Int(-2),
          Int(-1999),
          Int(-1999999),
          Value(List{}),
          Value(List{}),
          Value(List{}),
          Value(List{Value(), Value()}),
          Value(List{}),
          Value(List{})};
}

Batch Expected(bool append_only) {
  model::BatchBuilder builder(GoldenTypes());
  ChangeType changes[] = {ChangeType::kInsert, ChangeType::kUpdateBefore, ChangeType::kDelete};
  int row = 0;
  for (const List& values : {Typical(), Extreme(), List(GoldenTypes().size())}) {
    for (size_t i = 0; i < values.size(); ++i) {
      model::AppendValue(builder.column(static_cast<int>(i)), values[i]);
    }
    builder.FinishRow(append_only ? ChangeType::kInsert : changes[row]);
    ++row;
  }
  return builder.Finish();
}

/// Names the cells that differ.
void ExpectSameRows(const Batch& expected, const Batch& actual) {
  ASSERT_EQ(expected.num_rows, actual.num_rows);
  ASSERT_EQ(expected.columns.size(), actual.columns.size());
  for (int row = 0; row < expected.num_rows; ++row) {
    EXPECT_EQ(expected.change(row), actual.change(row)) << "row " << row;
    for (size_t c = 0; c < expected.columns.size(); ++c) {
      EXPECT_TRUE(model::ValueAt(expected.columns[c], row) ==
                  model::ValueAt(actual.columns[c], row))
          << expected.columns[c].type().ToString() << " in row " << row;
    }
  }
}

class GoldenRowTest : public testing::TestWithParam<std::pair<RowFormat, std::string>> {};

TEST_P(GoldenRowTest, IsReadAndWrittenAsByFluss) {
  Batch expected = Expected(true);
  model::BatchBuilder builder(GoldenTypes());
  for (int row = 0; row < 3; ++row) {
    std::string hex = GoldenHex(fmt::format("row.{}.{}", GetParam().second, row));
    Status read = ReadRow(GetParam().first, Unhex(hex), GoldenTypes(), RowTarget(builder));
    ASSERT_TRUE(read.ok()) << read.ToString();
    builder.FinishRow();
    std::string written = "prefix";
    ASSERT_TRUE(AppendRow(GetParam().first, expected.columns, row, written).ok());
    EXPECT_EQ(Hex(written.substr(6)), hex) << "row " << row;
  }
  ExpectSameRows(expected, builder.Finish());
}

INSTANTIATE_TEST_SUITE_P(Formats, GoldenRowTest,
                         testing::Values(std::pair(RowFormat::kCompacted, std::string("compacted")),
                                         std::pair(RowFormat::kIndexed, std::string("indexed")),
                                         std::pair(RowFormat::kAligned, std::string("aligned"))),
                         [](const auto& info) { return info.param.second; });

LogBatchHeader CheckedHeader(const std::string& bytes) {
  Status sound = VerifyLogBatch(bytes);
  EXPECT_TRUE(sound.ok()) << sound.ToString();
  LogBatchHeader header = ParseLogBatchHeader(bytes).value();
  EXPECT_EQ(header.record_count, 3);
  EXPECT_EQ(header.last_offset_delta, 2);
  EXPECT_EQ(header.schema_id.value(), 3);
  EXPECT_EQ(header.writer_id, 77);
  EXPECT_EQ(header.batch_sequence, 5);
  EXPECT_EQ(header.leader_epoch, -1);
  return header;
}

TEST(GoldenBatchTest, ArrowBatchesOfAllVersionsAreRead) {
  int count = 0;
  for (const auto& [name, words] : Goldens()) {
    if (!name.starts_with("batch.arrow.")) continue;
    SCOPED_TRACE(name);
    ++count;
    std::string bytes = Unhex(words[0]);
    LogBatchHeader header = CheckedHeader(bytes);
    EXPECT_EQ(header.magic, name[13] - '0');
    bool append_only = name.find(".append.") != std::string::npos;
    EXPECT_EQ(header.append_only, append_only);
    auto batch = DecodeLogBatch(bytes, GoldenTypes(), nullptr, nullptr);
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    ExpectSameRows(Expected(append_only), *batch);
    std::vector<int> projection = {10, 31};
    batch = DecodeLogBatch(bytes, GoldenTypes(), &projection, nullptr);
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    ExpectSameRows(Expected(append_only).Project(projection), *batch);
  }
  EXPECT_EQ(count, 11);
}

TEST(GoldenBatchTest, RowBatchesAreReadAndWrittenAsByFluss) {
  for (LogFormat format : {LogFormat::kIndexed, LogFormat::kCompacted}) {
    bool append_only = format == LogFormat::kCompacted;
    std::string hex = GoldenHex(append_only ? "batch.compacted.append" : "batch.indexed.changelog");
    std::string bytes = Unhex(hex);
    LogBatchHeader header = CheckedHeader(bytes);
    EXPECT_EQ(header.append_only, append_only);
    auto batch = DecodeLogBatch(bytes, GoldenTypes(), nullptr, nullptr, format);
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    ExpectSameRows(Expected(append_only), *batch);
    auto written = EncodeLogBatch(Expected(append_only), {.schema_id = model::SchemaId(3),
                                                          .writer_id = 77,
                                                          .batch_sequence = 5,
                                                          .append_only = append_only,
                                                          .format = format});
    EXPECT_EQ(Hex(written.value()), hex);
  }
}

TEST(GoldenBatchTest, StatisticsAreReadAndWrittenAsByFluss) {
  std::vector<int> columns = {0, 3, 4, 5, 6, 7, 8, 10, 13, 15, 19, 21, 25};
  for (std::string name :
       {"batch.arrow.v1.changelog.none.statistics", "batch.arrow.v2.changelog.zstd.statistics"}) {
    std::string bytes = Unhex(GoldenHex(name));
    std::string_view stored = StatisticsOf(CheckedHeader(bytes), bytes);
    auto read = ReadStatistics(stored, GoldenTypes());
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(read->columns, columns);
    EXPECT_EQ(read->null_counts, std::vector<int>(columns.size(), 1));
    for (size_t i = 0; i < columns.size(); ++i) {
      auto column = static_cast<size_t>(columns[i]);
      // Of the two rows that are not NULL the second has the lower values, but for one.
      bool other = column == 6;
      Value lowest = other ? Typical()[column] : Extreme()[column];
      Value highest = other ? Extreme()[column] : Typical()[column];
      EXPECT_TRUE(model::ValueAt(read->bounds.columns[i], 0) == lowest) << column;
      EXPECT_TRUE(model::ValueAt(read->bounds.columns[i], 1) == highest) << column;
    }
    BatchStatistics collected = CollectStatistics(Expected(false), columns).value();
    std::string written;
    ASSERT_TRUE(AppendStatistics(collected, written).ok());
    EXPECT_EQ(Hex(written), Hex(stored));
  }
}

TEST(GoldenKeyTest, KeysAndBucketsAreThoseOfFluss) {
  std::map<std::string, KeyEncoding> encodings = {{"fluss", KeyEncoding::kFluss},
                                                  {"paimon", KeyEncoding::kPaimon},
                                                  {"iceberg", KeyEncoding::kIceberg},
                                                  {"hudi", KeyEncoding::kHudi}};
  Batch rows = Expected(true).Slice(0, 2);
  int count = 0, refused = 0;
  for (const auto& [name, words] : Goldens()) {
    if (!name.starts_with("key.")) continue;
    SCOPED_TRACE(name);
    ++count;
    std::istringstream parts(name.substr(4));
    std::string lake, column_names, row_name, column_name;
    std::getline(parts, lake, '.');
    std::getline(parts, column_names, '.');
    std::getline(parts, row_name);
    std::istringstream column_stream(column_names);
    std::vector<model::Column> columns;
    while (std::getline(column_stream, column_name, '+')) {
      columns.push_back(rows.columns[std::stoul(column_name)].Slice(std::stoi(row_name), 1));
    }
    auto keys = EncodeBucketKeys(encodings.at(lake), columns);
    if (words[0] == "refused") {
      EXPECT_FALSE(keys.ok());
      ++refused;
      continue;
    }
    ASSERT_TRUE(keys.ok()) << keys.status().ToString();
    std::string key((*keys)[0]);
    if (words.size() == 1) {  // an empty key has no bucket in Iceberg
      EXPECT_EQ(key, "");
      continue;
    }
    EXPECT_EQ(Hex(key), words[0]);
    EXPECT_EQ(BucketOf(encodings.at(lake), key, 1009), std::stoi(words[1]));
  }
  EXPECT_EQ(count, 216);
  EXPECT_GT(refused, 10);
}

}  // namespace
}  // namespace forebay::format
