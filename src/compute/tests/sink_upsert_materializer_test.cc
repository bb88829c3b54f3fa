#include "compute/sink/upsert_materializer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <map>

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::Batch;
using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<DataType> kTypes = {DataType::Bigint(), DataType::String()};

struct Change {
  ChangeType type;
  int64_t key;
  std::string text;
};

Batch Rows(const std::vector<Change>& changes) {
  model::BatchBuilder builder(kTypes);
  for (const Change& change : changes) {
    builder.column(0).Append(change.key);
    builder.column(1).AppendString(change.text);
    builder.FinishRow(change.type);
  }
  return builder.Finish();
}

std::vector<std::string> Texts(const Batch& batch) {
  std::vector<std::string> texts;
  for (int row = 0; row < batch.num_rows; ++row) {
    texts.push_back(
        fmt::format("{}[{}]", model::ChangeTypeText(batch.change(row)), RowText(batch, row)));
  }
  return texts;
}

constexpr ChangeType kI = ChangeType::kInsert, kUb = ChangeType::kUpdateBefore,
                     kUa = ChangeType::kUpdateAfter, kD = ChangeType::kDelete;

TEST(UpsertMaterializerTest, TakingBackAnOlderRowLeavesTheNewerOne) {
  UpsertMaterializer materializer(kTypes, {0});
  EXPECT_THAT(Texts(materializer.Process(Rows({{kI, 1, "a"}, {kI, 1, "b"}, {kUb, 1, "a"}}))),
              ElementsAre("+I[1,a]", "+U[1,b]"));
  EXPECT_THAT(Texts(materializer.Process(Rows({{kUa, 1, "c"}, {kD, 1, "c"}, {kD, 1, "b"}}))),
              ElementsAre("+U[1,c]", "+U[1,b]", "-D[1,b]"));
  EXPECT_THAT(Texts(materializer.Process(Rows({{kD, 1, "b"}, {kD, 2, "x"}}))), IsEmpty());
}

TEST(UpsertMaterializerTest, TheFirstOfEqualRowsIsTakenBack) {
  UpsertMaterializer materializer(kTypes, {0});
  materializer.Process(Rows({{kI, 1, "x"}, {kI, 1, "y"}, {kI, 1, "x"}}));
  EXPECT_THAT(Texts(materializer.Process(Rows({{kD, 1, "x"}}))), IsEmpty());
  EXPECT_THAT(Texts(materializer.Process(Rows({{kD, 1, "x"}}))), ElementsAre("+U[1,y]"));
}

TEST(UpsertMaterializerTest, RandomChangesEqualListsAlsoAfterRestores) {
  auto materializer = std::make_unique<UpsertMaterializer>(kTypes, std::vector<int>{0});
  MemoryState state;
  std::map<int64_t, std::deque<std::string>> model;
  std::map<int64_t, std::string> sink;
  std::mt19937 random(5);
  bool is_writing = false;
  for (int step = 0; step < 3000; ++step) {
    int64_t key = random() % 20;
    std::string text(random() % 4 + 1, static_cast<char>('a' + random() % 3));
    text += random() % 2 == 0 ? "" : " that is longer than what a cell holds";
    auto& list = model[key];
    bool take_back = random() % 2 == 0 && !list.empty();
    if (take_back) text = list[random() % list.size()];
    Batch out = materializer->Process(Rows({{take_back ? kUb : kUa, key, text}}));
    if (take_back) list.erase(std::find(list.begin(), list.end(), text));
    if (!take_back) list.push_back(text);
    for (int row = 0; row < out.num_rows; ++row) {
      if (out.change(row) == kD)
        sink.erase(key);
      else
        sink[key] = out.columns[1].GetString(row);
    }
    ASSERT_EQ(sink.contains(key), !list.empty()) << step;
    if (list.empty()) continue;
    ASSERT_EQ(sink[key], list.back()) << step;
    if (step % 50 < 40) continue;
    if (!is_writing) materializer->BeginSnapshot(state);
    is_writing = step % 200 >= 100 && step % 200 < 190 && !materializer->ContinueSnapshot(0);
    if (is_writing) continue;
    ASSERT_TRUE(materializer->ContinueSnapshot(INT64_MAX));
    state.Commit();
    if (step % 200 < 190) continue;
    materializer = std::make_unique<UpsertMaterializer>(kTypes, std::vector<int>{0});
    ASSERT_TRUE(materializer->Restore(state).ok());
  }
}

}  // namespace
}  // namespace forebay::compute
