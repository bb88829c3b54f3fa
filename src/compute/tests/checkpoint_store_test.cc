#include "compute/checkpoint/checkpoint_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "compute/checkpoint/delta_spool.h"
#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

class CheckpointStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<CheckpointStore> Open(const std::string& plan = "plan") {
    return CheckpointStore::Open(*fs_, directory_.path(), plan).value();
  }
  static ShardSnapshot Delta(const std::string& key, const std::string& value) {
    ShardSnapshot snapshot;
    snapshot.state.SetOperator(3);
    snapshot.state.Put("t", 5, key, value);
    return snapshot;
  }
  static std::map<std::string, std::string> Entries(const StateMap& state) {
    std::map<std::string, std::string> entries;
    auto reader = state.ReaderOf(3, 0, 1);
    EXPECT_TRUE(reader
                    ->ForEach("t",
                              [&](std::string_view key, std::string_view value) {
                                entries[std::string(key)] = value;
                                return Status::Ok();
                              })
                    .ok());
    return entries;
  }
  std::vector<std::string> FilesWith(const std::string& prefix) {
    std::vector<std::string> names = fs_->List(directory_.path()).value();
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
    return names;
  }
  void Damage(const std::string& name, size_t at) {
    std::string path = io::JoinPath(directory_.path(), name);
    std::string bytes = io::ReadFile(*fs_, path).value();
    bytes[at % bytes.size()] ^= 0x40;
    auto file = fs_->Open(path, io::OpenMode::kTruncate).value();
    ASSERT_TRUE(file->Append(bytes).ok());
  }

  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  TempDirectory directory_;
};

using Map = std::map<std::string, std::string>;

TEST_F(CheckpointStoreTest, NothingToRestoreAtFirst) {
  EXPECT_FALSE(Open()->Restore().value().has_value());
}

TEST_F(CheckpointStoreTest, DeltasMergeToTheLatestEntry) {
  auto store = Open();
  ShardSnapshot first = Delta("a", "1");
  first.state.Put("t", 5, "b", "2");
  first.positions[{1, "split"}] = "log 7";
  ASSERT_TRUE(store->Write(1, {first}).ok());
  ShardSnapshot second = Delta("a", "3");
  second.state.Delete("t", 5, "b");
  second.commits.SetOperator(9);
  second.commits.Put("commit", kUnkeyed, "x", "rows");
  second.positions[{1, "split"}] = "log 9";
  ASSERT_TRUE(store->Write(2, {second}).ok());

  auto again = Open();
  auto restored = again->Restore().value();
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->id, 2);
  EXPECT_FALSE(restored->is_fallback);
  EXPECT_EQ(Entries(restored->state), (Map{{"a", "3"}}));
  EXPECT_EQ(restored->positions, (SourcePositions{{{1, "split"}, "log 9"}}));
  int commits = 0;
  ASSERT_TRUE(restored->commits.ReaderOf(9, 0, 1)
                  ->ForEach("commit",
                            [&](auto, auto value) {
                              commits += value == "rows";
                              return Status::Ok();
                            })
                  .ok());
  EXPECT_EQ(commits, 1);
}

TEST_F(CheckpointStoreTest, ReadersGetOnlyTheirKeyGroups) {
  StateMap state;
  CheckpointEntries entries;
  entries.SetOperator(3);
  for (int group = 0; group < kKeyGroups; ++group) {
    entries.Put("t", group, std::to_string(group), "");
  }
  entries.Put("t", kUnkeyed, "all", "");
  ASSERT_TRUE(state.ApplyAll(entries).ok());
  size_t total = 0;
  for (int shard = 0; shard < 3; ++shard) {
    (void)state.ReaderOf(3, shard, 3)->ForEach("t", [&](auto, auto) {
      ++total;
      return Status::Ok();
    });
  }
  EXPECT_EQ(total, size_t{kKeyGroups} + 3);
}

