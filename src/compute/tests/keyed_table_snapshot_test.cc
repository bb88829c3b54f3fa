#include <random>

#include "compute/state/keyed_table.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

/// What a checkpoint makes of the entries it is given: an entry counts more than a deletion.
class StoredValues : public StateWriter {
 public:
  void Put(std::string_view, int, std::string_view key, std::string_view value) override {
    EXPECT_TRUE(puts_.emplace(LoadLe<int64_t>(key.data()), LoadLe<int64_t>(value.data())).second);
  }
  void Delete(std::string_view, int, std::string_view key) override {
    deletes_.insert(LoadLe<int64_t>(key.data()));
  }
  void Commit() {
    for (int64_t key : deletes_) {
      if (puts_.contains(key)) continue;
      EXPECT_EQ(values.erase(key), 1u) << "deletes what is not there";
    }
    for (auto [key, value] : puts_) values[key] = value;
    puts_.clear();
    deletes_.clear();
  }
  std::map<int64_t, int64_t> values;

 private:
  std::map<int64_t, int64_t> puts_;
  std::set<int64_t> deletes_;
};

/// A table of BIGINT keys and values, beside a plain map.
class TwinTable {
 public:
  KeyedTable::Entry* Find(int64_t key) {
    std::string_view bytes(reinterpret_cast<const char*>(&key), sizeof(key));
    return table.FindOrInsertOne(bytes, static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15);
  }
  void Set(int64_t key, int64_t value) {
    auto* entry = Find(key);
    StoreLe<int64_t>(table.Payload(entry), value);
    table.MarkDirty(entry);
    plain[key] = value;
  }
  void Erase(int64_t key) {
    if (plain.erase(key) == 0) return;
    auto* entry = Find(key);
    StoreLe<int64_t>(table.Payload(entry), -1);  // what its owner frees is gone
    table.Erase(entry);
  }
  void Begin(StateWriter& writer) {
    table.BeginSnapshot(writer, "t", [this](KeyedTable::Entry* entry, ByteWriter& value) {
      value.Write<int64_t>(LoadLe<int64_t>(table.Payload(entry)));
    });
  }

  KeyedTable table{8, 8};
  std::map<int64_t, int64_t> plain;
};

TEST(KeyedTableSnapshot, HoldsTheMomentItBeganWhateverHappensWhileItIsWritten) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 20; ++round) {
    TwinTable twin;
    StoredValues stored;
    int64_t keys = round % 2 == 0 ? 30 : 2000;
    for (int snapshot = 0; snapshot < 15; ++snapshot) {
      auto change = [&] {
        auto key = static_cast<int64_t>(random() % static_cast<uint64_t>(keys));
        if (random() % 3 == 0) {
          twin.Erase(key);
        } else {
          twin.Set(key, static_cast<int64_t>(random() % 1000));
        }
      };
      for (int i = 0; i < 500; ++i) change();
      std::map<int64_t, int64_t> at_begin = twin.plain;
      twin.Begin(stored);
      // A deadline that has passed: it writes as little as it can.
      while (!twin.table.ContinueSnapshot(0)) {
        for (int i = 0; i < 5; ++i) change();
      }
      stored.Commit();
      ASSERT_EQ(stored.values, at_begin) << "round " << round << " snapshot " << snapshot;
    }
  }
}

/// The index and the lists of changes grow while a snapshot is written.
TEST(KeyedTableSnapshot, HoldsTheMomentItBeganWhileTheTableGrows) {
  constexpr int64_t kStep = 60'000;
  TwinTable twin;
  StoredValues stored;
  for (int64_t key = 0; key < kStep; ++key) twin.Set(key, key);
  for (int64_t begin = kStep; begin < 6 * kStep; begin += kStep) {
    std::map<int64_t, int64_t> at_begin = twin.plain;
    twin.Begin(stored);
    for (int64_t key = begin; key < begin + kStep; ++key) {
      twin.Set(key, key * 3);
      if (key % 3 == 0) twin.Set(key - kStep, -key);  // which the snapshot still wants
      if (key % 7 == 0) twin.Erase(key - kStep);
      if (key % 5 == 0) twin.table.ContinueSnapshot(0);
    }
    twin.table.FinishSnapshot();
    stored.Commit();
    ASSERT_EQ(stored.values, at_begin);
  }
}

TEST(KeyedTable, GrowsWhileItIsIterated) {
  TwinTable twin;
  for (int64_t key = 0; key < 1'000; ++key) twin.Set(key, key);
  std::map<int64_t, int> seen;
  // Every entry makes one more, until there are many; those that are made come last.
  twin.table.ForEach([&](KeyedTable::Entry* entry) {
    auto key = LoadLe<int64_t>(twin.table.Key(entry).data());
    ASSERT_EQ(LoadLe<int64_t>(twin.table.Payload(entry)), twin.plain.at(key));
    ++seen[key];
    auto made = static_cast<int64_t>(twin.plain.size());
    if (made < 200'000) twin.Set(made, -made);
  });
  EXPECT_EQ(seen.size(), 200'000u);
  for (auto [key, times] : seen) ASSERT_EQ(times, 1) << key;
  for (auto [key, value] : twin.plain) {
    ASSERT_EQ(LoadLe<int64_t>(twin.table.Payload(twin.Find(key))), value);
  }
}

TEST(KeyedTableSnapshot, WritesOnlyWhatChanged) {
  TwinTable twin;
  StoredValues stored;
  for (int64_t key = 0; key < 100; ++key) twin.Set(key, key);
  twin.Begin(stored);
  twin.table.FinishSnapshot();
  stored.Commit();
  EXPECT_EQ(stored.values.size(), 100u);
  stored.values.clear();
  twin.Set(7, 70);
  twin.Begin(stored);
  twin.Set(8, 80);  // after it began
  twin.table.FinishSnapshot();
  stored.Commit();
  EXPECT_EQ(stored.values, (std::map<int64_t, int64_t>{{7, 70}}));
  stored.values.clear();
  twin.Begin(stored);
  twin.table.FinishSnapshot();
  stored.Commit();
  EXPECT_EQ(stored.values, (std::map<int64_t, int64_t>{{8, 80}}));
}

TEST(KeyedTableSnapshot, ADroppedTableDeletesWhatCheckpointsHave) {
  TwinTable twin;
  StoredValues stored;
  for (int64_t key = 0; key < 1000; ++key) twin.Set(key, key);
  twin.Begin(stored);
  twin.table.FinishSnapshot();
  stored.Commit();
  ASSERT_EQ(stored.values.size(), 1000u);
  for (int64_t key = 0; key < 300; ++key) twin.Erase(key);
  for (int64_t key = 1000; key < 1100; ++key) twin.Set(key, key);  // in no checkpoint
  int slices = 1;
  while (!twin.table.ContinueDrop(stored, "t", {}, 0)) ++slices;
  EXPECT_GT(slices, 20);
  stored.Commit();
  EXPECT_TRUE(stored.values.empty());
}

}  // namespace
}  // namespace forebay::compute
