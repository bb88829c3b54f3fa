#include "compute/state/state_expiry.h"

#include <gtest/gtest.h>

#include "compute/state/row_list.h"
#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

constexpr StateTtl kTtl{1000};

/// Keys 0, 1, 2, ... that each have a row, in a table that expires.
class ExpiringRows {
 public:
  ExpiringRows() { store_.KeepTimes(kTtl.ms); }

  void Write(int64_t key, int64_t now_ms) {
    store_.SetNow(now_ms);
    auto* entry = table_.FindOrInsertOne(KeyOf(key), HashOf(key));
    RowList& list = ListOf(entry);
    for (StoredRow* row : list) store_.FreeRow(row);
    store_.Clear(list);
    store_.Append(list, store_.NewRow({}, std::string(200, 'x'), key));
    table_.Due(entry) = kTtl.DueAfter(now_ms);
  }
  /// Whether the key is there, with the row that was written.
  bool Has(int64_t key) {
    auto* entry = table_.FindOne(KeyOf(key), HashOf(key));
    return entry != nullptr && ListOf(entry)[0]->tag == key;
  }
  void Sweep(int64_t now_ms, int64_t budget_ns) {
    expiry_.Sweep(now_ms, budget_ns, [&](KeyedTable::Entry* entry) {
      for (StoredRow* row : ListOf(entry)) store_.FreeRow(row);
      store_.Clear(ListOf(entry));
      table_.Erase(entry);
      ++expired_;
    });
  }
  int64_t size() const { return table_.size(); }
  int64_t expired() const { return expired_; }
  int64_t MemoryBytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }

 private:
  static std::string_view KeyOf(const int64_t& key) {
    return {reinterpret_cast<const char*>(&key), sizeof(key)};
  }
  static uint64_t HashOf(int64_t key) { return static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15; }
  RowList& ListOf(KeyedTable::Entry* entry) {
    return *reinterpret_cast<RowList*>(table_.Payload(entry));
  }

  KeyedTable table_{8, sizeof(RowList), true};
  RowStore store_;
  StateExpiry expiry_{table_, kTtl};
  int64_t expired_ = 0;
};

TEST(StateExpiry, SweepsAreBoundedAndFindAllThatIsDueInTheEnd) {
  ExpiringRows rows;
  constexpr int64_t kKeys = 100'000;
  for (int64_t key = 0; key < kKeys; ++key) rows.Write(key, 0);
  rows.Sweep(0, INT64_MAX / 2);  // knows the pages now
  for (int64_t key = 0; key < kKeys; key += 2) rows.Write(key, 500);
  rows.Sweep(999, INT64_MAX / 2);
  EXPECT_EQ(rows.expired(), 0);
  rows.Sweep(1000, 0);
  EXPECT_GT(rows.expired(), 0);
  EXPECT_LT(rows.expired(), 5'000) << "one page at a time when there is no time";
  for (int64_t now = 1001; now < 1400; ++now) rows.Sweep(now, 0);
  EXPECT_EQ(rows.size(), kKeys / 2);
  for (int64_t key = 0; key < 1000; ++key) EXPECT_EQ(rows.Has(key), key % 2 == 0);
  for (int64_t now = 1500; now < 2500; ++now) rows.Sweep(now, 0);
  EXPECT_EQ(rows.size(), 0);
}

TEST(StateExpiry, MemoryGoesBackAndIsUsedAgain) {
  ExpiringRows rows;
  constexpr int64_t kKeys = 200'000;
  for (int64_t key = 0; key < kKeys; ++key) rows.Write(key, key / 1000);
  int64_t full = rows.MemoryBytes();
  ASSERT_GT(full, kKeys * 200);
  rows.Sweep(200, INT64_MAX / 2);
  for (int64_t now = 1000; now < 3000; now += 10) rows.Sweep(now, INT64_MAX / 2);
  EXPECT_EQ(rows.size(), 0);
  EXPECT_LT(rows.MemoryBytes(), full / 5) << "the index of the table and little else";
  for (int64_t key = 0; key < kKeys; ++key) rows.Write(key, 3000 + key / 1000);
  EXPECT_LT(rows.MemoryBytes(), full + full / 5);
  for (int64_t key = 0; key < kKeys; ++key) ASSERT_TRUE(rows.Has(key));
}

TEST(StateExpiry, StateOnDiskExpires) {
  TempDirectory directory;
  constexpr int64_t kMiB = 1 << 20;
  StateMemory memory(std::make_shared<StateBudget>(2 * kMiB, 0.4), 1, directory.path());
  StateMemory::Scope scope(&memory);
  {
    ExpiringRows rows;
    constexpr int64_t kKeys = 50'000;
    for (int64_t key = 0; key < kKeys; ++key) rows.Write(key, 0);
    rows.Sweep(0, INT64_MAX / 2);
    EXPECT_GT(memory.spilled_bytes(), 4 * kMiB);
    for (int64_t key = 0; key < kKeys; key += 100) rows.Write(key, 900);
    for (int64_t now = 1000; now < 1500; now += 5) rows.Sweep(now, INT64_MAX / 2);
    EXPECT_EQ(rows.size(), kKeys / 100);
    for (int64_t key = 0; key < kKeys; key += 100) ASSERT_TRUE(rows.Has(key));
    for (int64_t key = 0; key < kKeys; ++key) rows.Write(key, 1500);
    for (int64_t key = 0; key < kKeys; ++key) ASSERT_TRUE(rows.Has(key));
  }
  EXPECT_TRUE(memory.status().ok());
}

}  // namespace
}  // namespace forebay::compute
