#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "compute/source/faker_expression.h"
#include "compute/source/file_layout.h"
#include "compute/source/source_factory.h"
#include "io/file_system.h"
#include "model/value_text.h"

namespace forebay::compute {
namespace {

using model::DataType;

/// Remembers what a reader gives.
class Rows : public SourceOutput, public BadRecords {
 public:
  Status Emit(int, model::Batch batch) override {
    for (int row = 0; row < batch.num_rows; ++row) {
      std::string text;
      for (const model::Column& column : batch.columns) {
        if (!text.empty()) text += '|';
        model::AppendText(text, column, row);
      }
      rows.push_back(text);
    }
    return Status::Ok();
  }
  void FinishSplit(int) override {}
  void AddSplit(const std::string&) override {}
  BadRecords* bad_records() override { return takes_bad ? this : nullptr; }
  Status Take(BadRecord record) override {
    bad.push_back(record.bytes);
    return Status::Ok();
  }

  bool takes_bad = false;
  std::vector<std::string> rows, bad;
};

class FilesystemSourceTest : public ::testing::Test {
 protected:
  FilesystemSourceTest() : files_(io::MakePosixFileSystem()) {
    root_ = std::filesystem::temp_directory_path() /
            ("forebay-files-" + std::to_string(::getpid()) + "-" +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    environment_.file_system = files_.get();
    context_.environment = &environment_;
    scan_.table.options = {{"connector", "filesystem"}, {"path", root_}, {"format", "json"}};
    Add("id", DataType::Int());
  }
  ~FilesystemSourceTest() override { std::filesystem::remove_all(root_); }

  void Add(const std::string& name, DataType type) {
    auto& columns = scan_.table.info.descriptor.schema.columns;
    scan_.columns.push_back(static_cast<int>(columns.size()));
    columns.push_back({name, type});
    scan_.output.push_back({name, type});
  }
  void AddMetadata(const std::string& key, DataType type) {
    scan_.columns.push_back(sql::kFirstMetadataColumn -
                            static_cast<int>(scan_.table.metadata.size()));
    scan_.table.metadata.push_back({key, key, type, true});
    scan_.output.push_back({key, type});
  }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / ("." + name.substr(name.rfind('/') + 1))) << text;
    std::filesystem::rename(root_ / ("." + name.substr(name.rfind('/') + 1)), root_ / name);
  }

  std::unique_ptr<SourceReader> Open(Source& source, std::vector<SourceSplit> splits) {
    auto reader = source.MakeReader().value();
    EXPECT_TRUE(reader->Open(std::move(splits), waker_).ok());
    return reader;
  }
  /// Until there is nothing to read.
  void Drain(SourceReader& reader, Rows& rows) {
    while (true) {
      auto outcome = reader.Poll(rows);
      ASSERT_TRUE(outcome.ok()) << outcome.message();
      if (*outcome != PollOutcome::kProgress) return;
    }
  }

