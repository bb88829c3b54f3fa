#include <gmock/gmock.h>

#include "client/tests/keyed_fixture.h"

namespace forebay::client {
namespace {

using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class MergeEngineTest : public KeyedFixture {};

TEST_F(MergeEngineTest, FirstRowKeepsTheFirstRowOfAKeyAlsoWithinABatchAndAfterARestart) {
  Create({{"name", DataType::String()}}, {{"table.merge-engine", "first_row"}});
  Put({{Int(1), Text("a")}, {Int(1), Text("b")}, {Int(2), Text("c")}});
  Put({{Int(1), Text("d")}, {Int(2), Text("c")}});
  Delete({Int(1), Null()});
  auto changelog = ElementsAre("+I 1|a", "+I 2|c");
  EXPECT_THAT(Changelog(), changelog);
  Reopen();
  Put({{Int(2), Text("e")}, {Int(3), Null()}, {Int(3), Text("f")}});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|a", "+I 2|c", "+I 3|NULL"));
  EXPECT_THAT(ScanRows(), ElementsAre("1|a", "2|c", "3|NULL"));
}

TEST_F(MergeEngineTest, AWriteThatTheEngineDropsTakesOneOffset) {
  Create({{"name", DataType::String()}}, {{"table.merge-engine", "FIRST_ROW"}});
  auto writer = connection_->OpenWriter(kKeyed);
  auto first = (*writer)->Write(BatchOf({{Int(1), Text("a")}}));
  auto dropped = (*writer)->Write(BatchOf({{Int(1), Text("b")}, {Int(1), Text("c")}}));
  ASSERT_TRUE(first.ok() && dropped.ok());
  EXPECT_EQ((*first)[0].next_offset, 1);
  EXPECT_EQ((*dropped)[0].next_offset, 2);
}

TEST_F(MergeEngineTest, VersionedKeepsTheGreatestVersionAndTakesEqualOnes) {
  Create({{"v", DataType::Int()}, {"name", DataType::String()}},
         {{"table.merge-engine", "versioned"}, {"table.merge-engine.versioned.ver-column", "v"}});
  Put({{Int(1), Int(5), Text("five")}});
  Put({{Int(1), Int(4), Text("older")}});
  Put({{Int(1), Null(), Text("no version")}});
  EXPECT_EQ(Find(1), "1|5|five");
  Put({{Int(1), Int(5), Text("five again")},
       {Int(1), Int(7), Text("seven")},
       {Int(1), Int(6), Text("six")}});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|5|five", "-U 1|5|five", "+U 1|5|five again",
                                       "-U 1|5|five again", "+U 1|7|seven"));
  // NULL is the smallest version, and INT's smallest number is as small.
  Put({{Int(2), Null(), Text("a")}});
  Put({{Int(2), Int(INT32_MIN), Text("b")}});
  Put({{Int(2), Null(), Text("c")}});
  Put({{Int(2), Int(INT32_MIN + 1), Text("d")}});
  Put({{Int(2), Null(), Text("e")}});
  Delete({Int(2), Null(), Null()});
  Reopen();
  Put({{Int(1), Int(6), Text("late")}, {Int(2), Int(0), Text("zero")}});
  EXPECT_THAT(ScanRows(), ElementsAre("1|7|seven", "2|0|zero"));
}

TEST_F(MergeEngineTest, VersionsMayBeTimes) {
  for (DataType type : {DataType::Timestamp(3), DataType::TimestampLtz(9), DataType::Bigint()}) {
    Create({{"v", type}}, {{"table.merge-engine", "versioned"},
                           {"table.merge-engine.versioned.ver-column", "v"},
                           {"table.delete.behavior", "DISABLE"}});
    Put({{Int(1), Int(-3)}, {Int(1), Int(-5)}, {Int(2), Null()}, {Int(2), Int(-9)}});
    EXPECT_EQ(Changelog().size(), 4u) << type.ToString();  // +I, +I, -U, +U
    EXPECT_EQ(TryPut({{Int(1), Null()}}, {}, ChangeType::kDelete).kind(), ErrorKind::kNotSupported);
    ASSERT_TRUE(connection_->admin().DropTable(kKeyed).ok());
  }
}

