#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/local_connection.h"
#include "client/tests/test_door.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// A storage core in a directory of its own, which can be closed and opened again.
class LocalFixture : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/forebay-client-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    Open();
    ASSERT_TRUE(connection_->admin().CreateDatabase("db", false).ok());
  }
  void TearDown() override {
    Shut();
    std::filesystem::remove_all(directory_);
  }
  void Open() {
    options_.data_dir = directory_ + "/data";
    auto opened = storage::StorageServer::Open(options_, *fs_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    storage_ = std::move(*opened);
    door_ = OpenDoor();
    connection_ = std::move(door_.connection);
  }
  void Shut() {
    connection_.reset();
    door_ = {};
    storage_.reset();
  }
  /// How connection_ reaches storage_.
  virtual TestDoor OpenDoor() { return {nullptr, LocalConnection::Open(*storage_), false}; }
  void Reopen() {
    Shut();
    Open();
  }

  static model::TableDescriptor Table(bool primary_key, int buckets = 1) {
    model::TableDescriptor table;
    table.schema.columns = {{"id", model::DataType::Bigint().NotNull()},
                            {"name", model::DataType::String()}};
    if (primary_key) table.schema.primary_key = {"id"};
    table.bucket_count = buckets;
    return table;
  }
  static model::Batch Rows(const std::vector<std::pair<int64_t, std::string>>& rows,
                           model::ChangeType change = model::ChangeType::kInsert) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull(), model::DataType::String()});
    for (const auto& [id, name] : rows) {
      builder.column(0).Append(id);
      builder.column(1).AppendString(name);
      builder.FinishRow(change);
    }
    return builder.Finish();
  }
  static std::vector<std::string> Texts(const std::vector<ScanRecords>& records) {
    std::vector<std::string> texts;
    for (const ScanRecords& part : records) {
      for (int row = 0; row < part.batch.num_rows; ++row) {
        texts.push_back(fmt::format("{} {} {}", ChangeTypeText(part.batch.change(row)),
                                    part.batch.columns[0].Get<int64_t>(row),
                                    part.batch.columns[1].GetString(row)));
      }
    }
    return texts;
  }
  /// All records of a bucket from `offset` to the end.
  std::vector<std::string> ReadAll(const model::TablePath& path, int bucket, int64_t offset) {
    auto scanner = connection_->OpenLogScanner(path, std::nullopt);
    EXPECT_TRUE(scanner.ok());
    EXPECT_TRUE((*scanner)->Subscribe(bucket, offset).ok());
    std::vector<std::string> texts;
    while (true) {
      auto records = (*scanner)->Poll(0, 1 << 20);
      EXPECT_TRUE(records.ok()) << records.status().ToString();
      if (!records.ok() || records->empty()) return texts;
      for (std::string& text : Texts(*records)) texts.push_back(std::move(text));
    }
  }

  std::string directory_;
  storage::StorageOptions options_;
  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  std::unique_ptr<storage::StorageServer> storage_;
  TestDoor door_;
  std::unique_ptr<Connection> connection_;
};

/// The same, reached by the door of the program that the test is part of.
class DoorFixture : public LocalFixture {
 protected:
  TestDoor OpenDoor() override { return OpenTestDoor(*storage_); }
  bool is_remote() const { return door_.is_remote; }
};

}  // namespace forebay::client
