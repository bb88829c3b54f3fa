#include "storage/kv/row_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "storage/kv/change_index.h"

namespace forebay::storage {
namespace {

const model::SchemaId kSchema(7);

/// What the store and the table should know together, with a store that is a map.
class Model {
 public:
  void Write(const std::string& key, std::optional<std::string> row) {
    std::optional<StoredRow> stored;
    if (row.has_value()) stored = StoredRow{kSchema, *row};
    table_.Write(key, RowTable::HashOf(key), stored);
    expected_[key] = std::move(row);
  }

  void BeginMove() { puts_ = table_.BeginMove(); }
  void EndMove(bool moved) {
    for (const RowStore::Put& put : puts_) {
      if (!moved) break;
      store_[std::string(put.key)] =
          put.value.has_value() ? std::optional(std::string(RowOf(*put.value))) : std::nullopt;
    }
    puts_.clear();
    table_.EndMove(moved);
  }

  /// As a tablet reads a row: the table first, then the store.
  std::optional<std::string> Read(const std::string& key) {
    uint32_t hash = RowTable::HashOf(key);
    if (RowTable::Row* row = table_.Find(key, hash)) {
      row->MarkUsed();
      if (!row->present()) return std::nullopt;
      EXPECT_EQ(SchemaIdOf(row->value()), kSchema);
      return std::string(RowOf(row->value()));
    }
    auto stored = store_.find(key);
    std::optional<std::string> value = stored == store_.end() ? std::nullopt : stored->second;
    std::optional<StoredRow> kept;
    if (value.has_value()) kept = StoredRow{kSchema, *value};
    table_.Keep(key, hash, kept);
    return value;
  }

  void CheckAll() {
    for (const auto& [key, row] : expected_) EXPECT_EQ(Read(key), row) << key;
  }

  RowTable& table() { return table_; }
  size_t store_size() const { return store_.size(); }

