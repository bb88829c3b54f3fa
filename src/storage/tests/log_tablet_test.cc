#include "storage/log/log_tablet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "base/tests/manual_clock.h"
#include "io/faulty_file_system.h"
#include "io/temporary_directory.h"

namespace forebay::storage {
namespace {

using model::LogOffset;
using testing::HasSubstr;

class LogTabletTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void TearDown() override {
    tablet_.reset();
    flusher_.Stop();
  }
  void Open() {
    auto opened = LogTablet::Open(Services(), directory_, options_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    tablet_ = std::move(*opened);
  }
  /// Stops without a checkpoint, as a crash does after everything was written.
  void Crash() {
    tablet_->Abandon();
    tablet_.reset();
  }
  LogServices Services() { return {fs_, clock_, flusher_, budget_, metrics_}; }

  static std::string Encoded(int64_t value, int rows = 1, int64_t writer = -1, int sequence = -1) {
    model::BatchBuilder builder({model::DataType::Bigint()});
    for (int i = 0; i < rows; ++i) {
      builder.column(0).Append(value + i);
      builder.FinishRow();
    }
    format::LogBatchOptions options;
    options.writer_id = writer;
    options.batch_sequence = sequence;
    options.append_only = true;
    auto bytes = format::EncodeLogBatch(builder.Finish(), options);
    EXPECT_TRUE(bytes.ok());
    return *bytes;
  }
  /// Tries again while the tablet still tells others of a failed write.
  Result<AppendResult> Append(const std::string& bytes) {
    while (true) {
      auto result = AppendOnce(bytes);
      if (result.ok() || result.kind() != ErrorKind::kUnavailable) return result;
      if (result.message().find("is recovering") == std::string::npos) return result;
      std::this_thread::yield();
    }
  }
  Result<AppendResult> AppendOnce(std::string bytes) {
    auto promise = std::make_shared<std::promise<Result<AppendResult>>>();
    Status taken = tablet_->Append(std::move(bytes), [promise](Result<AppendResult> result) {
      promise->set_value(std::move(result));
    });
    if (!taken.ok()) return taken;
    return promise->get_future().get();
  }
  /// The values from `offset` on; stops at an error, which it gives in `error`.
  std::vector<int64_t> Values(LogOffset offset, Status* error = nullptr) {
    std::vector<int64_t> values;
    while (true) {
      auto slice = tablet_->Read(offset, 1000);
      if (error != nullptr) *error = slice.status();
      if (error == nullptr) {
        EXPECT_TRUE(slice.ok()) << slice.status().ToString();
      }
      if (!slice.ok() || slice->batches.empty()) return values;
      for (const auto& batch : slice->batches) {
        std::string_view bytes(slice->bytes->data() + batch.position, batch.header.size_bytes());
        auto rows = format::DecodeLogBatch(bytes, {model::DataType::Bigint()}, nullptr, nullptr);
        for (int row = 0; row < rows->num_rows; ++row) {
          if (batch.header.base_offset + row >= offset) {
            values.push_back(rows->columns[0].Get<int64_t>(row));
          }
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
  std::string File(LogOffset base, const std::string& ending) {
    return directory_ + "/" + LogSegment::FileStem(base) + ending;
  }
  static void Flip(const std::string& path, uint64_t position, int bit) {
    std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(position));
    char byte = static_cast<char>(stream.get());
    stream.seekp(static_cast<std::streamoff>(position));
    stream.put(static_cast<char>(byte ^ (1 << bit)));
  }

  io::TemporaryDirectory temporary_ = *io::TemporaryDirectory::Make("forebay-log-test");
  const std::string root_ = temporary_.path(), directory_ = root_ + "/log";
  LogOptions options_;
  std::unique_ptr<io::FileSystem> posix_ = io::MakePosixFileSystem();
  io::FaultyFileSystem fs_{*posix_};
  ManualClock clock_;
  LogFlusher flusher_{2};
  InFlightBudget budget_{64 << 20};
  StorageMetrics metrics_;
  std::shared_ptr<LogTablet> tablet_;
};

TEST_F(LogTabletTest, ATailCutAtAnyByteIsCutAtTheLastWholeBatch) {
  ASSERT_TRUE(Append(Encoded(0, 3)).ok());
  ASSERT_TRUE(Append(Encoded(3, 2)).ok());
  uint64_t whole = tablet_->size_bytes();
  // As if the third batch were never acknowledged.
  std::string end_before = *io::ReadFile(*posix_, directory_ + "/end");
  ASSERT_TRUE(Append(Encoded(5, 4)).ok());
  uint64_t all = tablet_->size_bytes();
  Crash();
  std::ofstream(directory_ + "/end", std::ios::binary) << end_before;
  std::string file = File(0, ".log");
  std::string kept = *io::ReadFile(*posix_, file);
  for (uint64_t size = whole; size < all; ++size) {
    std::ofstream(file, std::ios::binary) << kept.substr(0, size);
    Open();
    ASSERT_EQ(tablet_->durable_end(), 5) << size;
    ASSERT_EQ(Values(0), Range(0, 5)) << size;
    ASSERT_EQ(std::filesystem::file_size(file), whole);
    Crash();
  }
  Open();
  EXPECT_EQ(Append(Encoded(5))->base_offset, 5);
  EXPECT_EQ(Values(0), Range(0, 6));
}

TEST_F(LogTabletTest, ABitFlippedInTheMiddleIsReportedAndTheRestIsServed) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  uint64_t batch = tablet_->size_bytes() / 20;
  Crash();
  std::string file = File(0, ".log"), end = directory_ + "/end";
  std::string kept = *io::ReadFile(*posix_, file), kept_end = *io::ReadFile(*posix_, end);
  // Byte 13 to 20 hold the timestamp, which the format's checksum does not cover.
  for (uint64_t byte = 0; byte < batch; byte = byte == 12 ? 21 : byte + 1) {
    std::filesystem::remove(File(0, ".damage"));
    std::ofstream(file, std::ios::binary) << kept;
    std::ofstream(end, std::ios::binary) << kept_end;
    Flip(file, 10 * batch + byte, static_cast<int>(byte % 8));
    Open();
    ASSERT_EQ(tablet_->durable_end(), 20) << byte;
    Status error;
    ASSERT_EQ(Values(0, &error), Range(0, 10)) << byte;
    ASSERT_EQ(error.kind(), ErrorKind::kCorruption);
    ASSERT_THAT(error.ToString(), HasSubstr(file));
    ASSERT_THAT(error.ToString(), HasSubstr(fmt::format("byte {}", 10 * batch)));
    ASSERT_THAT(error.ToString(), HasSubstr("the next readable offset is 11"));
    ASSERT_EQ(Values(11), Range(11, 20)) << byte;
    ASSERT_EQ(Append(Encoded(20))->base_offset, 20);
    Crash();
  }
}

TEST_F(LogTabletTest, DamageBelowTheCheckpointIsFoundByReaders) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  uint64_t batch = tablet_->size_bytes() / 20;
  ASSERT_TRUE(tablet_->Close().ok());
  tablet_.reset();
  Flip(File(0, ".log"), 5 * batch + 60, 3);
  Open();
  Status error;
  EXPECT_EQ(Values(0, &error), Range(0, 5));
  EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
  EXPECT_EQ(Values(6), Range(6, 20));
  ASSERT_EQ(tablet_->Damage().size(), 1u);
  EXPECT_EQ(tablet_->Damage()[0].first, 5);
  EXPECT_EQ(tablet_->Damage()[0].next, 6);
}

TEST_F(LogTabletTest, DamagedIndexesAndCheckpointsOnlyCostTime) {
  options_.segment_bytes = 20000;
  Crash();
  Open();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Append(Encoded(i, 1, 5, i)).ok());
  ASSERT_TRUE(tablet_->Close().ok());
  tablet_.reset();
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (entry.path().extension() != ".log") files.push_back(entry.path());
  }
  ASSERT_GT(files.size(), 4u);
  for (const std::string& file : files) {
    std::string kept = *io::ReadFile(*posix_, file);
    for (size_t byte = 0; byte <= kept.size(); byte += 1 + kept.size() / 12) {
      if (byte < kept.size()) {
        Flip(file, byte, 2);
      } else {
        std::filesystem::remove(file);
      }
      Open();
      ASSERT_EQ(Values(0), Range(0, 200)) << file << " " << byte;
      ASSERT_EQ(Values(77), Range(77, 200)) << file << " " << byte;
      auto again = Append(Encoded(199, 1, 5, 199));
      ASSERT_TRUE(again.ok()) << file << " " << byte << again.status().ToString();
      ASSERT_TRUE(again->duplicate);
      Crash();
      std::ofstream(file, std::ios::binary) << kept;
    }
  }
}

TEST_F(LogTabletTest, OffsetsOfLostAcknowledgedBytesAreNotGivenAgain) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  uint64_t batch = tablet_->size_bytes() / 10;
  ASSERT_TRUE(tablet_->Close().ok());
  tablet_.reset();
  std::filesystem::resize_file(File(0, ".log"), 7 * batch + 20);
  Open();
  EXPECT_EQ(tablet_->durable_end(), 10);
  Status error;
  EXPECT_EQ(Values(0, &error), Range(0, 7));
  EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(error.ToString(), HasSubstr("offsets 7 to 9 cannot be read"));
  EXPECT_EQ(Append(Encoded(10))->base_offset, 10);
  EXPECT_EQ(Values(10), Range(10, 11));
}

