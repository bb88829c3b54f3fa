#include "compute/arrangement/versioned_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;

constexpr int kBuckets = 2;
constexpr int kIds = 12;
constexpr int64_t kGroups = 4;

struct Row {
  int64_t id;
  std::optional<int64_t> group;
  int64_t value;
  friend auto operator<=>(const Row&, const Row&) = default;
};

struct Change {
  ChangeType type;
  Row row;
};

/// The changelog of a table (id, group, value) with the primary key id, in two buckets.
class Table {
 public:
  explicit Table(unsigned seed) : random_(seed) {}

  /// One more write: a row, another value of a row, or the end of one.
  void Write() {
    int64_t id = Draw(kIds);
    auto& log = logs[static_cast<size_t>(id % kBuckets)];
    auto found = rows_.find(id);
    if (found != rows_.end() && Draw(4) == 0) {
      log.push_back({ChangeType::kDelete, found->second});
      rows_.erase(found);
      return;
    }
    Row next{id, Draw(6) == 0 ? std::nullopt : std::optional(Draw(kGroups)), Draw(3)};
    if (found != rows_.end()) {
      log.push_back({ChangeType::kUpdateBefore, found->second});
      log.push_back({ChangeType::kUpdateAfter, next});
    } else {
      log.push_back({ChangeType::kInsert, next});
    }
    rows_[id] = next;
  }
  int64_t Draw(int64_t count) { return static_cast<int64_t>(random_() % count); }

  /// The rows by group after the first `end` changes of each bucket, made anew from the changes.
  std::multimap<int64_t, Row> RowsAt(const Frontier& end) const {
    std::map<int64_t, Row> rows;
    std::multiset<std::pair<int64_t, Row>> left;
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      for (int64_t i = 0; i < end[bucket]; ++i) {
        const Change& change = logs[bucket][i];
        if (!change.row.group) continue;
        std::pair<int64_t, Row> entry(*change.row.group, change.row);
        if (model::IsRetraction(change.type)) {
          left.erase(left.find(entry));
        } else {
          left.insert(entry);
        }
      }
    }
    return {left.begin(), left.end()};
  }

  std::vector<Change> logs[kBuckets];

 private:
  std::mt19937 random_;
  std::map<int64_t, Row> rows_;
};

const std::vector<DataType> kTypes = {DataType::Bigint().NotNull(), DataType::Bigint(),
                                      DataType::Bigint()};

model::Batch BatchOf(std::span<const Change> changes) {
  model::BatchBuilder builder(kTypes);
  for (const Change& change : changes) {
    builder.column(0).Append(change.row.id);
    if (change.row.group) {
      builder.column(1).Append(*change.row.group);
    } else {
      builder.column(1).AppendNull();
    }
    builder.column(2).Append(change.row.value);
    builder.FinishRow(change.type);
  }
  return builder.Finish();
}

LogPiece PieceOf(const Table& table, int bucket, int64_t begin, int64_t end) {
  std::span<const Change> all(table.logs[bucket]);
  return {BatchOf(all.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))),
          begin};
}

/// What the index says of all groups at a frontier.
std::multimap<int64_t, Row> Ask(const VersionedRows& index, const Frontier& frontier) {
  model::BatchBuilder builder({DataType::Bigint()});
  std::vector<uint32_t> all;
  for (int64_t group = 0; group < kGroups; ++group) {
    builder.column(0).Append(group);
    builder.FinishRow();
    all.push_back(static_cast<uint32_t>(group));
  }
  EncodedKeys keys;
  index.codec().Encode(builder.Finish(), std::vector<int>{0}, keys);
  FoundVersions found;
  index.Find(keys, all, frontier, found);
  std::vector<const char*> bytes;
  for (size_t i = 0; i < found.rows.size(); ++i) bytes.push_back(found.At(i)->row());
  std::vector<model::Column> columns = index.rows().Decode(bytes);
  std::multimap<int64_t, Row> rows;
  for (size_t i = 0; i < bytes.size(); ++i) {
    int row = static_cast<int>(i);
    rows.emplace(found.rows[i], Row{columns[0].Get<int64_t>(row), columns[1].Get<int64_t>(row),
                                    columns[2].Get<int64_t>(row)});
  }
  return rows;
}

std::multiset<std::pair<int64_t, Row>> Sorted(const std::multimap<int64_t, Row>& rows) {
  return {rows.begin(), rows.end()};
}

