#include "storage/remote/remote_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/failpoint.h"
#include "base/tests/manual_clock.h"
#include "format/batch/log_batch.h"
#include "io/faulty_file_system.h"
#include "io/temporary_directory.h"
#include "storage/storage_server.h"
#include "storage/tests/remote_work.h"

namespace forebay::storage {
namespace {

using model::LogOffset;
using model::TablePath;
namespace fs = std::filesystem;

const TablePath kPath{"db", "events"};

/// A log table with small segments, whose remote work the test does by itself.
class RemoteLogTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.data_dir = root_ + "/data";
    options_.clock = &clock_;
    options_.expiry_interval_ms = 3'600'000;
    options_.log.segment_bytes = 2048;
    options_.log.ttl_ms = 3'600'000;
    options_.remote.directory = root_ + "/remote";
    options_.remote.log_task_interval_ms = 1'000'000;
    options_.remote.log_segments_per_task = 100;
    Open();
    ASSERT_TRUE(storage_->CreateDatabase("db", false).ok());
    model::TableDescriptor table;
    table.schema.columns = {{"value", model::DataType::Bigint()}};
    ASSERT_TRUE(storage_->CreateTable(kPath, table).ok());
  }
  void Open() {
    auto opened = StorageServer::Open(options_, faulty_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    storage_ = std::move(*opened);
    storage_->remote().Stop();
  }
  void Reopen() {
    table_.reset();
    storage_.reset();
    Open();
  }
  const HostedTable::Bucket& Bucket() {
    table_ = *storage_->GetTable(kPath);
    return table_->buckets[0];
  }
  LogTablet& Log() { return *Bucket().log; }
  RemoteLog& Remote() { return *Bucket().remote->log(); }

  void Append(int64_t begin, int64_t end) {
    for (int64_t value = begin; value < end; ++value) {
      model::BatchBuilder builder({model::DataType::Bigint()});
      builder.column(0).Append(value);
      builder.FinishRow();
      format::LogBatchOptions options;
      options.append_only = true;
      auto bytes = format::EncodeLogBatch(builder.Finish(), options);
      ASSERT_TRUE(bytes.ok());
      std::promise<Result<AppendResult>> done;
      ASSERT_TRUE(
          Log()
              .Append(*bytes,
                      [&](Result<AppendResult> result) { done.set_value(std::move(result)); })
              .ok());
      ASSERT_TRUE(done.get_future().get().ok());
    }
  }
  /// All values from `offset` on; the offsets must follow each other.
  std::vector<int64_t> Values(LogOffset offset) {
    std::vector<int64_t> values;
    while (true) {
      auto slice = Log().Read(offset, 1000);
      EXPECT_TRUE(slice.ok()) << slice.status().ToString();
      if (!slice.ok() || slice->batches.empty()) return values;
      for (const auto& batch : slice->batches) {
        std::string_view bytes(slice->bytes->data() + batch.position, batch.header.size_bytes());
        auto rows = format::DecodeLogBatch(bytes, {model::DataType::Bigint()}, nullptr, nullptr);
        EXPECT_TRUE(rows.ok());
        EXPECT_EQ(batch.header.base_offset, offset);
        for (int row = 0; row < rows->num_rows; ++row) {
          values.push_back(rows->columns[0].Get<int64_t>(row));
        }
        offset = batch.header.next_offset();
      }
    }
  }
  static std::vector<int64_t> Range(int64_t begin, int64_t end) {
    std::vector<int64_t> values;
    for (int64_t value = begin; value < end; ++value) values.push_back(value);
    return values;
  }
  void RunRemote() {
    run_ms_ += 2'000'000;
    Bucket().remote->Run(MonotonicMs() + run_ms_, storage_->remote().leases());
  }
  std::string RemoteDirectory() {
    return fmt::format("{}/remote/log/db/events-{}/0", root_,
                       Bucket().remote->name().bucket.table_id.value());
  }
  std::vector<std::string> RemoteNames() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(RemoteDirectory())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  /// Runs the remote work in a process of its own that a failpoint ends, then opens what it left.
  void RunRemoteAndDieAt(const std::string& failpoint) {
    table_.reset();
    storage_.reset();
    EXPECT_EQ(RemoteWorkInOtherProcess(options_, failpoint), kFailpointExitStatus);
    Open();
  }

  io::TemporaryDirectory temporary_ = *io::TemporaryDirectory::Make("forebay-remote-log");
  const std::string root_ = temporary_.path();
  ManualClock clock_;
  StorageOptions options_;
  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  io::FaultyFileSystem faulty_{*fs_};
  std::unique_ptr<StorageServer> storage_;
  std::shared_ptr<const HostedTable> table_;
  int64_t run_ms_ = 0;
};

TEST_F(RemoteLogTest, OldSegmentsMoveAndReadersSeeOneLog) {
  Append(0, 200);
  EXPECT_EQ(Remote().end(), 0);
  RunRemote();
  LogOffset remote_end = Remote().end();
  EXPECT_GT(remote_end, 100);
  EXPECT_LT(remote_end, 200);
  EXPECT_GT(Log().local_start(), 0);
  EXPECT_LE(Log().local_start(), remote_end);
  EXPECT_EQ(Log().log_start(), 0);
  EXPECT_EQ(Values(0), Range(0, 200));
  for (LogOffset from :
       {LogOffset{1}, LogOffset{57}, Log().local_start() - 1, Log().local_start()}) {
    EXPECT_EQ(Values(from), Range(from, 200)) << from;
  }
  Reopen();
  EXPECT_EQ(Log().log_start(), 0);
  EXPECT_EQ(Values(0), Range(0, 200));
  Append(200, 260);
  EXPECT_EQ(Values(0), Range(0, 260));
  EXPECT_EQ(Log().Read(-1, 100).kind(), ErrorKind::kOutOfRange);
}

TEST_F(RemoteLogTest, TheManifestAndTheFilesAreFlusss) {
  Append(0, 200);
  RunRemote();
  auto text = io::ReadFile(*fs_, Remote().manifest_path());
  ASSERT_TRUE(text.ok());
  auto manifest = nlohmann::json::parse(*text);
  EXPECT_EQ(manifest["version"], 1);
  EXPECT_EQ(manifest["database"], "db");
  EXPECT_EQ(manifest["table"], "events");
  EXPECT_EQ(manifest["bucket_id"], 0);
  EXPECT_FALSE(manifest.contains("partition_id"));
  LogOffset next = 0;
  for (const auto& segment : manifest["remote_log_segments"]) {
    EXPECT_EQ(segment["start_offset"], next);
    next = segment["end_offset"];
    std::string stem =
        fmt::format("{}/{}/{:020}", RemoteDirectory(), segment["segment_id"].get<std::string>(),
                    segment["start_offset"].get<int64_t>());
    EXPECT_EQ(fs::file_size(stem + ".log"), segment["size_in_bytes"]);
    EXPECT_GE(fs::file_size(stem + ".index"), 8u);
    EXPECT_GE(fs::file_size(stem + ".timeindex"), 12u);
    // Big-endian: the first entry is offset 0 at byte 0 and its time.
    auto times = *io::ReadFile(*fs_, stem + ".timeindex");
    int64_t first_ms = 0;
    for (int i = 0; i < 8; ++i) first_ms = first_ms << 8 | static_cast<uint8_t>(times[i]);
    EXPECT_EQ(first_ms, clock_.now_ms);
  }
  EXPECT_EQ(next, Remote().end());
}

TEST_F(RemoteLogTest, TimesAreLookedUpInBothParts) {
  std::vector<LogOffset> begins;
  for (int64_t i = 0; i < 10; ++i) {
    begins.push_back(i * 20);
    Append(i * 20, i * 20 + 20);
    clock_.now_ms += 1000;
  }
  RunRemote();
  ASSERT_GT(Log().local_start(), begins[4]);
  for (int64_t i = 0; i < 10; ++i) {
    int64_t time_ms = 1'000'000'000'000 + i * 1000;
    EXPECT_EQ(*Log().OffsetAt(time_ms), begins[i]) << i;
    EXPECT_EQ(*Log().OffsetAt(time_ms - 1), begins[i]) << i;
  }
  EXPECT_EQ(*Log().OffsetAt(clock_.now_ms), 200);
}

TEST_F(RemoteLogTest, WhatIsTooOldGoesFromRemoteStorage) {
  Append(0, 100);
  clock_.now_ms += 2'000'000;
  Append(100, 200);
  RunRemote();
  size_t before = RemoteNames().size();
  clock_.now_ms += 2'000'000;
  RunRemote();
  LogOffset start = Log().log_start();
  EXPECT_GT(start, 50);
  EXPECT_LE(start, 100);
  EXPECT_EQ(Remote().start(), start);
  EXPECT_LT(RemoteNames().size(), before);
  EXPECT_EQ(Values(start), Range(start, 200));
  EXPECT_EQ(Log().Read(0, 100).kind(), ErrorKind::kOutOfRange);
  Reopen();
  EXPECT_EQ(Log().log_start(), start);
  EXPECT_EQ(Values(start), Range(start, 200));
}

TEST_F(RemoteLogTest, AClientIsToldWhereItsSegmentsAre) {
  Append(0, 200);
  RunRemote();
  auto part = Remote().PartFrom(57);
  ASSERT_TRUE(part.ok());
  ASSERT_TRUE(part->has_value());
  const RemoteLogSegment& first = (*part)->segments.front();
  EXPECT_LE(first.start, 57);
  EXPECT_GT(first.end, 57);
  EXPECT_EQ((*part)->segments.back().end, Remote().end());
  EXPECT_EQ((*part)->tablet_directory, RemoteDirectory());
  // There a batch begins that is not behind the wanted one.
  std::string path = fmt::format("{}/{}/{:020}.log", RemoteDirectory(), first.id, first.start);
  auto bytes = *io::ReadFile(*fs_, path);
  auto header =
      format::ParseLogBatchHeader(std::string_view(bytes).substr((*part)->first_position));
  ASSERT_TRUE(header.ok());
  EXPECT_LE(header->base_offset, 57);
  EXPECT_FALSE((*Remote().PartFrom(Remote().end())).has_value());
}

TEST_F(RemoteLogTest, NoRowIsLostWhereverItIsKilled) {
  int64_t rows = 0;
  for (const char* failpoint : {"remote_log.after_copy", "remote_log.before_commit",
                                "remote_log.after_commit", "remote_log.before_local_removal"}) {
    Append(rows, rows + 150);
    rows += 150;
    RunRemoteAndDieAt(failpoint);
    EXPECT_EQ(Values(0), Range(0, rows)) << failpoint;
    RunRemote();
    EXPECT_EQ(Values(0), Range(0, rows)) << failpoint;
    // Every folder is a segment's: the killed one's are gone.
    auto part = Remote().PartFrom(0);
    ASSERT_TRUE(part.ok() && part->has_value());
    EXPECT_EQ(RemoteNames().size(), (*part)->segments.size() + 1) << failpoint;
    EXPECT_EQ(std::distance(fs::directory_iterator(RemoteDirectory() + "/metadata"), {}), 1);
  }
  clock_.now_ms += 4'000'000;
  Append(rows, rows + 1);
  RunRemoteAndDieAt("remote_log.before_removal");
  LogOffset start = Log().log_start();
  EXPECT_EQ(Values(start), Range(start, rows + 1));
  RunRemote();
  EXPECT_LE(RemoteNames().size(), 1u);
}

TEST_F(RemoteLogTest, AFullDiskAndFailingSyncsLoseNothing) {
  Append(0, 200);
  for (int64_t space : {0, 100, 3000, 7000, 20000}) {
    faulty_.FailWritesAfter(space);
    RunRemote();
    faulty_.FailWritesAfter(-1);
    EXPECT_EQ(Values(0), Range(0, 200)) << space;
  }
  faulty_.FailSyncs(true);
  RunRemote();
  faulty_.FailSyncs(false);
  EXPECT_EQ(Values(0), Range(0, 200));
  RunRemote();
  EXPECT_GT(Log().local_start(), 0);
  EXPECT_EQ(Values(0), Range(0, 200));
  auto part = Remote().PartFrom(0);
  ASSERT_TRUE(part.ok() && part->has_value());
  EXPECT_EQ(RemoteNames().size(), (*part)->segments.size() + 1);
  Reopen();
  EXPECT_EQ(Values(0), Range(0, 200));
}

TEST_F(RemoteLogTest, ADamagedRecordIsReplacedByTheNewestManifest) {
  Append(0, 200);
  RunRemote();
  LogOffset end = Remote().end();
  std::string record;
  for (const auto& entry : fs::recursive_directory_iterator(options_.data_dir)) {
    if (entry.path().filename() == "remote-log.json") record = entry.path();
  }
  ASSERT_FALSE(record.empty());
  std::ofstream(record) << "garbage";
  Reopen();
  EXPECT_EQ(Remote().end(), end);
  EXPECT_EQ(Values(0), Range(0, 200));
}

TEST_F(RemoteLogTest, ADamagedRemoteSegmentIsNamed) {
  Append(0, 200);
  RunRemote();
  auto part = *Remote().PartFrom(0);
  std::string path = fmt::format("{}/{}/{:020}.log", RemoteDirectory(), part->segments[0].id, 0);
  std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(60);
  stream.put('\x55');
  stream.close();
  auto read = Log().Read(0, 100);
  EXPECT_EQ(read.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(read.message(), testing::HasSubstr(path));
}

TEST_F(RemoteLogTest, WithoutItsIndexASegmentIsReadAllTheSame) {
  Append(0, 200);
  RunRemote();
  for (const auto& entry : fs::recursive_directory_iterator(RemoteDirectory())) {
    if (entry.path().extension() == ".index") fs::remove(entry.path());
    if (entry.path().extension() == ".timeindex") std::ofstream(entry.path()) << "odd";
  }
  Reopen();
  EXPECT_EQ(Values(0), Range(0, 200));
  EXPECT_EQ(*Log().OffsetAt(0), 0);
}

TEST(RemoteIndexTest, TakesWhatRisesAndStaysWithinTheSegment) {
  std::string second_offset("\0\0\0\5\0\0\x10\0", 8), second_time("\0\0\0\0\0\0\0\1\0\0\0\5", 12);
  std::string offsets = std::string(8, '\0') + second_offset;
  std::string times = std::string(12, '\0') + second_time;
  auto index = RemoteIndex::Decode(100, offsets, times);
  ASSERT_TRUE(index.ok()) << index.message();
  EXPECT_EQ(index->AtOrBefore(104).position, 0u);
  EXPECT_EQ(index->AtOrBefore(105).position, 4096u);
  EXPECT_EQ(index->EncodeOffsets(), offsets);
  EXPECT_EQ(index->EncodeTimes(), times);
  EXPECT_TRUE(index->IsWithin(106, 4097));
  EXPECT_FALSE(index->IsWithin(105, 4097));
  EXPECT_FALSE(index->IsWithin(106, 4096));
  EXPECT_FALSE(RemoteIndex::Decode(INT64_MAX - 4, offsets, times).ok());
  offsets[12] = '\xff';
  EXPECT_FALSE(RemoteIndex::Decode(100, offsets, times).ok()) << "a position below 0";
}

}  // namespace
}  // namespace forebay::storage