TEST_F(LogTabletTest, ALogShorterThanWhatWasAcknowledgedIsReportedWithoutACheckpoint) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  uint64_t batch = tablet_->size_bytes() / 10;
  Crash();
  std::string file = File(0, ".log"), noted = *io::ReadFile(*posix_, directory_ + "/end");
  std::string kept = *io::ReadFile(*posix_, file);
  for (uint64_t size : {uint64_t{0}, uint64_t{1}, batch, 7 * batch + 20, 9 * batch}) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    std::ofstream(directory_ + "/end", std::ios::binary) << noted;
    std::ofstream(file, std::ios::binary) << kept.substr(0, size);
    int64_t whole = static_cast<int64_t>(size / batch);
    for (int start = 0; start < 3; ++start) {
      Open();
      ASSERT_EQ(tablet_->durable_end(), 10 + start) << size;
      Status error;
      ASSERT_EQ(Values(0, &error), Range(0, whole)) << size;
      ASSERT_EQ(error.kind(), ErrorKind::kCorruption);
      ASSERT_THAT(error.ToString(), HasSubstr(fmt::format("offsets {} to 9 cannot", whole)));
      ASSERT_EQ(tablet_->Damage().size(), 1u);
      ASSERT_EQ(std::filesystem::file_size(file), size) << "damaged bytes stay";
      ASSERT_EQ(Append(Encoded(10 + start))->base_offset, 10 + start);
      ASSERT_EQ(Values(10), Range(10, 11 + start));
      Crash();
    }
  }
}