TEST_F(MergeEngineTest, AggregationMergesEachColumnByItsFunction) {
  Create({Aggregated("total", DataType::Bigint(), "sum"),
          Aggregated("most", DataType::Int(), "max"),
          Aggregated("least", DataType::Double(), "min"),
          Aggregated("last", DataType::String(), "last_value"),
          {"last_set", DataType::String()},
          Aggregated("first", DataType::String(), "first_value"),
          Aggregated("list", DataType::String(), "listagg"),
          Aggregated("names", DataType::String(), "string_agg", {{"delimiter", "; "}}),
          Aggregated("every", DataType::Boolean(), "bool_and"),
          Aggregated("any", DataType::Boolean(), "bool_or")},
         {{"table.merge-engine", "aggregation"}});
  auto yes = model::Value(true), no = model::Value(false);
  auto real = [](double value) { return model::Value(value); };
  Put({{Int(1), Int(10), Int(3), real(1.5), Text("a"), Text("b"), Null(), Text("x"), Text("p"), yes,
        no}});
  EXPECT_EQ(Find(1), "1|10|3|1.5|a|b|NULL|x|p|TRUE|FALSE");
  Put({{Int(1), Int(-4), Int(2), real(2.5), Null(), Null(), Text("f"), Text("y"), Null(), no, yes},
       {Int(1), Null(), Int(9), real(-1), Text("c"), Text("d"), Text("g"), Null(), Text("q"), yes,
        no}});
  EXPECT_EQ(Find(1), "1|6|9|-1.0|c|d|f|x,y|p; q|FALSE|TRUE");
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|10|3|1.5|a|b|NULL|x|p|TRUE|FALSE",
                                       "-U 1|10|3|1.5|a|b|NULL|x|p|TRUE|FALSE",
                                       "+U 1|6|3|1.5|NULL|b|f|x,y|p|FALSE|TRUE",
                                       "-U 1|6|3|1.5|NULL|b|f|x,y|p|FALSE|TRUE",
                                       "+U 1|6|9|-1.0|c|d|f|x,y|p; q|FALSE|TRUE"));
  Delete({Int(1)});  // ignored unless said otherwise
  Reopen();
  Put({{Int(1), Int(1), Null(), Null(), Null(), Null(), Null(), Null(), Null(), Null(), Null()}});
  EXPECT_EQ(Find(1), "1|7|9|-1.0|NULL|d|f|x,y|p; q|FALSE|TRUE");
}

TEST_F(MergeEngineTest, AggregationDeletesRowsWhereThatIsAllowed) {
  Create({Aggregated("total", DataType::Bigint(), "sum")},
         {{"table.merge-engine", "aggregation"}, {"table.delete.behavior", "allow"}});
  Put({{Int(1), Int(10)}, {Int(1), Int(5)}});
  Delete({Int(1), Null()});
  Put({{Int(1), Int(3)}});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|10", "-U 1|10", "+U 1|15", "-D 1|15", "+I 1|3"));
}

TEST_F(MergeEngineTest, AggregationOfSomeColumnsLeavesTheOthers) {
  Create({Aggregated("a", DataType::Bigint(), "sum"),
          Aggregated("b", DataType::Bigint(), "sum"),
          {"c", DataType::String()}},
         {{"table.merge-engine", "aggregation"}, {"table.delete.behavior", "allow"}});
  Put({{Int(1), Int(1), Null(), Null()}}, {0, 1});
  Put({{Int(1), Null(), Int(5), Null()}}, {0, 2});
  Put({{Int(1), Int(2), Null(), Null()}}, {0, 1});
  Put({{Int(1), Null(), Int(5), Text("x")}}, {0, 2, 3});
  EXPECT_EQ(Find(1), "1|3|10|x");
  Delete({Int(1), Null(), Null(), Null()}, {0, 2, 3});
  EXPECT_EQ(Find(1), "1|3|NULL|NULL");
  Delete({Int(1), Null(), Null(), Null()}, {0, 1});  // nothing else has a value
  EXPECT_EQ(Find(1), "-");
}

TEST_F(MergeEngineTest, OnlyAggregationTakesPartialUpdates) {
  for (const char* engine : {"first_row", "versioned"}) {
    Create({{"v", DataType::Int()}, {"name", DataType::String()}},
           {{"table.merge-engine", engine}, {"table.merge-engine.versioned.ver-column", "v"}});
    Status refused = TryPut({{Int(1), Int(1), Null()}}, {0, 1});
    EXPECT_EQ(refused.kind(), ErrorKind::kOutOfRange);
    EXPECT_THAT(refused.message(), HasSubstr(engine));
    EXPECT_THAT(Changelog(), IsEmpty());
    ASSERT_TRUE(connection_->admin().DropTable(kKeyed).ok());
  }
}

