#include "lake/iceberg/iceberg_table.h"

#include <gmock/gmock.h>

#include <random>

#include "io/temporary_directory.h"

namespace forebay::lake {
namespace {

using model::DataType;
using testing::ElementsAre;

class StillClock : public Clock {
 public:
  int64_t NowMs() const override { return 1'700'000'000'000; }
};

model::Schema SampleSchema() {
  model::Schema schema;
  schema.columns = {{"id", DataType::Bigint().NotNull()},
                    {"price", DataType::Decimal(10, 2)},
                    {"tags", DataType::Array(DataType::String())}};
  schema.primary_key = {"id"};
  return schema;
}

class IcebergTableTest : public testing::Test {
 protected:
  void SetUp() override {
    auto table = IcebergTable::Create(*fs_, root_ + "/t", SampleSchema(), {}, clock_);
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    table_ = std::move(*table);
  }
  /// A file of one byte; manifests do not care.
  DataFile NewFile(int bucket, FileContent content = FileContent::kData) {
    auto path = table_->NewDataPath("", bucket, "");
    EXPECT_TRUE(path.ok());
    EXPECT_TRUE(io::WriteFileAtomically(*fs_, *path, "x").ok());
    DataFile file;
    file.content = content;
    file.bucket = bucket;
    file.file_path = IcebergTable::UriOf(*path);
    file.record_count = 10;
    file.file_size_in_bytes = 1;
    return file;
  }
  Snapshot Commit(std::vector<DataFile> files) {
    CommitRequest request;
    request.added = std::move(files);
    request.summary[kLogOffsetsKey] = "[1,2]";
    auto snapshot = table_->Commit(request);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().ToString();
    return *snapshot;
  }
  std::unique_ptr<IcebergTable> Reopened() {
    auto table = IcebergTable::Open(*fs_, root_ + "/t", clock_);
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    return std::move(*table);
  }

  io::TemporaryDirectory temporary_ = *io::TemporaryDirectory::Make("forebay-lake-test");
  const std::string root_ = temporary_.path();
  StillClock clock_;
  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  std::unique_ptr<IcebergTable> table_;
};

TEST_F(IcebergTableTest, CommitsAreThereAfterReopening) {
  DataFile first = NewFile(0);
  first.lower_bounds[1] = std::string("\x01\0\0\0\0\0\0\0", 8);
  first.null_value_counts[2] = 3;
  Commit({first});
  DataFile deletes = NewFile(1, FileContent::kPositionDeletes);
  Commit({NewFile(1), deletes});
  auto table = Reopened();
  const Snapshot* snapshot = table->metadata().current_snapshot();
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->sequence_number, 2);
  EXPECT_THAT(snapshot->LogOffsets(), ElementsAre(1, 2));
  auto files = table->LiveFiles(*snapshot);
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  ASSERT_EQ(files->size(), 3u);
  for (const LiveFile& live : *files) {
    bool is_first = live.file.file_path == first.file_path;
    EXPECT_EQ(live.sequence_number, is_first ? 1 : 2);
    if (is_first) {
      EXPECT_EQ(live.file.lower_bounds, first.lower_bounds);
      EXPECT_EQ(live.file.null_value_counts, first.null_value_counts);
    }
    if (live.file.file_path == deletes.file_path) {
      EXPECT_EQ(live.file.content, FileContent::kPositionDeletes);
    }
  }
}

TEST_F(IcebergTableTest, ManifestsAreMergedAndKeepSequenceNumbers) {
  size_t commits = IcebergTable::kManifestsMax + 5;
  for (size_t i = 0; i < commits; ++i) Commit({NewFile(static_cast<int>(i % 3))});
  auto table = Reopened();
  auto files = table->LiveFiles(*table->metadata().current_snapshot());
  ASSERT_TRUE(files.ok());
  std::vector<int64_t> numbers;
  for (const LiveFile& live : *files) numbers.push_back(live.sequence_number);
  std::sort(numbers.begin(), numbers.end());
  ASSERT_EQ(numbers.size(), commits);
  for (size_t i = 0; i < commits; ++i) EXPECT_EQ(numbers[i], static_cast<int64_t>(i) + 1);
}

TEST_F(IcebergTableTest, OldSnapshotsExpireAndTheirMetadataGoes) {
  for (size_t i = 0; i < IcebergTable::kSnapshotsKept + 20; ++i) Commit({NewFile(0)});
  EXPECT_EQ(table_->metadata().snapshots().size(), IcebergTable::kSnapshotsKept);
  auto removed = table_->RemoveOrphans();
  ASSERT_TRUE(removed.ok()) << removed.status().ToString();
  EXPECT_GT(*removed, 0);
  auto table = Reopened();
  for (const Snapshot& snapshot : table->metadata().snapshots()) {
    auto files = table->LiveFiles(snapshot);
    ASSERT_TRUE(files.ok()) << files.status().ToString();
    EXPECT_EQ(files->size(), static_cast<size_t>(snapshot.sequence_number));
    for (const LiveFile& live : *files) {
      EXPECT_TRUE(*fs_->Exists(IcebergTable::PathOf(live.file.file_path)));
    }
  }
}

TEST_F(IcebergTableTest, RemovesWhatACrashLeftBehind) {
  Commit({NewFile(0)});
  DataFile orphan = NewFile(2);
  std::string manifest = root_ + "/t/metadata/manifest-left-m0.avro";
  ASSERT_TRUE(io::WriteFileAtomically(*fs_, manifest, "x").ok());
  auto removed = table_->RemoveOrphans();
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 2);
  EXPECT_FALSE(*fs_->Exists(IcebergTable::PathOf(orphan.file_path)));
  EXPECT_FALSE(*fs_->Exists(manifest));
  EXPECT_TRUE(Reopened()->LiveFiles(*table_->metadata().current_snapshot()).ok());
}

