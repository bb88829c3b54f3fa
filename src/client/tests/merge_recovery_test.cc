#include <gmock/gmock.h>
#include <sys/wait.h>

#include <map>
#include <random>

#include "base/failpoint.h"
#include "client/tests/keyed_fixture.h"

namespace forebay::client {
namespace {

using model::DataType;

/// What the engine under test makes of the rows (key, number) written so far: an own, slow one.
struct EngineModel {
  std::map<std::string, std::string> properties;
  const char* function = nullptr;  ///< of the column; null: none
  /// The stored number and the written one give the new one.
  int64_t (*merge)(int64_t stored, int64_t written);
};

const EngineModel kEngines[] = {
    {{}, nullptr, [](int64_t, int64_t written) { return written; }},
    {{{"table.changelog.image", "WAL"}}, nullptr, [](int64_t, int64_t written) { return written; }},
    {{{"table.merge-engine", "first_row"}},
     nullptr,
     [](int64_t stored, int64_t) { return stored; }},
    {{{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "n"}},
     nullptr,
     [](int64_t stored, int64_t written) { return std::max(stored, written); }},
    {{{"table.merge-engine", "aggregation"}},
     "sum",
     [](int64_t stored, int64_t written) { return stored + written; }},
    {{{"table.merge-engine", "aggregation"}},
     "product",
     [](int64_t stored, int64_t written) {
       return static_cast<int64_t>(static_cast<uint64_t>(stored) * static_cast<uint64_t>(written));
     }},
};

/// A process that writes is killed at a random place; what a start makes of the changelog must be
/// what the engine made: a sum that is replayed is not added again.
class MergeRecoveryTest : public KeyedFixture, public testing::WithParamInterface<int> {
 protected:
  const EngineModel& engine() const { return kEngines[GetParam()]; }
  static std::pair<int64_t, int64_t> RowAt(int64_t i) { return {i % 17, i * 7919 % 1000 - 300}; }

  [[noreturn]] void RunChild(int pipe, int64_t first, const std::string& failpoint) {
    Open();
    static_cast<void>(ArmFailpoints(failpoint));
    for (int64_t i = first; i < first + 2000; ++i) {
      if (i % 25 == 24) static_cast<void>(ScanRows());
      auto [key, number] = RowAt(i);
      if (!TryPut({{Int(key), Int(number)}}).ok()) _exit(1);
      if (::write(pipe, &i, sizeof(i)) != sizeof(i)) _exit(2);
    }
    _exit(0);
  }
  std::vector<std::string> Due(int64_t count) const {
    std::map<int64_t, int64_t> rows;
    for (int64_t i = 0; i < count; ++i) {
      auto [key, number] = RowAt(i);
      auto [row, inserted] = rows.emplace(key, number);
      if (!inserted) row->second = engine().merge(row->second, number);
    }
    std::vector<std::string> texts;
    for (const auto& [key, number] : rows) texts.push_back(fmt::format("{}|{}", key, number));
    std::sort(texts.begin(), texts.end());
    return texts;
  }
};

TEST_P(MergeRecoveryTest, AStartRebuildsWhatTheEngineMade) {
  model::ColumnSpec column{"n", DataType::Bigint()};
  if (engine().function != nullptr) column = Aggregated("n", DataType::Bigint(), engine().function);
  Create({column}, engine().properties);
  std::mt19937 random(static_cast<unsigned>(GetParam()) + 5);
  const char* places[] = {"log.before_write", "log.before_fsync", "log.after_fsync",
                          "kv.before_move", "kv.after_move"};
  int64_t next = 0;
  for (int cycle = 0; cycle < 10; ++cycle) {
    Shut();
    const char* place = places[cycle % 5];
    int hits = 1 + static_cast<int>(random() % (cycle % 5 < 3 ? 100 : 5));
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) RunChild(pipes[1], next, fmt::format("{}={}", place, hits));
    close(pipes[1]);
    int64_t acked = next - 1, i = 0;
    while (read(pipes[0], &i, sizeof(i)) == sizeof(i)) acked = i;
    close(pipes[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus) << place;
    Open();
    // One write more than the acknowledged may have been stored.
    std::vector<std::string> rows = ScanRows();
    bool one_more = rows != Due(acked + 1);
    ASSERT_EQ(rows, Due(acked + 1 + (one_more ? 1 : 0))) << place;
    // A write that changed nothing may be made again.
    next = acked + 1 + (one_more ? 1 : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, MergeRecoveryTest, testing::Range(0, 6));

}  // namespace
}  // namespace forebay::client