TEST_F(LogTabletTest, MissingSegmentsAreReported) {
  options_.segment_bytes = 1000;
  Crash();
  Open();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  ASSERT_TRUE(tablet_->Close().ok());
  tablet_.reset();
  std::vector<LogOffset> bases;
  for (LogOffset base = 0; base < 30; ++base) {
    if (std::filesystem::exists(File(base, ".log"))) bases.push_back(base);
  }
  ASSERT_GT(bases.size(), 3u);
  std::filesystem::copy(directory_, root_ + "/kept");
  for (size_t missing = 0; missing <= bases.size(); ++missing) {
    std::filesystem::remove_all(directory_);
    std::filesystem::copy(root_ + "/kept", directory_);
    for (size_t i = 0; i < bases.size(); ++i) {
      if (i == missing || missing == bases.size()) std::filesystem::remove(File(bases[i], ".log"));
    }
    LogOffset first = missing == bases.size() ? 0 : bases[missing];
    LogOffset next = missing + 1 < bases.size() ? bases[missing + 1] : 30;
    Open();
    ASSERT_EQ(tablet_->durable_end(), 30) << missing;
    ASSERT_EQ(tablet_->log_start(), 0) << missing;
    Status error;
    ASSERT_EQ(Values(0, &error), Range(0, first)) << missing;
    ASSERT_EQ(error.kind(), ErrorKind::kCorruption) << missing;
    ASSERT_EQ(Values(next), Range(next, 30)) << missing;
    ASSERT_EQ(Append(Encoded(30))->base_offset, 30);
    Crash();
  }
}