TEST_F(IcebergTableTest, ASecondWriterIsAConflict) {
  auto other = Reopened();
  Commit({NewFile(0)});
  CommitRequest request;
  EXPECT_EQ(other->Commit(request).kind(), ErrorKind::kConflict);
}

TEST_F(IcebergTableTest, SchemaAndPartitionsAsTheSpecificationSays) {
  auto json = nlohmann::json::parse(table_->metadata().ToJson());
  EXPECT_EQ(json["format-version"], 2);
  const auto& fields = json["schemas"][0]["fields"];
  ASSERT_EQ(fields.size(), 6u);
  EXPECT_EQ(fields[0]["type"], "long");
  EXPECT_EQ(fields[0]["required"], true);
  EXPECT_EQ(fields[1]["type"], "decimal(10, 2)");
  EXPECT_EQ(fields[2]["type"]["type"], "list");
  EXPECT_EQ(fields[2]["type"]["element-id"], 7);
  EXPECT_EQ(fields[3]["name"], "__bucket");
  EXPECT_EQ(fields[5]["type"], "timestamptz");
  EXPECT_EQ(json["schemas"][0]["identifier-field-ids"], nlohmann::json::array({1}));
  EXPECT_EQ(json["partition-specs"][0]["fields"][0]["source-id"], 4);
  EXPECT_EQ(json["last-column-id"], 7);
  int next = 1;
  EXPECT_EQ(IcebergType(DataType::Timestamp(9), next).kind(), ErrorKind::kNotSupported);
  EXPECT_EQ(*IcebergType(DataType::Binary(4), next), "fixed[4]");
}

TEST_F(IcebergTableTest, MalformedMetadataIsAnErrorAndNeverACrash) {
  EXPECT_EQ(TableMetadata::Parse("").kind(), ErrorKind::kCorruption);
  EXPECT_EQ(TableMetadata::Parse("[]").kind(), ErrorKind::kCorruption);
  EXPECT_EQ(TableMetadata::Parse(R"({"format-version":3})").kind(), ErrorKind::kNotSupported);
  Commit({NewFile(0)});
  const auto good = nlohmann::ordered_json::parse(table_->metadata().ToJson());
  for (const auto& [key, value] : good.items()) {
    for (const auto& replacement :
         {nlohmann::ordered_json(), nlohmann::ordered_json("text"), nlohmann::ordered_json(-7),
          nlohmann::ordered_json::array(), nlohmann::ordered_json::object()}) {
      auto bad = good;
      if (replacement.is_null()) {
        bad.erase(key);
      } else {
        bad[key] = replacement;
      }
      auto parsed = TableMetadata::Parse(bad.dump());
      if (!parsed.ok()) continue;
      parsed->current_snapshot();
      parsed->SchemaJson();
      parsed->PartitionFieldsJson();
      parsed->AddSnapshot(*table_->metadata().current_snapshot(), "v1.metadata.json");
      parsed->ExpireSnapshots(1);
    }
  }
}