  std::unique_ptr<io::FileSystem> files_;
  std::filesystem::path root_;
  ComputeEnvironment environment_;
  JobContext context_;
  sql::TableScanNode scan_;
  Waker waker_;
};

TEST_F(FilesystemSourceTest, PathsAndFilesGiveColumns) {
  Add("dt", DataType::String());
  Add("hr", DataType::Int());
  AddMetadata("file.name", DataType::String().NotNull());
  AddMetadata("file.size", DataType::Bigint().NotNull());
  scan_.table.info.descriptor.partition_keys = {"dt", "hr"};
  Write("dt=a%2Fb/hr=7/x", "{\"id\":1}\n");
  Write("dt=__DEFAULT_PARTITION__/hr=8/y", "{\"id\":2}");
  Write("dt=c/stray", "{\"id\":9}");
  auto source = MakeSource(scan_, context_).value();
  Rows rows;
  Drain(*Open(*source, source->EnumerateSplits(1).value()), rows);
  EXPECT_EQ(rows.rows, (std::vector<std::string>{"2|NULL|8|y|8", "1|a/b|7|x|9"}));
}

TEST_F(FilesystemSourceTest, AWatchedDirectoryIsReadOnceAlsoAfterARestore) {
  scan_.table.options["source.monitor-interval"] = "1ms";
  auto source = MakeSource(scan_, context_).value();
  EXPECT_FALSE(source->IsBounded());
  Write("a", "{\"id\":1}\n{\"id\":2}\n");
  Rows rows;
  auto reader = Open(*source, source->EnumerateSplits(2).value());
  Drain(*reader, rows);
  EXPECT_EQ(rows.rows, (std::vector<std::string>{"1", "2"}));
  Write("b", "{\"id\":3}\n");
  waker_.Sleep(5);
  // Found and not yet read: the position says so.
  ASSERT_EQ(reader->Poll(rows).value(), PollOutcome::kProgress);
  std::vector<SourceSplit> positions = reader->Positions();
  ASSERT_EQ(positions.size(), 3u);
  Rows after;
  auto restored = Open(*source, positions);
  Drain(*restored, after);
  waker_.Sleep(5);
  Drain(*restored, after);
  EXPECT_EQ(after.rows, std::vector<std::string>{"3"});
}

TEST_F(FilesystemSourceTest, BadRecordsAreReportedOnceAlsoAfterARestore) {
  Write("a", "{\"id\":1}\nbroken\n{\"id\":\"x\"}\n{\"id\":2}\n");
  auto source = MakeSource(scan_, context_).value();
  Rows rows;
  rows.takes_bad = true;
  auto reader = Open(*source, source->EnumerateSplits(1).value());
  Drain(*reader, rows);
  EXPECT_EQ(rows.rows, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(rows.bad, (std::vector<std::string>{"broken", "{\"id\":\"x\"}"}));
  Rows again;
  again.takes_bad = true;
  Drain(*Open(*source, {{(root_ / "a").string(), "1 1"}}), again);
  EXPECT_EQ(again.rows, std::vector<std::string>{"2"});
  EXPECT_EQ(again.bad, std::vector<std::string>{"{\"id\":\"x\"}"});
  Rows failing;
  auto fails = Open(*source, source->EnumerateSplits(1).value());
  Result<PollOutcome> outcome = fails->Poll(failing);
  EXPECT_EQ(outcome.status().kind(), ErrorKind::kInvalidArgument);
  EXPECT_NE(outcome.message().find("row 2"), std::string::npos) << outcome.message();
}

TEST_F(FilesystemSourceTest, AnEmptyRawLineIsARecord) {
  scan_.table.options["format"] = "raw";
  Write("a", std::string("\0\0\0\7\n\n\0\0\0\x08\n", 11));
  auto source = MakeSource(scan_, context_).value();
  Rows rows;
  rows.takes_bad = true;
  Drain(*Open(*source, source->EnumerateSplits(1).value()), rows);
  EXPECT_EQ(rows.rows, (std::vector<std::string>{"7", "8"}));
  EXPECT_EQ(rows.bad, std::vector<std::string>{""});
}

TEST_F(FilesystemSourceTest, ChangesAreNotForBatchQueries) {
  scan_.table.options["format"] = "debezium-json";
  context_.settings["execution.runtime-mode"] = "batch";
  EXPECT_EQ(MakeSource(scan_, context_).status().kind(), ErrorKind::kInvalidArgument);
}

TEST(PathNameTest, EscapesComeBack) {
  std::string name = "a/b=c %\x01:é";
  auto values = PartitionValuesOf("/t", "/t/k=" + EscapePathName(name) + "/file");
  EXPECT_EQ(values["k"], name);
  EXPECT_EQ(EscapePathName("2024-03-01 x"), "2024-03-01 x");
}

TEST(FakerExpressionTest, PlaceholdersAreFilledIn) {
  auto make = [](const std::string& text, uint64_t random) {
    auto expression = FakerExpression::Parse(text);
    return expression.ok() ? expression->Make(random, 1'700'000'000'000)
                           : std::string(expression.message());
  };
  EXPECT_EQ(make("#{Name.fullName}", 5), make("#{name.FULLNAME}", 5));
  bool differs = false;
  for (uint64_t i = 0; i < 200; ++i) {
    int number = std::stoi(make("#{Number.numberBetween '3','7'}", i));
    EXPECT_TRUE(number >= 3 && number < 7) << number;
    std::string code = make("<#{regexify '[A-C]{2}-\\d{3,4}'}>", i);
    EXPECT_TRUE(code.size() == 8 || code.size() == 9) << code;
    EXPECT_TRUE(code[1] >= 'A' && code[1] <= 'C' && code[3] == '-') << code;
    differs = differs || make("#{Address.city}", i) != make("#{Address.city}", 0);
  }
  EXPECT_TRUE(differs);
  EXPECT_EQ(make("#{date.past '1','DAYS'}", 1).substr(0, 8), "2023-11-");
  EXPECT_NE(make("#{Name.furstName}", 1).find("nothing that can be made up"), std::string::npos);
  EXPECT_NE(make("#{Number.numberBetween '1'}", 1).find("arguments"), std::string::npos);
  EXPECT_NE(make("#{Name.fullName", 1).find("closing brace"), std::string::npos);
}

}  // namespace
}  // namespace forebay::compute