TEST_F(LogTabletTest, ADamagedEndRecordNeverStopsAStart) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  Crash();
  std::string path = directory_ + "/end", kept = *io::ReadFile(*posix_, path);
  for (size_t slots : {1, 2}) {
    for (size_t byte = 0; byte < 16; ++byte) {
      std::ofstream(path, std::ios::binary) << kept;
      for (size_t slot = 0; slot < slots; ++slot) Flip(path, slot * 512 + byte, 1);
      Open();
      ASSERT_EQ(Values(0), Range(0, 5)) << byte;
      ASSERT_TRUE(tablet_->Damage().empty());
      Crash();
    }
  }
}

TEST_F(LogTabletTest, AFullDiskFailsWritesButNotReadsAndPasses) {
  ASSERT_TRUE(Append(Encoded(0, 1, 9, 0)).ok());
  fs_.FailWritesAfter(10);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Append(Encoded(1, 1, 9, 1)).kind(), ErrorKind::kNoSpace);
  }
  EXPECT_EQ(Values(0), Range(0, 1));
  fs_.FailWritesAfter(-1);
  auto written = Append(Encoded(1, 1, 9, 1));
  ASSERT_TRUE(written.ok()) << written.status().ToString();
  EXPECT_EQ(written->base_offset, 1);
  EXPECT_FALSE(written->duplicate);
  EXPECT_EQ(budget_.bytes(), 0);
  EXPECT_EQ(Values(0), Range(0, 2));
}

TEST_F(LogTabletTest, AfterAFailedSyncNothingIsAcknowledgedUntilARestart) {
  ASSERT_TRUE(Append(Encoded(0)).ok());
  fs_.FailSyncs(true);
  EXPECT_EQ(Append(Encoded(1)).kind(), ErrorKind::kIoError);
  fs_.FailSyncs(false);
  auto refused = Append(Encoded(1));
  EXPECT_EQ(refused.kind(), ErrorKind::kIoError);
  EXPECT_THAT(refused.message(), HasSubstr("until the server restarts"));
  EXPECT_EQ(tablet_->durable_end(), 1);
  EXPECT_EQ(Values(0), Range(0, 1));
  Crash();
  Open();
  EXPECT_TRUE(Append(Encoded(2)).ok());
}