TEST_F(CheckpointStoreTest, DamagedNewestFallsBackAtEveryByte) {
  auto store = Open();
  ASSERT_TRUE(store->Write(1, {Delta("a", "1")}).ok());
  ASSERT_TRUE(store->Write(2, {Delta("a", "2")}).ok());
  std::string manifest = FilesWith("checkpoint-").back();
  std::string delta = FilesWith("delta-").back();
  for (const std::string& name : {manifest, delta}) {
    size_t size = fs_->FileSize(io::JoinPath(directory_.path(), name)).value();
    for (size_t at = 0; at < size; ++at) {
      Damage(name, at);
      auto restored = Open()->Restore();
      ASSERT_TRUE(restored.ok()) << name << " " << at << " " << restored.message();
      EXPECT_EQ((*restored)->id, 1);
      EXPECT_TRUE((*restored)->is_fallback);
      EXPECT_EQ(Entries((*restored)->state), (Map{{"a", "1"}}));
      Damage(name, at);  // and back
    }
  }
  EXPECT_EQ(Open()->Restore().value()->id, 2);
}

TEST_F(CheckpointStoreTest, AllDamagedIsAnErrorNotAFreshStart) {
  auto store = Open();
  ASSERT_TRUE(store->Write(1, {Delta("a", "1")}).ok());
  Damage(FilesWith("delta-").back(), 20);
  auto restored = Open()->Restore();
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.kind(), ErrorKind::kCorruption);
}

TEST_F(CheckpointStoreTest, AnotherPlanIsRefused) {
  ASSERT_TRUE(Open("one")->Write(1, {Delta("a", "1")}).ok());
  EXPECT_EQ(Open("two")->Restore().kind(), ErrorKind::kConflict);
}

TEST_F(CheckpointStoreTest, CompactsAndRemovesOldFiles) {
  auto store = Open();
  Map expected;
  for (int id = 1; id <= 300; ++id) {
    std::string key = std::to_string(id % 10), value = std::to_string(id);
    expected[key] = value;
    ASSERT_TRUE(store->Write(id, {Delta(key, value)}).ok());
  }
  EXPECT_EQ(FilesWith("checkpoint-").size(), size_t{CheckpointStore::kKeptCheckpoints});
  store = nullptr;
  // What gathered while the last merges ran.
  EXPECT_LT(FilesWith("").size(), 300u);
  auto restored = Open()->Restore().value();
  EXPECT_EQ(restored->id, 300);
  EXPECT_EQ(Entries(restored->state), expected);
}

/// Many keys, values from empty to larger than what is read at a time, removals, keys put and
/// removed in one checkpoint, where an entry counts more: what is restored is what was written
/// last, however it was merged.
TEST_F(CheckpointStoreTest, MergesKeepTheNewestOfEveryKey) {
  std::mt19937 random(7);
  Map expected;
  auto store = Open();
  bool had_run = false, had_base = false;
  for (int id = 1; id <= 120; ++id) {
    ShardSnapshot snapshot;
    snapshot.state.SetOperator(3);
    std::set<std::string> put;
    for (int i = 0; i < 40; ++i) {
      std::string key = "key" + std::to_string(random() % 400);
      int group = static_cast<int>(std::hash<std::string>()(key) % kKeyGroups);
      if (random() % 3 == 0) {
        snapshot.state.Delete("t", group, key);
        if (!put.contains(key)) expected.erase(key);
      } else if (put.insert(key).second) {
        size_t size = random() % 500 == 0 ? 300000 : random() % 50;
        expected[key] = std::string(size, static_cast<char>('a' + random() % 26));
        snapshot.state.Put("t", group, key, expected[key]);
      }
    }
    ASSERT_TRUE(store->Write(id, {snapshot}).ok());
    had_run |= !FilesWith("run-").empty();
    had_base |= !FilesWith("base-").empty();
    if (id % 25 == 0) {
      store = nullptr;  // waits for a running merge
      store = Open();
      auto restored = store->Restore().value();
      ASSERT_EQ(restored->id, id);
      ASSERT_EQ(Entries(restored->state), expected) << id;
    }
  }
  EXPECT_TRUE(had_run);
  EXPECT_TRUE(had_base);
}

/// The data files fall in size from the oldest to the newest, so that there are few of them.
TEST_F(CheckpointStoreTest, GrowingStateHasFewFiles) {
  auto store = Open();
  for (int id = 1; id <= 200; ++id) {
    ASSERT_TRUE(store->Write(id, {Delta(std::to_string(id), "value")}).ok());
    if (id % 10 == 0) {
      store = nullptr;
      store = Open();
      ASSERT_EQ(Entries(store->Restore().value()->state).size(), static_cast<size_t>(id));
    }
  }
  std::string manifest = FilesWith("checkpoint-").back();
  std::string text = io::ReadFile(*fs_, io::JoinPath(directory_.path(), manifest)).value();
  size_t files = 0;
  for (size_t at = 0; (at = text.find(".state", at)) != std::string::npos; ++at) ++files;
  EXPECT_LE(files, 2 * CheckpointStore::kMergedFilesMin + 5);
}