TEST_F(MergeEngineTest, DeletesAreIgnoredByDefaultAndClientsSeeThat) {
  Create({{"name", DataType::String()}}, {{"table.merge-engine", "first_row"}});
  EXPECT_EQ(Info().descriptor.properties["table.delete.behavior"], "IGNORE");
}

TEST_F(MergeEngineTest, TablesThatContradictThemselvesAreRefused) {
  using Properties = std::map<std::string, std::string>;
  std::vector<model::ColumnSpec> plain = {{"v", DataType::String()}};
  auto refused = [&](std::vector<model::ColumnSpec> columns, Properties properties) {
    Status status = TryCreate(std::move(columns), std::move(properties));
    EXPECT_EQ(status.kind(), ErrorKind::kInvalidArgument);
    return status.message();
  };
  EXPECT_THAT(refused(plain, {{"table.merge-engine", "no"}}), HasSubstr("none of FIRST_ROW"));
  EXPECT_THAT(refused(plain, {{"table.merge-engine", "versioned"}}), HasSubstr("must be set"));
  EXPECT_THAT(refused(plain, {{"table.merge-engine", "versioned"},
                              {"table.merge-engine.versioned.ver-column", "w"}}),
              HasSubstr("no version column 'w'"));
  EXPECT_THAT(refused(plain, {{"table.merge-engine", "versioned"},
                              {"table.merge-engine.versioned.ver-column", "v"}}),
              HasSubstr("must be INT, BIGINT"));
  EXPECT_THAT(
      refused(plain, {{"table.merge-engine", "first_row"}, {"table.delete.behavior", "allow"}}),
      HasSubstr("IGNORE or DISABLE"));
  EXPECT_THAT(
      refused(plain, {{"table.merge-engine", "aggregation"}, {"table.changelog.image", "wal"}}),
      HasSubstr("FULL"));
  std::vector<model::ColumnSpec> summed = {Aggregated("v", DataType::String(), "sum")};
  EXPECT_THAT(refused(summed, {}), HasSubstr("has not the merge engine aggregation"));
  EXPECT_THAT(refused(summed, {{"table.merge-engine", "aggregation"}}),
              HasSubstr("sum does not take STRING"));
  EXPECT_THAT(refused({Aggregated("v", DataType::Int(), "average")},
                      {{"table.merge-engine", "aggregation"}}),
              HasSubstr("no aggregate function 'average'"));
  EXPECT_THAT(refused({Aggregated("v", DataType::Int(), "sum", {{"delimiter", ","}})},
                      {{"table.merge-engine", "aggregation"}}),
              HasSubstr("no parameter 'delimiter'"));
}

class PartialUpdateTest : public KeyedFixture {};

TEST_F(PartialUpdateTest, EachWriterHasItsColumns) {
  Create({{"a", DataType::String()}, {"b", DataType::Int()}});
  Put({{Int(1), Text("x"), Int(99)}}, {0, 1});  // what is no target is not written
  Put({{Int(1), Null(), Int(7)}}, {0, 2});
  Put({{Int(2), Null(), Null()}}, {0});
  Put({{Int(1), Null(), Null()}}, {0});  // only the key: nothing changes
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|x|NULL", "-U 1|x|NULL", "+U 1|x|7", "+I 2|NULL|NULL"));
  Delete({Int(1), Null(), Null()}, {0, 1});
  Delete({Int(2), Null(), Null()}, {0, 1});
  EXPECT_THAT(ScanRows(), ElementsAre("1|NULL|7"));
  Put({{Int(1), Text("all"), Null()}}, {2, 1, 0});  // all columns: a whole row
  Reopen();
  EXPECT_THAT(ScanRows(), ElementsAre("1|all|NULL"));
}

TEST_F(PartialUpdateTest, TargetsThatCannotBeAreRefused) {
  Create({{"a", DataType::String()}, {"b", DataType::Int()}});
  EXPECT_EQ(TryPut({{Int(1), Null(), Null()}}, {1, 2}).kind(), ErrorKind::kOutOfRange);
  EXPECT_EQ(TryPut({{Int(1), Null(), Null()}}, {0, 9}).kind(), ErrorKind::kOutOfRange);
  ASSERT_TRUE(connection_->admin().DropTable(kKeyed).ok());
  Create({{"a", DataType::String()}, {"b", DataType::Int().NotNull()}});
  EXPECT_THAT(TryPut({{Int(1), Null(), Int(1)}}, {0, 2}).message(), HasSubstr("NOT NULL"));
}