TEST_F(LogTabletTest, AcknowledgedBatchesSurviveTheLossOfWhatWasNotSynced) {
  options_.segment_bytes = 3000;
  std::mt19937 random(11);
  int64_t next = 0;
  for (int cycle = 0; cycle < 60; ++cycle) {
    Crash();
    Open();
    ASSERT_EQ(Values(0), Range(0, next)) << cycle;
    for (int i = random() % 12; i >= 0; --i, ++next) {
      ASSERT_TRUE(Append(Encoded(next, 1, 3, static_cast<int>(next))).ok());
    }
    // Some more that are written but whose sync fails, so they are never acknowledged.
    fs_.FailSyncs(true);
    EXPECT_FALSE(Append(Encoded(next, 1, 3, static_cast<int>(next))).ok());
    fs_.FailSyncs(false);
    Crash();
    ASSERT_TRUE(fs_.LoseUnsynced(random, cycle % 2 == 0).ok());
    Open();
    LogOffset end = tablet_->durable_end();
    ASSERT_TRUE(end == next || end == next + 1) << end << " " << next;
    next = end;
    if (next == 0) continue;
    auto again = Append(Encoded(next - 1, 1, 3, static_cast<int>(next - 1)));
    ASSERT_TRUE(again.ok() && again->duplicate);
    ASSERT_EQ(again->base_offset, next - 1);
  }
}

TEST_F(LogTabletTest, SegmentsExpireByAgeAndByTheLake) {
  options_.segment_bytes = 1000;
  options_.ttl_ms = 10000;
  options_.local_ttl_ms = 100;
  Crash();
  Open();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  clock_.now_ms += 1000;
  ASSERT_TRUE(tablet_->Expire().ok());
  EXPECT_EQ(tablet_->log_start(), 0);
  tablet_->SetLakeOffset(15);
  ASSERT_TRUE(tablet_->Expire().ok());
  LogOffset start = tablet_->log_start();
  EXPECT_GT(start, 5);
  EXPECT_LE(start, 15);
  EXPECT_EQ(tablet_->Read(0, 100).kind(), ErrorKind::kOutOfRange);
  EXPECT_EQ(Values(start), Range(start, 30));
  Crash();
  Open();
  EXPECT_EQ(tablet_->log_start(), start);
  tablet_->SetRetained(start);
  clock_.now_ms += 20000;
  ASSERT_TRUE(tablet_->Expire().ok());
  EXPECT_EQ(tablet_->log_start(), start);
  tablet_->SetRetained(INT64_MAX);
  ASSERT_TRUE(tablet_->Expire().ok());
  ASSERT_TRUE(Append(Encoded(30)).ok());  // the last segment was closed, too, before this one
  ASSERT_TRUE(tablet_->Expire().ok());
  EXPECT_EQ(tablet_->log_start(), 30);
  EXPECT_EQ(Values(30), Range(30, 31));
}

TEST_F(LogTabletTest, RowsOfLakeTablesWaitForTheLake) {
  options_.segment_bytes = 1000;
  options_.ttl_ms = 100;
  options_.datalake_enabled = true;
  Crash();
  Open();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(Append(Encoded(i)).ok());
  clock_.now_ms += 1000;
  ASSERT_TRUE(tablet_->Expire().ok());
  EXPECT_EQ(tablet_->log_start(), 0);
  tablet_->SetLakeOffset(30);
  ASSERT_TRUE(tablet_->Expire().ok());
  EXPECT_GT(tablet_->log_start(), 20);
}

TEST_F(LogTabletTest, TimesFindOffsets) {
  options_.segment_bytes = 2000;
  Crash();
  Open();
  int64_t start = clock_.now_ms;
  for (int i = 0; i < 40; ++i) {
    clock_.now_ms = start + i * 10;
    ASSERT_TRUE(Append(Encoded(i)).ok());
  }
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(*tablet_->OffsetAt(start + i * 10), i);
    EXPECT_EQ(*tablet_->OffsetAt(start + i * 10 - 9), i);
  }
  EXPECT_EQ(*tablet_->OffsetAt(start + 1000), 40);
}

TEST_F(LogTabletTest, BackPressureRefusesAndPasses) {
  InFlightBudget small(100);
  EXPECT_TRUE(small.TryTake(1000));
  EXPECT_FALSE(small.TryTake(1));
  small.Give(1000);
  EXPECT_TRUE(small.TryTake(60));
  EXPECT_TRUE(small.TryTake(40));
  EXPECT_FALSE(small.TryTake(1));
}

}  // namespace
}  // namespace forebay::storage
