#include <gmock/gmock.h>
#include <sys/wait.h>

#include <random>
#include <set>

#include "base/failpoint.h"
#include "client/tablet_gateway.h"
#include "client/tests/keyed_fixture.h"
#include "format/row/row_key.h"

namespace forebay::client {
namespace {

using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::HasSubstr;

class AutoIncrementTest : public KeyedFixture {
 protected:
  void CreateNumbered(int buckets = 1, const char* cache_size = "3",
                      DataType type = DataType::Bigint(), const char* image = "FULL") {
    Create({{"name", DataType::String()}, {"number", std::move(type)}},
           {{"table.auto-increment.cache-size", cache_size}, {"table.changelog.image", image}},
           {"number"}, buckets);
  }
  void PutNames(const std::vector<std::pair<int64_t, const char*>>& rows) {
    std::vector<Cells> cells;
    for (const auto& [id, name] : rows) cells.push_back({Int(id), Text(name), Null()});
    Put(cells, {0, 1});
  }
  static std::string KeyOf(int64_t id) {
    model::ColumnBuilder builder(DataType::Bigint().NotNull());
    builder.Append(id);
    std::vector<model::Column> key = {builder.Finish()};
    return std::string((*format::EncodeKeys(key))[0]);
  }
  Result<FoundRows> LookupOrInsert(const std::vector<int64_t>& ids) {
    auto gateway = TabletGateway::Open(*storage_);
    auto table = gateway->OpenTable(Info().id);
    std::vector<std::string> keys;
    for (int64_t id : ids) keys.push_back(KeyOf(id));
    Result<FoundRows> rows = Internal("not called");
    auto called = std::make_shared<Signal>();
    (*table)->LookupOrInsert(0, keys, [&rows, called](auto found) {
      rows = std::move(found);
      called->Raise();
    });
    EXPECT_TRUE(called->WaitFor(std::chrono::seconds(60)));
    return rows;
  }
};

TEST_F(AutoIncrementTest, NewRowsGetTheNextValuesAndKeepThem) {
  CreateNumbered();
  PutNames({{10, "a"}, {20, "b"}, {10, "c"}});
  PutNames({{30, "d"}, {20, "e"}, {40, "f"}, {50, "g"}});
  EXPECT_THAT(ScanRows(), ElementsAre("10|c|1", "20|e|2", "30|d|3", "40|f|4", "50|g|5"));
  EXPECT_EQ(Changelog()[0], "+I 10|a|1");
  // A clean stop wastes none.
  Reopen();
  PutNames({{60, "h"}, {70, "i"}});
  EXPECT_EQ(Find(60), "60|h|6");
  EXPECT_EQ(Find(70), "70|i|7");
}

TEST_F(AutoIncrementTest, OnlyTheServerGivesValues) {
  CreateNumbered();
  EXPECT_THAT(TryPut({{Int(1), Text("a"), Int(9)}}).message(), HasSubstr("target columns"));
  EXPECT_THAT(TryPut({{Int(1), Text("a"), Int(9)}}, {0, 1, 2}).message(),
              HasSubstr("must not be a target column"));
  EXPECT_THAT(Changelog(), testing::IsEmpty());
}

TEST_F(AutoIncrementTest, BucketsShareTheNumbersWithoutOverlap) {
  CreateNumbered(4, "5", DataType::Int());
  for (int64_t id = 0; id < 200; ++id) PutNames({{id, "x"}});
  Reopen();
  for (int64_t id = 200; id < 300; ++id) PutNames({{id, "x"}});
  std::set<std::string> numbers;
  for (const std::string& row : ScanRows()) {
    EXPECT_TRUE(numbers.insert(row.substr(row.rfind('|') + 1)).second) << row;
  }
  EXPECT_EQ(numbers.size(), 300u);
  EXPECT_FALSE(numbers.contains("NULL"));
}

TEST_F(AutoIncrementTest, TheWalImageKeepsValuesToo) {
  CreateNumbered(1, "3", DataType::Bigint(), "WAL");
  PutNames({{1, "a"}});
  PutNames({{1, "b"}});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|a|1", "+U 1|b|1"));
}

TEST_F(AutoIncrementTest, ColumnsThatCannotBeNumberedAreRefused) {
  std::vector<model::ColumnSpec> columns = {{"a", DataType::String()}, {"b", DataType::Int()}};
  for (const std::vector<std::string>& numbered :
       std::vector<std::vector<std::string>>{{"a"}, {"b", "b"}, {"none"}, {"id"}}) {
    EXPECT_EQ(TryCreate(columns, {}, numbered).kind(), ErrorKind::kInvalidArgument) << numbered[0];
  }
  EXPECT_EQ(TryCreate(columns, {{"table.auto-increment.cache-size", "0"}}).kind(),
            ErrorKind::kInvalidArgument);
}

TEST_F(AutoIncrementTest, LookupsInsertKeysThatAreMissing) {
  CreateNumbered();
  PutNames({{1, "a"}});
  auto rows = LookupOrInsert({1, 2, 3, 2});
  ASSERT_TRUE(rows.ok()) << rows.status().ToString();
  for (const auto& row : rows->rows) EXPECT_TRUE(row.has_value());
  EXPECT_EQ(rows->rows[1], rows->rows[3]);
  ASSERT_TRUE(LookupOrInsert({3, 1}).ok());
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|a|1", "+I 2|NULL|2", "+I 3|NULL|3"));
  EXPECT_EQ(LookupOrInsert({}).value().rows.size(), 0u);
}

TEST_F(AutoIncrementTest, LookupsInsertNothingWhereColumnsMustHaveValues) {
  Create({{"name", DataType::String().NotNull()}});
  EXPECT_EQ(LookupOrInsert({1}).kind(), ErrorKind::kOutOfRange);
  EXPECT_THAT(Changelog(), testing::IsEmpty());
}

/// A process is killed while it inserts; no number may ever stand in two rows, and every
/// acknowledged row keeps its own.
TEST_F(AutoIncrementTest, NoNumberIsGivenTwiceAcrossCrashes) {
  CreateNumbered(2, "7");
  std::mt19937 random(11);
  const char* places[] = {"log.before_write", "log.after_fsync",    "kv.before_move",
                          "kv.after_move",    "file.before_rename", "file.after_rename"};
  std::map<std::string, std::string> seen;  // number by row
  int64_t next = 0;
  for (int cycle = 0; cycle < 18; ++cycle) {
    Shut();
    const char* place = places[cycle % 6];
    int hits = 1 + static_cast<int>(random() % (cycle % 6 < 2 ? 60 : 4));
    pid_t child = fork();
    if (child == 0) {
      Open();
      static_cast<void>(ArmFailpoints(fmt::format("{}={}", place, hits)));
      for (int64_t id = next; id < next + 400; ++id) {
        if (id % 30 == 29) static_cast<void>(ScanRows());
        if (!TryPut({{Int(id), Text("x"), Null()}}, {0, 1}).ok()) _exit(1);
      }
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus) << place;
    Open();
    std::set<std::string> numbers;
    std::map<std::string, std::string> found;
    for (const std::string& row : ScanRows()) {
      std::string number = row.substr(row.rfind('|') + 1);
      ASSERT_TRUE(numbers.insert(number).second) << number << " twice, after " << place;
      found[row.substr(0, row.find('|'))] = number;
    }
    for (const auto& [id, number] : seen) ASSERT_EQ(found[id], number) << id << " after " << place;
    seen = std::move(found);
    next = 0;
    for (const auto& [id, number] : seen) next = std::max<int64_t>(next, std::stoll(id) + 1);
  }
}

}  // namespace
}  // namespace forebay::client