 private:
  RowTable table_;
  std::vector<RowStore::Put> puts_;
  std::map<std::string, std::optional<std::string>> store_;
  std::map<std::string, std::optional<std::string>> expected_;
};

std::string RandomText(std::minstd_rand& random, size_t size_max) {
  return std::string(random() % (size_max + 1), static_cast<char>('a' + random() % 26));
}

TEST(RowTable, ReadsWhatWasWrittenUnderMovesAndEvictions) {
  Model model;
  std::minstd_rand random(1);
  bool moving = false;
  for (int step = 0; step < 60000; ++step) {
    std::string key = "key" + std::to_string(random() % 5000);
    uint64_t what = random() % 100;
    if (what < 60) {
      model.Write(key, RandomText(random, what == 0 ? 400000 : 40));
    } else if (what < 75) {
      model.Write(key, std::nullopt);
    } else if (what < 98) {
      model.Read(key);
    } else if (what == 98) {
      moving ? model.EndMove(random() % 4 > 0) : model.BeginMove();
      moving = !moving;
    } else {
      model.table().Evict(static_cast<int64_t>(random() % 400000));
    }
  }
  if (moving) model.EndMove(true);
  model.CheckAll();
}

TEST(RowTable, EvictionFreesWhatTheStoreHasAndNothingElse) {
  Model model;
  for (int i = 0; i < 20000; ++i) model.Write("key" + std::to_string(i), std::string(100, 'x'));
  int64_t full = model.table().memory_bytes();
  EXPECT_GT(full, 20000 * 100);
  RowTable::Eviction none = model.table().Evict(full);
  EXPECT_EQ(none.bytes, 0);
  EXPECT_FALSE(none.lost_rows);
  model.BeginMove();
  EXPECT_EQ(model.table().Evict(full).bytes, 0);
  model.EndMove(true);
  EXPECT_EQ(model.store_size(), 20000u);
  RowTable::Eviction half = model.table().Evict(full / 2);
  EXPECT_GE(half.bytes, full / 2);
  EXPECT_TRUE(half.lost_rows);
  EXPECT_EQ(model.table().memory_bytes(), full - half.bytes);
  model.CheckAll();
}

TEST(RowTable, RowThatIsWrittenWhileItMovesIsMovedAgain) {
  Model model;
  model.Write("a", "1");
  model.Write("b", "1");
  model.BeginMove();
  model.Write("a", "2");
  model.EndMove(true);
  EXPECT_TRUE(model.table().has_dirty());
  std::vector<RowStore::Put> puts = model.table().BeginMove();
  ASSERT_EQ(puts.size(), 1u);
  EXPECT_EQ(puts[0].key, "a");
  EXPECT_EQ(RowOf(*puts[0].value), "2");
  model.table().EndMove(true);
}

TEST(RowTable, FailedMoveIsMovedAgainWithoutRowsThatWereWrittenAnew) {
  Model model;
  model.Write("a", "1");
  model.Write("b", "1");
  model.BeginMove();
  model.Write("a", "2");
  model.EndMove(false);
  std::map<std::string, std::string> moved;
  for (const RowStore::Put& put : model.table().BeginMove()) {
    EXPECT_TRUE(moved.emplace(put.key, RowOf(*put.value)).second);
  }
  EXPECT_EQ(moved, (std::map<std::string, std::string>{{"a", "2"}, {"b", "1"}}));
  model.table().EndMove(true);
}

TEST(RowTable, UsedRowsStayLongerThanOthers) {
  Model model;
  for (int i = 0; i < 30000; ++i) model.Write("key" + std::to_string(i), std::string(100, 'x'));
  model.BeginMove();
  model.EndMove(true);
  auto is_hot = [](int i) { return i % 10 == 0; };
  auto find = [&](int i) {
    std::string key = "key" + std::to_string(i);
    return model.table().Find(key, RowTable::HashOf(key));
  };
  for (int i = 0; i < 30000; ++i) {
    if (is_hot(i)) find(i)->MarkUsed();
  }
  model.table().Evict(model.table().memory_bytes() / 3);
  int hot = 0, cold = 0;
  for (int i = 0; i < 30000; ++i) {
    if (find(i) != nullptr) ++(is_hot(i) ? hot : cold);
  }
  EXPECT_GT(hot, 2900);
  EXPECT_LT(cold, 20000);
}

RowChange ChangeOf(std::string_view key) {
  RowChange change;
  change.key = key;
  change.hash = RowTable::HashOf(key);
  return change;
}

TEST(ChangeIndex, FindsTheLastChangeUntilItIsRemoved) {
  ChangeIndex index;
  RowChange first = ChangeOf("a"), second = ChangeOf("a"), other = ChangeOf("b");
  index.Add(first);
  index.Add(other);
  index.Add(second);
  EXPECT_EQ(index.Find("a", first.hash), &second);
  index.Remove(first);
  EXPECT_EQ(index.Find("a", first.hash), &second);
  index.Undo(second);
  EXPECT_EQ(index.Find("a", first.hash), nullptr);
  EXPECT_EQ(index.Find("b", other.hash), &other);
  index.Remove(other);
  EXPECT_EQ(index.Find("b", other.hash), nullptr);
}

TEST(ChangeIndex, UndoneChangesLeaveTheOnesBefore) {
  ChangeIndex index;
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back("key" + std::to_string(i % 300));
  std::vector<RowChange> changes;
  for (const std::string& key : keys) changes.push_back(ChangeOf(key));
  for (RowChange& change : changes) index.Add(change);
  for (int i = 999; i >= 300; --i) index.Undo(changes[i]);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(index.Find(keys[i], changes[i].hash), &changes[i]);
  for (int i = 0; i < 300; ++i) index.Remove(changes[i]);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(index.Find(keys[i], changes[i].hash), nullptr);
}

}  // namespace
}  // namespace forebay::storage
