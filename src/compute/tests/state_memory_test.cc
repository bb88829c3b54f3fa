#include "compute/state/state_memory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

#include "compute/state/keyed_table.h"
#include "compute/state/outside_charge.h"
#include "compute/state/state_allocator.h"
#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

constexpr int64_t kMiB = 1 << 20;

/// A table of 8-byte keys and payloads, filled through `memory` when it is not null.
std::unique_ptr<KeyedTable> FilledTable(int64_t rows) {
  auto table = std::make_unique<KeyedTable>(8, 48);
  for (int64_t i = 0; i < rows; ++i) {
    std::string_view key(reinterpret_cast<const char*>(&i), sizeof(i));
    auto* entry = table->FindOrInsertOne(key, static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15);
    StoreLe<int64_t>(table->Payload(entry), i * 7);
  }
  return table;
}

int64_t PayloadOf(KeyedTable& table, int64_t i) {
  std::string_view key(reinterpret_cast<const char*>(&i), sizeof(i));
  auto* entry = table.FindOne(key, static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15);
  return entry == nullptr ? -1 : LoadLe<int64_t>(table.Payload(entry));
}

TEST(StateMemory, KeepsWithinTheBudgetAndLosesNothing) {
  TempDirectory directory;
  auto budget = std::make_shared<StateBudget>(8 * kMiB, 0.4);
  StateMemory memory(budget, 1, directory.path());
  StateMemory::Scope scope(&memory);
  constexpr int64_t kRows = 600'000;
  auto table = FilledTable(kRows);
  EXPECT_GT(memory.bytes(), 40 * kMiB);
  EXPECT_GT(memory.spilled_bytes(), 32 * kMiB);
  std::mt19937_64 random(1);
  for (int i = 0; i < 300'000; ++i) {
    auto row = static_cast<int64_t>(random() % kRows);
    ASSERT_EQ(PayloadOf(*table, row), row * 7);
  }
  // Writes to what is on disk come back, too.
  for (int64_t row = 0; row < kRows; row += 3) {
    std::string_view key(reinterpret_cast<const char*>(&row), sizeof(row));
    auto* entry = table->FindOne(key, static_cast<uint64_t>(row) * 0x9e3779b97f4a7c15);
    StoreLe<int64_t>(table->Payload(entry), -row);
  }
  for (int i = 0; i < 100 && memory.resident_bytes() > 10 * kMiB; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LE(memory.resident_bytes(), 10 * kMiB);
  for (int64_t row = 0; row < kRows; ++row) {
    ASSERT_EQ(PayloadOf(*table, row), row % 3 == 0 ? -row : row * 7);
  }
  EXPECT_TRUE(memory.status().ok());
  table = nullptr;
  EXPECT_EQ(memory.bytes(), 0);
  EXPECT_EQ(memory.spilled_bytes(), 0);
}

/// State that cannot go to disk takes its part of the budget: the rest makes room.
TEST(StateMemory, StateElsewhereLeavesLessOfTheBudget) {
  TempDirectory directory;
  StateMemory memory(std::make_shared<StateBudget>(32 * kMiB, 0.4), 1, directory.path());
  StateMemory::Scope scope(&memory);
  int64_t spilled_alone = 0;
  {
    auto table = FilledTable(500'000);
    spilled_alone = memory.spilled_bytes();
  }
  OutsideCharge elsewhere(20 * kMiB);
  EXPECT_GE(memory.outside_bytes(), 20 * kMiB);
  auto table = FilledTable(500'000);
  EXPECT_GT(memory.spilled_bytes(), spilled_alone + 10 * kMiB);
  for (int i = 0; i < 100 && memory.resident_bytes() > 34 * kMiB; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LE(memory.resident_bytes(), 34 * kMiB);
  for (int64_t row = 0; row < 500'000; row += 7) ASSERT_EQ(PayloadOf(*table, row), row * 7);
  elsewhere.Set(0);
  table = nullptr;
  EXPECT_LE(memory.outside_bytes(), kMiB);
}

/// A batch of lookups whose entries are on disk finds all of them.
TEST(StateMemory, ABatchIsReadFromDiskAtOnce) {
  TempDirectory directory;
  StateMemory memory(std::make_shared<StateBudget>(4 * kMiB, 0.4), 1, directory.path());
  StateMemory::Scope scope(&memory);
  constexpr int64_t kRows = 400'000;
  auto table = FilledTable(kRows);
  ASSERT_GT(memory.spilled_bytes(), 16 * kMiB);
  std::mt19937_64 random(3);
  std::vector<const void*> addresses;
  for (int i = 0; i < 3000; ++i) {
    auto row = static_cast<int64_t>(random() % kRows);
    std::string_view key(reinterpret_cast<const char*>(&row), sizeof(row));
    addresses.push_back(table->FindOne(key, static_cast<uint64_t>(row) * 0x9e3779b97f4a7c15));
  }
  addresses.push_back(nullptr);
  addresses.push_back(&random);  // of no shard
  memory.Fetch(addresses);
  for (int64_t row = 0; row < kRows; row += 5) ASSERT_EQ(PayloadOf(*table, row), row * 7);
}

/// Batches of random keys touch pages faster than any disk takes them.
TEST(StateMemory, RowsWaitForTheDiskRatherThanFillMemory) {
  TempDirectory directory;
  StateMemory memory(std::make_shared<StateBudget>(8 * kMiB, 0.4, 0), 1, directory.path());
  StateMemory::Scope scope(&memory);
  constexpr int64_t kRows = 1'500'000;
  constexpr uint32_t kBatchRows = 2000;
  auto table = FilledTable(kRows);
  ASSERT_GT(memory.spilled_bytes(), 100 * kMiB);
  std::mt19937_64 random(5);
  std::vector<uint32_t> all(kBatchRows);
  std::iota(all.begin(), all.end(), 0);
  std::vector<KeyedTable::Entry*> entries;
  int64_t most = 0;
  for (int batch = 0; batch < 40; ++batch) {
    EncodedKeys keys;
    keys.rows.offsets = {0};
    std::vector<int64_t> rows;
    for (uint32_t i = 0; i < kBatchRows; ++i) {
      auto row = static_cast<int64_t>(random() % kRows);
      const char* key = reinterpret_cast<const char*>(&row);
      keys.rows.bytes.insert(keys.rows.bytes.end(), key, key + sizeof(row));
      keys.rows.offsets.push_back(static_cast<uint32_t>(keys.rows.bytes.size()));
      keys.hashes.push_back(static_cast<uint64_t>(row) * 0x9e3779b97f4a7c15);
      rows.push_back(row);
    }
    table->Find(keys, all, entries);
    for (uint32_t i = 0; i < kBatchRows; ++i) {
      ASSERT_NE(entries[i], nullptr);
      ASSERT_EQ(LoadLe<int64_t>(table->Payload(entries[i])), rows[i] * 7);
      StoreLe<int64_t>(table->Payload(entries[i]) + 8, batch);  // so that it must be written
    }
    most = std::max(most, memory.resident_bytes());
  }
  // Twice the least that the file may have (16 MiB), the budget, and what a few batches bring in:
  // 16 MiB each, of entries and of the index.
  EXPECT_LE(most, 96 * kMiB);
}

/// What the budget has no room for goes to disk while the index grows, and the index with it.
TEST(StateMemory, ATableGrowsWhileItsStateLiesOnDisk) {
  TempDirectory directory;
  StateMemory memory(std::make_shared<StateBudget>(2 * kMiB, 0.4), 1, directory.path());
  StateMemory::Scope scope(&memory);
  KeyedTable table(8, 48);
  constexpr int64_t kRows = 500'000;
  int64_t most = 0;
  for (int64_t row = 0; row < kRows; ++row) {
    std::string_view key(reinterpret_cast<const char*>(&row), sizeof(row));
    int64_t before = memory.spilled_bytes();
    auto* entry = table.FindOrInsertOne(key, static_cast<uint64_t>(row) * 0x9e3779b97f4a7c15);
    most = std::max(most, memory.spilled_bytes() - before);
    StoreLe<int64_t>(table.Payload(entry), row * 7);
    if (row % 1'000 == 999) {
      ASSERT_EQ(PayloadOf(table, row / 2), row / 2 * 7);
    }
  }
  // No row waits for more of it than a piece of memory takes.
  EXPECT_LE(most, 3 * kMiB);
  EXPECT_GT(memory.spilled_bytes(), 40 * kMiB);
  for (int64_t row = 0; row < kRows; ++row) ASSERT_EQ(PayloadOf(table, row), row * 7);
  EXPECT_TRUE(memory.status().ok());
}

TEST(StateMemory, FreedMemoryIsGivenOutAgain) {
  TempDirectory directory;
  StateMemory memory(std::make_shared<StateBudget>(kMiB, 0.4), 1, directory.path());
  StateMemory::Scope scope(&memory);
  std::mt19937_64 random(7);
  std::map<char*, std::pair<size_t, char>> pieces;
  for (int i = 0; i < 4'000; ++i) {
    if (pieces.size() < 40 || random() % 2 == 0) {
      size_t bytes = random() % 10 == 0 ? 3 * kMiB : 32'768 + random() % 300'000;
      auto* piece = static_cast<char*>(AllocateLarge(bytes));
      char mark = static_cast<char>(random());
      piece[0] = piece[bytes / 2] = piece[bytes - 1] = mark;
      ASSERT_TRUE(pieces.emplace(piece, std::pair(bytes, mark)).second);
    }
    if (pieces.size() > 60) {
      auto it = std::next(pieces.begin(), static_cast<long>(random() % pieces.size()));
      auto [bytes, mark] = it->second;
      for (size_t at : {size_t{0}, bytes / 2, bytes - 1}) ASSERT_EQ(it->first[at], mark);
      FreeLarge(it->first);
      pieces.erase(it);
    }
  }
  for (auto& [piece, content] : pieces) {
    ASSERT_EQ(piece[content.first - 1], content.second);
    FreeLarge(piece);
  }
  EXPECT_EQ(memory.bytes(), 0);
}

TEST(StateMemory, ContainersCountAndMayBeDestroyedByAnotherThread) {
  TempDirectory directory;
  auto memory =
      std::make_unique<StateMemory>(std::make_shared<StateBudget>(kMiB, 0.4), 1, directory.path());
  using Strings =
      std::map<int, StateString, std::less<int>, StateAllocator<std::pair<const int, StateString>>>;
  Strings* strings = nullptr;
  std::thread([&] {
    StateMemory::Scope scope(memory.get());
    strings = NewStateObject<Strings>();
    for (int i = 0; i < 100'000; ++i)
      (*strings)[i] = StateString(40, static_cast<char>('a' + i % 26));
  }).join();
  EXPECT_GT(memory->spilled_bytes(), 4 * kMiB);
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ((*strings)[i], StateString(40, static_cast<char>('a' + i % 26)));
  }
  DeleteStateObject(strings);
}

TEST(StateMemory, AFullDiskIsReportedAndLosesNothing) {
  StateMemory memory(std::make_shared<StateBudget>(kMiB, 0.4), 1, "/proc/no-such-place");
  StateMemory::Scope scope(&memory);
  auto table = FilledTable(50'000);
  EXPECT_FALSE(memory.status().ok());
  for (int64_t row = 0; row < 50'000; ++row) ASSERT_EQ(PayloadOf(*table, row), row * 7);
}

TEST(StateBudget, JobsWithoutANumberShareTheMachine) {
  StateBudget fixed(5 * kMiB, 0.4);
  EXPECT_EQ(fixed.bytes(), 5 * kMiB);
  StateBudget one(0, 0.5);
  int64_t alone = one.bytes();
  EXPECT_EQ(alone, StateBudget::MachineBytes() / 2);
  StateBudget two(0, 0.5);
  EXPECT_EQ(one.bytes(), alone / 2);
  EXPECT_EQ(two.bytes(), alone / 2);
}

}  // namespace
}  // namespace forebay::compute