class WalImageTest : public KeyedFixture {};

TEST_F(WalImageTest, UpsertsAreUpdatesWithoutOldRows) {
  Create({{"name", DataType::String()}}, {{"table.changelog.image", "WAL"}});
  Put({{Int(1), Text("a")}, {Int(1), Text("b")}, {Int(2), Text("c")}});
  Put({{Int(1), Text("b")}});
  EXPECT_EQ(Find(1), "1|b");
  Delete({Int(1), Null()});
  Delete({Int(9), Null()});
  auto changelog = ElementsAre("+U 1|a", "+U 1|b", "+U 2|c", "+U 1|b", "-D 1|b");
  EXPECT_THAT(Changelog(), changelog);
  Reopen();
  EXPECT_THAT(Changelog(), changelog);
  // The row is not in memory, and a delete must find it all the same.
  Delete({Int(2), Null()});
  EXPECT_THAT(ScanRows(), IsEmpty());
}

TEST_F(WalImageTest, ARowOverwrittenUnseenIsFoundAsItWasUntilTheWriteIsDurable) {
  Create({{"name", DataType::String()}}, {{"table.changelog.image", "WAL"}});
  Put({{Int(1), Text("old")}});
  Reopen();
  Put({{Int(1), Text("new")}, {Int(2), Text("two")}});
  EXPECT_EQ(Find(1), "1|new");
  Put({{Int(3), Text("three")}});
  EXPECT_THAT(ScanRows(), ElementsAre("1|new", "2|two", "3|three"));
}

TEST_F(WalImageTest, WhatNeedsTheOldRowTellsInsertsFromUpdates) {
  Create({{"a", DataType::String()}, {"b", DataType::Int()}}, {{"table.changelog.image", "WAL"}});
  Put({{Int(1), Text("x"), Null()}}, {0, 1});
  Put({{Int(1), Null(), Int(7)}}, {0, 2});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|x|NULL", "+U 1|x|7"));
  Delete({Int(1), Null(), Null()}, {0, 1});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|x|NULL", "+U 1|x|7", "+U 1|NULL|7"));
  ASSERT_TRUE(connection_->admin().DropTable(kKeyed).ok());
  Create({{"v", DataType::Int()}}, {{"table.changelog.image", "WAL"},
                                    {"table.merge-engine", "versioned"},
                                    {"table.merge-engine.versioned.ver-column", "v"}});
  Put({{Int(1), Int(2)}, {Int(1), Int(1)}, {Int(1), Int(3)}});
  EXPECT_THAT(Changelog(), ElementsAre("+I 1|2", "+U 1|3"));
}

class NestedTest : public KeyedFixture {};

TEST_F(NestedTest, ArraysMapsAndRowsAreKeptAndMerged) {
  DataType row = DataType::Row({{"x", DataType::Int(), ""}, {"y", DataType::String(), ""}});
  Create({{"list", DataType::Array(DataType::Int())},
          {"dict", DataType::Map(DataType::String().NotNull(), DataType::Bigint())},
          {"pair", row}});
  using List = model::Value::List;
  model::Value list(List{Int(1), Null(), Int(3)});
  model::Value dict(List{Text("k"), Int(5), Text("a longer key than fits inline"), Null()});
  model::Value pair(List{Int(2), Text("z")});
  Put({{Int(1), list, dict, pair}, {Int(2), Null(), Null(), Null()}});
  Put({{Int(2), model::Value(List{}), dict, Null()}});
  Put({{Int(1), model::Value(List{Int(9)}), Null(), Null()}}, {0, 1});
  auto rows = ElementsAre("1|[9]|{k=5, a longer key than fits inline=NULL}|(2, z)",
                          "2|[]|{k=5, a longer key than fits inline=NULL}|NULL");
  EXPECT_THAT(ScanRows(), rows);
  EXPECT_EQ(Changelog()[0], "+I 1|[1, NULL, 3]|{k=5, a longer key than fits inline=NULL}|(2, z)");
  Reopen();
  EXPECT_THAT(ScanRows(), rows);
}

}  // namespace
}  // namespace forebay::client