TEST_F(IcebergTableTest, MutatedManifestsNeverCrash) {
  ManifestEntry entry;
  entry.file = NewFile(1);
  entry.file.upper_bounds[1] = "12345678";
  const TableMetadata& metadata = table_->metadata();
  ManifestContext context{metadata.SchemaJson(),       0, metadata.PartitionFieldsJson(),
                          *metadata.PartitionFields(), 0, false};
  const std::string manifest = *WriteManifest({entry}, context);
  ManifestFile listed;
  listed.manifest_path = "file:///m";
  listed.lowest_bucket = listed.highest_bucket = 1;
  const std::string list = *WriteManifestList({listed}, 5, std::nullopt, 1);
  ASSERT_EQ(ReadManifestList(list)->at(0).highest_bucket, 1);
  ASSERT_EQ(ReadManifest(manifest)->at(0).file.upper_bounds, entry.file.upper_bounds);
  EXPECT_FALSE(ReadManifest(list).ok());
  std::mt19937_64 random(11);
  for (int round = 0; round < 2'000; ++round) {
    std::string a = manifest, b = list;
    for (int change = 0; change < 3; ++change) {
      a[random() % a.size()] = static_cast<char>(random());
      b[random() % b.size()] = static_cast<char>(random());
    }
    (void)ReadManifest(a).ok();
    (void)ReadManifestList(b).ok();
  }
}

/// As Fluss's IcebergLakeCatalog makes it for the bucket key `id`.
TEST_F(IcebergTableTest, BucketsOfAColumnAreAPartition) {
  auto made = IcebergTable::Create(*fs_, root_ + "/b", SampleSchema(), {{}, "id", 5}, clock_);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  auto json = nlohmann::json::parse((*made)->metadata().ToJson());
  const auto& field = json["partition-specs"][0]["fields"][0];
  EXPECT_EQ(field["name"], "id_bucket");
  EXPECT_EQ(field["transform"], "bucket[5]");
  EXPECT_EQ(field["source-id"], 1);
  EXPECT_EQ(field["field-id"], 1000);
  const auto& order = json["sort-orders"][0]["fields"][0];
  EXPECT_EQ(order["source-id"], 5);  // __offset
  EXPECT_EQ(order["direction"], "asc");
  EXPECT_EQ(json["default-sort-order-id"], 1);
  EXPECT_EQ(json["properties"]["write.update.mode"], "merge-on-read");
  table_ = std::move(*made);
  Commit({NewFile(3)});
  auto table = IcebergTable::Open(*fs_, root_ + "/b", clock_);
  auto files = (*table)->LiveFiles(*(*table)->metadata().current_snapshot());
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ((*files)[0].file.bucket, 3);
  EXPECT_TRUE((*files)[0].file.keys.empty());
}

TEST_F(IcebergTableTest, ManifestsOfPartitionsHaveNoBoundsThatHideThem) {
  ManifestFile listed;
  listed.manifest_path = "file:///m";
  listed.lowest_bucket = listed.highest_bucket = 1;
  listed.partition_key_count = 1;
  auto list = ReadManifestList(*WriteManifestList({listed}, 5, std::nullopt, 1));
  ASSERT_TRUE(list.ok()) << list.status().ToString();
  EXPECT_FALSE((*list)[0].lowest_bucket.has_value());
}

TEST_F(IcebergTableTest, ANameThatAColumnHasIsNotTheBuckets) {
  model::Schema schema = SampleSchema();
  schema.columns.push_back({"id_bucket", DataType::Int()});
  auto made = IcebergTable::Create(*fs_, root_ + "/b", schema, {{}, "id", 5}, clock_);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ((*(*made)->metadata().PartitionFields())[0].name, "id_bucket_");
}

TEST_F(IcebergTableTest, AddedColumnsHaveIdsOfTheirOwn) {
  Commit({NewFile(0)});
  std::map<std::string, int> before = table_->metadata().FieldIds();
  EXPECT_EQ(before.at("id"), 1);
  EXPECT_EQ(before.at("__timestamp"), 6);
  model::Schema schema = SampleSchema();
  schema.columns.push_back({"note", DataType::String()});
  ASSERT_TRUE(table_->AddColumns(schema).ok());
  ASSERT_TRUE(table_->AddColumns(schema).ok());  // nothing happens again
  auto reopened = IcebergTable::Open(*fs_, root_ + "/t", clock_);
  ASSERT_TRUE(reopened.ok()) << reopened.status().ToString();
  const TableMetadata& metadata = (*reopened)->metadata();
  EXPECT_EQ(metadata.schema_id(), 1);
  std::map<std::string, int> after = metadata.FieldIds();
  EXPECT_EQ(after.at("note"), 8);  // 7 is the element of `tags`
  after.erase("note");
  EXPECT_EQ(after, before);
  auto json = nlohmann::json::parse(metadata.ToJson());
  EXPECT_EQ(json["last-column-id"], 8);
  EXPECT_EQ(json["schemas"].size(), 2u);
  EXPECT_EQ(json["schemas"][1]["fields"][3]["name"], "note");
  EXPECT_EQ(json["schemas"][1]["identifier-field-ids"], nlohmann::json::array({1}));
  EXPECT_NE(metadata.current_snapshot(), nullptr);
}

}  // namespace
}  // namespace forebay::lake
