#include "storage/kv/row_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/failpoint.h"
#include "io/temporary_directory.h"

namespace forebay::storage {
namespace {

using Rows = std::map<std::string, std::string>;

class RowStoreTest : public testing::Test {
 protected:
  RowStoreTest() { Open(); }

  void Open() {
    store_.reset();
    auto opened = RowStore::Open(services_, directory_);
    ASSERT_TRUE(opened.ok()) << opened.message();
    store_ = std::move(*opened);
  }

  /// nullopt deletes.
  using Changes = std::map<std::string, std::optional<std::string>>;
  static std::vector<RowStore::Put> Puts(const Changes& changes) {
    std::vector<RowStore::Put> puts;
    for (const auto& [key, value] : changes) puts.push_back({key, value});
    return puts;
  }
  void Add(const Changes& changes, model::LogOffset offset, std::string_view note = "") {
    Status added = store_->Add(Puts(changes), offset, note);
    ASSERT_TRUE(added.ok()) << added.message();
  }
  void Write(const Changes& changes, model::LogOffset offset) {
    ASSERT_TRUE(store_->Write(Puts(changes), offset).ok());
  }

  std::vector<std::string> Scan() {
    std::vector<std::string> values;
    auto cursor = *store_->Scan();
    while (true) {
      auto value = cursor->Next();
      if (!value.ok() || !value->has_value()) return values;
      values.emplace_back(**value);
    }
  }
  std::optional<std::string> Get(std::string_view key) {
    std::vector<std::optional<std::string>> values;
    EXPECT_TRUE(store_->Get({key}, values).ok());
    return values.at(0);
  }

  RowStoreServices services_{8 << 20, 32 << 20};
  io::TemporaryDirectory temporary_ = *io::TemporaryDirectory::Make("forebay-row-store");
  const std::string directory_ = temporary_.path();
  std::unique_ptr<RowStore> store_;
};

TEST_F(RowStoreTest, AddedRowsAreThereAtOnceAndLast) {
  store_->SetRowCount(2);
  Add({{"a", "1"}, {"b", "1"}}, 10, "note");
  EXPECT_EQ(*store_->Offset(), 10);
  EXPECT_EQ(*store_->PersistedOffset(), 10);
  store_->SetRowCount(1);
  Add({{"a", std::nullopt}, {"b", "2"}, {"never", std::nullopt}}, 20);
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("b"), "2");
  EXPECT_EQ(Scan(), std::vector<std::string>{"2"});
  // As after a crash: nothing is flushed when a store is closed.
  Open();
  EXPECT_EQ(*store_->Offset(), 20);
  EXPECT_EQ(*store_->Note(), "note");
  EXPECT_EQ(*store_->RowCount(), 1);
  EXPECT_EQ(Scan(), std::vector<std::string>{"2"});
}

TEST_F(RowStoreTest, WritesAndAddsApplyInTheirOrder) {
  Write({{"a", "1"}, {"b", "1"}, {"c", "1"}}, 1);
  Add({{"a", "2"}, {"b", "2"}}, 2);
  Write({{"a", "3"}, {"c", std::nullopt}}, 3);
  EXPECT_EQ(Scan(), (std::vector<std::string>{"3", "2"}));
  EXPECT_EQ(*store_->Offset(), 3);
  // What was written before the rows were added had to become durable with them.
  Open();
  EXPECT_EQ(*store_->Offset(), 2);
  EXPECT_EQ(Scan(), (std::vector<std::string>{"2", "2", "1"}));
}

TEST_F(RowStoreTest, UnknownRowCountStaysUnknown) {
  store_->SetRowCount(std::nullopt);
  Add({{"a", "1"}}, 1);
  EXPECT_EQ(*store_->RowCount(), std::nullopt);
}

TEST_F(RowStoreTest, CheckpointHoldsAddedRows) {
  Add({{"a", "1"}}, 5);
  Write({{"b", "1"}}, 7);
  auto checkpoint = store_->Checkpoint(directory_ + "/copy");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.message();
  EXPECT_EQ(checkpoint->log_offset, 7);
}

TEST_F(RowStoreTest, ManyAddsKeepTheNewestOfEachKey) {
  std::minstd_rand random(1);
  Rows model;
  for (int round = 1; round <= 30; ++round) {
    Changes changes;
    for (int i = 0; i < 300; ++i) {
      std::string key = "key" + std::to_string(random() % 1000);
      bool removes = random() % 5 == 0;
      changes[key] = removes ? std::nullopt : std::optional(std::to_string(round * 1000 + i));
    }
    for (const auto& [key, value] : changes) {
      if (value.has_value()) {
        model[key] = *value;
      } else {
        model.erase(key);
      }
    }
    round % 4 == 0 ? Write(changes, round) : Add(changes, round);
    if (round % 7 == 0) Open();
    // Round 28 was a Write before a crash.
    if (round == 28) Write(changes, round);
  }
  std::vector<std::string> due;
  for (const auto& [key, value] : model) due.push_back(value);
  EXPECT_EQ(Scan(), due);
}

TEST_F(RowStoreTest, KilledBeforeAddLeavesTheStateBefore) {
  Add({{"a", "1"}}, 1);
  store_.reset();
  pid_t child = fork();
  if (child == 0) {
    Open();
    static_cast<void>(ArmFailpoints("kv.before_add=2"));
    Add({{"a", "2"}}, 2);
    Add({{"a", "3"}}, 3);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus);
  Open();
  EXPECT_EQ(*store_->Offset(), 2);
  EXPECT_EQ(Scan(), std::vector<std::string>{"2"});
  Add({{"a", "4"}}, 4);
  EXPECT_EQ(Get("a"), "4");
}

TEST(RowStore, SortsByWholeKeys) {
  std::minstd_rand random(1);
  std::vector<std::string> keys;
  for (int i = 0; i < 2000; ++i) {
    std::string key = random() % 2 == 0 ? "longprefix" : "";
    for (int length = static_cast<int>(random() % 12); length > 0; --length) {
      key.push_back(static_cast<char>(random() % 256));
    }
    keys.push_back(key);
  }
  std::vector<RowStore::Put> puts;
  for (const std::string& key : keys) puts.push_back({key, std::nullopt});
  RowStore::SortByKey(puts);
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < keys.size(); ++i) ASSERT_EQ(puts[i].key, sorted[i]);
}

// Whether few rows or many, with keys that are shorter than what is compared at once, begin alike,
// or are equal in all of that.
TEST(RowOrderTest, RowsAreSortedByKey) {
  std::mt19937_64 random(7);
  for (size_t count : {0, 1, 100, 5000}) {
    std::set<std::string> keys;
    while (keys.size() < count) {
      std::string key = random() % 2 == 0 ? "the same beginning" : "";
      for (size_t size = random() % 12; size > 0; --size) key += static_cast<char>(random());
      keys.insert(key);
    }
    std::vector<std::string> shuffled(keys.begin(), keys.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    std::vector<RowStore::Put> puts;
    for (const std::string& key : shuffled) puts.push_back({key, key});
    RowStore::SortByKey(puts);
    ASSERT_EQ(puts.size(), keys.size());
    size_t i = 0;
    // std::string compares as unsigned bytes, as RocksDB does.
    for (const std::string& key : keys) {
      EXPECT_EQ(puts[i].key, key);
      EXPECT_EQ(puts[i].value, key);
      ++i;
    }
  }
}

}  // namespace
}  // namespace forebay::storage