TEST_F(CheckpointStoreTest, ASavepointStandsForItself) {
  TempDirectory savepoints, other;
  std::string path = savepoints.path() + "/one";
  {
    auto store = Open();
    ShardSnapshot first = Delta("a", "1");
    first.positions[{1, "split"}] = "log 7";
    first.commits.SetOperator(9);
    first.commits.Put("commit", kUnkeyed, "x", "rows");
    ASSERT_TRUE(store->Write(1, {first}).ok());
    ShardSnapshot second = Delta("b", "2");
    second.positions[{1, "split"}] = "log 9";
    ASSERT_TRUE(store->Write(2, {second}).ok());
    ASSERT_TRUE(store->WriteSavepoint(path).ok());
  }
  ASSERT_TRUE(fs_->RemoveAll(directory_.path()).ok());
  auto foreign = CheckpointStore::ImportSavepoint(*fs_, path, other.path(), "another plan");
  EXPECT_EQ(foreign.kind(), ErrorKind::kConflict);
  EXPECT_EQ(CheckpointStore::ImportSavepoint(*fs_, other.path(), directory_.path(), "plan").kind(),
            ErrorKind::kNotFound);
  ASSERT_TRUE(CheckpointStore::ImportSavepoint(*fs_, path, other.path(), "plan").ok());
  auto store = CheckpointStore::Open(*fs_, other.path(), "plan").value();
  auto restored = store->Restore().value();
  ASSERT_TRUE(restored.has_value());
  EXPECT_TRUE(restored->is_savepoint);
  EXPECT_TRUE(restored->commits.empty());
  EXPECT_EQ(Entries(restored->state), (Map{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(restored->positions, (SourcePositions{{{1, "split"}, "log 9"}}));
  // The next checkpoint is no savepoint any more.
  ASSERT_TRUE(store->Write(store->last_id() + 1, {Delta("c", "3")}).ok());
  auto again = CheckpointStore::Open(*fs_, other.path(), "plan").value()->Restore().value();
  EXPECT_FALSE(again->is_savepoint);
  EXPECT_EQ(Entries(again->state).size(), 3u);
}

TEST_F(CheckpointStoreTest, LargeStateIsReadFromAFileByKeyGroups) {
  constexpr int kEntries = 80'000;
  const std::string filler(1000, 'x');
  {
    auto store = Open();
    for (int64_t id = 1; id <= 4; ++id) {
      ShardSnapshot snapshot;
      snapshot.state.SetOperator(3);
      for (int i = 0; i < kEntries; ++i) {
        if (i % 4 != id % 4 && id > 1) continue;
        std::string key = std::to_string(i);
        if (id == 4 && i % 8 == 0) {
          snapshot.state.Delete("t", i % kKeyGroups, key);
        } else {
          snapshot.state.Put("t", i % kKeyGroups, key, std::to_string(id) + filler);
        }
      }
      ASSERT_TRUE(store->Write(id, {snapshot}).ok());
    }
  }
  auto store = Open();
  auto restored = store->Restore().value();
  ASSERT_NE(restored->sorted, nullptr);
  int seen = 0;
  for (int shard = 0; shard < 3; ++shard) {
    auto reader = restored->ReaderOf(3, shard, 3);
    ASSERT_TRUE(reader
                    ->ForEach("t",
                              [&](std::string_view key, std::string_view value) {
                                int i = std::stoi(std::string(key));
                                EXPECT_EQ(ShardOf(i % kKeyGroups, 3), shard);
                                EXPECT_NE(i % 8, 0);
                                EXPECT_EQ(value[0],
                                          i % 4 == 0 ? '4' : static_cast<char>('0' + i % 4));
                                ++seen;
                                return Status::Ok();
                              })
                    .ok());
  }
  EXPECT_EQ(seen, kEntries - kEntries / 8);
  // Later checkpoints build on the sorted file.
  ASSERT_TRUE(store->Write(5, {Delta("new", "5")}).ok());
  auto again = Open()->Restore().value();
  EXPECT_EQ(again->id, 5);
}

/// Entries that a shard gave away while it made them are those of the checkpoint, and no more of
/// them wait in memory than may.
TEST_F(CheckpointStoreTest, DeltasAreWrittenWhileTheyAreMade) {
  constexpr int kEntries = 150'000;
  const std::string filler(1000, 'x');
  auto store = Open();
  std::atomic<bool> ended = false;
  DeltaSpool spool;
  spool.Begin([&] { return store->CreateDelta(1); });
  ShardSnapshot snapshot;
  std::thread shard([&] {
    snapshot.state.SetTaker(&spool);
    snapshot.state.SetOperator(3);
    for (int i = 0; i < 100; ++i) {
      snapshot.state.Put("t", i % kKeyGroups, std::to_string(i), "an older value");
    }
    for (int i = 0; i < kEntries; ++i) {
      snapshot.state.Put("t", i % kKeyGroups, std::to_string(i), filler);
      if (i % 3 == 0) snapshot.state.Delete("t", i % kKeyGroups, std::to_string(i));  // counts less
    }
    snapshot.state.SetTaker(nullptr);
    ended = true;
  });
  // Nobody writes: the shard waits when as much waits as may.
  while (spool.queued_bytes() < DeltaSpool::kQueuedBytesMax) std::this_thread::yield();
  EXPECT_TRUE(spool.IsFull());
  for (bool done = false; !done;) {
    done = ended;
    EXPECT_LE(spool.queued_bytes(), DeltaSpool::kQueuedBytesMax + (3 << 20));
    ASSERT_TRUE(spool.WriteQueued().ok());
    std::this_thread::yield();
  }
  shard.join();
  EXPECT_FALSE(snapshot.state.empty());
  // What is left are entries of 1 KiB, each third with a removal, of a part of at most 2 MiB.
  EXPECT_LT(snapshot.state.count(), 3000u);
  ASSERT_TRUE(store->Write(1, {snapshot}, spool.TakeFile()).ok());
  store = nullptr;
  auto restored = Open()->Restore().value();
  ASSERT_NE(restored->sorted, nullptr);
  std::set<std::string> keys;
  auto reader = restored->ReaderOf(3, 0, 1);
  ASSERT_TRUE(reader
                  ->ForEach("t",
                            [&](std::string_view key, std::string_view value) {
                              EXPECT_EQ(value, filler);
                              EXPECT_TRUE(keys.emplace(key).second);
                              return Status::Ok();
                            })
                  .ok());
  EXPECT_EQ(keys.size(), static_cast<size_t>(kEntries));
  EXPECT_TRUE(FilesWith("piece-").empty());
}

TEST_F(CheckpointStoreTest, WhoMayNotWaitKeepsItsPartWhileTheSpoolIsFull) {
  DeltaSpool spool;
  auto store = Open();
  spool.Begin([&] { return store->CreateDelta(1); });
  auto take = [&](bool may_wait) {
    ByteWriter part;
    part.WriteBytes(std::string(1 << 20, 'x'));
    bool taken = spool.TakePart(part, 1, may_wait);
    EXPECT_EQ(part.size(), taken ? 0u : 1u << 20);
    return taken;
  };
  while (spool.queued_bytes() < DeltaSpool::kQueuedBytesMax) ASSERT_TRUE(take(true));
  EXPECT_FALSE(take(false));
  ASSERT_TRUE(spool.WriteQueued().ok());
  EXPECT_TRUE(take(false));
}

TEST_F(CheckpointStoreTest, AClosedSpoolHoldsNobodyUp) {
  DeltaSpool spool;
  std::thread shard([&] {
    for (int i = 0; i < 100; ++i) {
      ByteWriter part;
      part.WriteBytes(std::string(1 << 20, 'x'));
      EXPECT_TRUE(spool.TakePart(part, 1, true));
    }
  });
  while (spool.queued_bytes() < DeltaSpool::kQueuedBytesMax) std::this_thread::yield();
  spool.Close();
  shard.join();
  EXPECT_EQ(spool.queued_bytes(), 0u);
}

}  // namespace
}  // namespace forebay::compute