void ExpectAllFrom(const VersionedRows& index, const Table& table, const Frontier& base) {
  for (int64_t a = base[0]; a <= std::ssize(table.logs[0]); ++a) {
    for (int64_t b = base[1]; b <= std::ssize(table.logs[1]); ++b) {
      ASSERT_EQ(Sorted(Ask(index, {a, b})), Sorted(table.RowsAt({a, b}))) << a << " " << b;
    }
  }
}

/// The rows at the end of a bucket, as a snapshot has them.
model::Batch SnapshotOf(const Table& table, int bucket) {
  std::map<int64_t, Row> rows;
  for (const Change& change : table.logs[bucket]) {
    if (model::IsRetraction(change.type)) {
      rows.erase(change.row.id);
    } else {
      rows[change.row.id] = change.row;
    }
  }
  std::vector<Change> changes;
  for (const auto& [id, row] : rows) changes.push_back({ChangeType::kInsert, row});
  return BatchOf(changes);
}

TEST(VersionedRowsTest, EveryFrontierSeesItsOwnRows) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Table table(seed);
    for (int i = 0; i < 30; ++i) table.Write();
    VersionedRows index(kTypes, {1}, kBuckets);
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      auto size = std::ssize(table.logs[bucket]);
      for (int64_t begin = 0; begin < size; begin += 3) {
        LogPiece piece = PieceOf(table, bucket, begin, std::min<int64_t>(begin + 3, size));
        ASSERT_TRUE(index.Apply(bucket, piece).ok());
      }
    }
    ExpectAllFrom(index, table, {0, 0});
  }
}

TEST(VersionedRowsTest, CompactionForgetsWhatNobodySeesAndThePastComesBack) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Table table(seed);
    for (int i = 0; i < 20; ++i) table.Write();
    Frontier snapshot;
    VersionedRows index(kTypes, {1}, kBuckets);
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      snapshot.push_back(std::ssize(table.logs[bucket]));
      index.AddSnapshot(bucket, SnapshotOf(table, bucket));
    }
    for (int i = 0; i < 20; ++i) table.Write();
    Frontier base;
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      int64_t end = std::ssize(table.logs[bucket]);
      ASSERT_TRUE(index.Apply(bucket, PieceOf(table, bucket, snapshot[bucket], end)).ok());
      base.push_back(snapshot[bucket] + table.Draw(end - snapshot[bucket] + 1));
    }
    ExpectAllFrom(index, table, snapshot);
    index.Compact(base);
    ExpectAllFrom(index, table, base);
    // Back to before the snapshot, in two steps.
    for (int step = 0; step < 2; ++step) {
      for (int bucket = 0; bucket < kBuckets; ++bucket) {
        int64_t from = step == 0 ? table.Draw(snapshot[bucket] + 1) : 0;
        from = std::min(from, base[bucket]);
        std::vector<LogPiece> pieces;
        for (int64_t begin = from; begin < base[bucket]; begin += 5) {
          // The last piece goes beyond, as a batch of a log may.
          int64_t end = std::min<int64_t>(begin + 5, std::ssize(table.logs[bucket]));
          pieces.push_back(PieceOf(table, bucket, begin, end));
        }
        Status applied = index.ApplyPast(bucket, pieces, base[bucket]);
        ASSERT_TRUE(applied.ok()) << applied.ToString();
        base[bucket] = from;
      }
      ExpectAllFrom(index, table, base);
    }
  }
}

TEST(VersionedRowsTest, CompactedToTheEndItHoldsTheTableAndNoMore) {
  Table table(7);
  for (int i = 0; i < 500; ++i) table.Write();
  VersionedRows index(kTypes, {1}, kBuckets);
  Frontier end;
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    end.push_back(std::ssize(table.logs[bucket]));
    ASSERT_TRUE(index.Apply(bucket, PieceOf(table, bucket, 0, end[bucket])).ok());
  }
  EXPECT_GT(index.num_versions(), 300);
  index.Compact(end);
  EXPECT_EQ(index.num_versions(), std::ssize(table.RowsAt(end)));
  EXPECT_EQ(Sorted(Ask(index, end)), Sorted(table.RowsAt(end)));
}

TEST(VersionedRowsTest, ARowThatIsNotThereCannotEnd) {
  VersionedRows index(kTypes, {1}, kBuckets);
  std::vector<Change> changes = {{ChangeType::kDelete, {1, 1, 1}}};
  Status applied = index.Apply(0, {BatchOf(changes), 0});
  EXPECT_EQ(applied.kind(), ErrorKind::kCorruption);
}

}  // namespace
}  // namespace forebay::compute
