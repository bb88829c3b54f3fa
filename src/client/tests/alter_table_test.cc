#include <gmock/gmock.h>

#include "client/tests/local_fixture.h"
#include "storage/kv/kv_tablet.h"

namespace forebay::client {
namespace {

using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::HasSubstr;

const model::TablePath kPath{"db", "t"};

model::ColumnSpec NewColumn(const std::string& name, DataType type = DataType::Int()) {
  return {name, std::move(type)};
}

/// Tables of BIGINT id and STRING name that get an INT column.
class AlterTableTest : public DoorFixture {
 protected:
  void Create(bool primary_key) {
    auto created = connection_->admin().CreateTable(kPath, Table(primary_key));
    ASSERT_TRUE(created.ok()) << created.status().ToString();
  }
  Result<model::TableInfo> Alter(const model::TableChanges& changes) {
    return connection_->admin().AlterTable(kPath, changes);
  }
  void AddColumn(const std::string& name) {
    model::TableChanges changes;
    changes.add_columns = {NewColumn(name)};
    auto altered = Alter(changes);
    ASSERT_TRUE(altered.ok()) << altered.status().ToString();
  }
  static model::Batch WideRow(int64_t id, const std::string& name, int32_t age) {
    model::BatchBuilder builder(
        {DataType::Bigint().NotNull(), DataType::String(), DataType::Int()});
    builder.column(0).Append(id);
    builder.column(1).AppendString(name);
    builder.column(2).Append(age);
    builder.FinishRow();
    return builder.Finish();
  }
  void Write(const model::Batch& batch) {
    auto writer = connection_->OpenWriter(kPath);
    auto acks = (*writer)->Write(batch);
    ASSERT_TRUE(acks.ok()) << acks.status().ToString();
  }
  /// "+I 1 a 7" of every record, as many columns as there are.
  static std::vector<std::string> WideTexts(const std::vector<ScanRecords>& records) {
    std::vector<std::string> texts;
    for (const ScanRecords& part : records) {
      const model::Batch& batch = part.batch;
      for (int row = 0; row < batch.num_rows; ++row) {
        texts.push_back(fmt::format("{} {} {}", ChangeTypeText(batch.change(row)),
                                    batch.columns[0].Get<int64_t>(row),
                                    batch.columns[1].GetString(row)));
        for (size_t i = 2; i < batch.columns.size(); ++i) {
          const model::Column& column = batch.columns[i];
          texts.back() += column.IsNull(row) ? " NULL" : fmt::format(" {}", column.Get<int>(row));
        }
      }
    }
    return texts;
  }
  std::vector<std::string> Log() {
    auto scanner = connection_->OpenLogScanner(kPath, std::nullopt);
    EXPECT_TRUE((*scanner)->Subscribe(0, 0).ok());
    return Poll(**scanner);
  }
  static std::vector<std::string> Poll(LogScanner& scanner) {
    std::vector<std::string> texts;
    while (true) {
      auto records = scanner.Poll(0, 1 << 20);
      EXPECT_TRUE(records.ok()) << records.status().ToString();
      if (!records.ok() || records->empty()) return texts;
      for (std::string& text : WideTexts(*records)) texts.push_back(std::move(text));
    }
  }
  std::string LookUp(int64_t id) {
    auto lookuper = connection_->OpenLookuper(kPath, std::nullopt);
    model::BatchBuilder keys({DataType::Bigint().NotNull()});
    keys.column(0).Append(id);
    keys.FinishRow();
    auto found = (*lookuper)->Lookup(keys.Finish());
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    if (!found.ok() || found->rows.num_rows == 0) return "-";
    ScanRecords records;
    records.batch = found->rows;
    return WideTexts({records})[0];
  }
  std::vector<std::string> Snapshot() {
    auto scanner = connection_->OpenSnapshotScanner(kPath, 0, std::nullopt);
    ScanRecords records;
    auto batch = (*scanner)->Next();
    EXPECT_TRUE(batch.ok()) << batch.status().ToString();
    if (batch.ok()) records.batch = *batch;
    return WideTexts({records});
  }
};

TEST_F(AlterTableTest, OldRowsOfALogHaveNullInTheNewColumn) {
  Create(false);
  Write(Rows({{1, "a"}}));
  AddColumn("age");
  Write(WideRow(2, "b", 20));
  EXPECT_THAT(Log(), ElementsAre("+I 1 a NULL", "+I 2 b 20"));
  Reopen();
  EXPECT_THAT(Log(), ElementsAre("+I 1 a NULL", "+I 2 b 20"));
  AddColumn("more");
  EXPECT_THAT(Log(), ElementsAre("+I 1 a NULL NULL", "+I 2 b 20 NULL"));
}

TEST_F(AlterTableTest, ReadersAndWritersThatWereOpenedBeforeGoOn) {
  Create(false);
  auto old_writer = *connection_->OpenWriter(kPath);
  auto old_scanner = *connection_->OpenLogScanner(kPath, std::nullopt);
  ASSERT_TRUE(old_scanner->Subscribe(0, 0).ok());
  AddColumn("age");
  Write(WideRow(1, "a", 10));
  ASSERT_TRUE(old_writer->Write(Rows({{2, "b"}})).ok());
  // As a job does that was planned with two columns and opens its sink only now.
  ASSERT_TRUE((*connection_->OpenWriter(kPath))->Write(Rows({{3, "c"}})).ok());
  EXPECT_THAT(Poll(*old_scanner), ElementsAre("+I 1 a", "+I 2 b", "+I 3 c"));
  EXPECT_THAT(Log(), ElementsAre("+I 1 a 10", "+I 2 b NULL", "+I 3 c NULL"));
}

TEST_F(AlterTableTest, ProjectionsPickTheNewColumn) {
  Create(false);
  Write(Rows({{1, "a"}}));
  AddColumn("age");
  Write(WideRow(2, "b", 20));
  auto scanner = connection_->OpenLogScanner(kPath, std::vector<int>{2});
  ASSERT_TRUE((*scanner)->Subscribe(0, 0).ok());
  auto records = (*scanner)->Poll(0, 1 << 20);
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  ASSERT_EQ(records->size(), 2u);
  ASSERT_EQ((*records)[0].batch.columns.size(), 1u);
  EXPECT_TRUE((*records)[0].batch.columns[0].IsNull(0));
  EXPECT_EQ((*records)[1].batch.columns[0].Get<int>(0), 20);
}

TEST_F(AlterTableTest, RowsOfAPrimaryKeyTableAreWidened) {
  Create(true);
  Write(Rows({{1, "a"}, {2, "b"}, {3, "c"}}));
  auto old_writer = *connection_->OpenWriter(kPath);
  auto old_lookuper = *connection_->OpenLookuper(kPath, std::nullopt);
  AddColumn("age");
  EXPECT_EQ(LookUp(1), "+I 1 a NULL");
  Write(WideRow(1, "a", 10));
  Write(WideRow(2, "b", 20));
  EXPECT_EQ(LookUp(2), "+I 2 b 20");
  // Writers who do not know the column set it to NULL, as a whole row says.
  ASSERT_TRUE(old_writer->Write(Rows({{2, "B"}})).ok());
  ASSERT_TRUE(old_writer->Write(Rows({{3, "c"}})).ok());
  EXPECT_EQ(LookUp(2), "+I 2 B NULL");
  std::vector<std::string> log = {"+I 1 a NULL", "+I 2 b NULL", "+I 3 c NULL",
                                  "-U 1 a NULL", "+U 1 a 10",   "-U 2 b NULL",
                                  "+U 2 b 20",   "-U 2 b 20",   "+U 2 B NULL"};
  EXPECT_EQ(Log(), log);
  std::vector<std::string> rows = {"+I 1 a 10", "+I 2 B NULL", "+I 3 c NULL"};
  EXPECT_EQ(Snapshot(), rows);
  Reopen();
  EXPECT_EQ(Log(), log);
  EXPECT_EQ(Snapshot(), rows);
  Write(WideRow(3, "c", 30));
  EXPECT_EQ(Log().back(), "+U 3 c 30");
}

TEST_F(AlterTableTest, AChangelogIsReplayedAcrossSchemas) {
  if (is_remote()) GTEST_SKIP() << "storage's own";
  Create(true);
  Write(Rows({{1, "a"}, {2, "b"}}));
  AddColumn("age");
  Write(WideRow(2, "b", 20));
  // What is not in the row store after a crash comes from the changelog.
  auto table = storage_->GetTable(kPath);
  (*table)->buckets[0].kv->Abandon();
  table = Unavailable("");
  Reopen();
  EXPECT_EQ(Snapshot(), (std::vector<std::string>{"+I 1 a NULL", "+I 2 b 20"}));
}

TEST_F(AlterTableTest, SchemasHaveIdsAndLast) {
  Create(false);
  AddColumn("age");
  Reopen();
  client::Admin& admin = connection_->admin();
  auto info = admin.GetTable(kPath);
  EXPECT_EQ(info->schema_id, model::SchemaId(2));
  EXPECT_EQ(info->descriptor.schema.columns[2].id, 2);
  EXPECT_EQ(admin.GetSchema(kPath, model::SchemaId(1))->columns.size(), 2u);
  EXPECT_EQ(admin.GetSchema(kPath, model::SchemaId(2))->columns.size(), 3u);
  EXPECT_EQ(admin.GetSchema(kPath, model::SchemaId(3)).kind(),
            is_remote() ? ErrorKind::kNotFound : ErrorKind::kOutOfRange);
}

TEST_F(AlterTableTest, OptionsAreSetAndReset) {
  Create(false);
  model::TableChanges set;
  set.set_options = {{"table.log.ttl", "1h"}, {"mine", "x"}};
  auto altered = Alter(set);
  ASSERT_TRUE(altered.ok()) << altered.status().ToString();
  EXPECT_EQ(altered->schema_id, model::SchemaId(1));
  Reopen();
  auto info = connection_->admin().GetTable(kPath);
  EXPECT_EQ(info->descriptor.properties.at("table.log.ttl"), "1h");
  EXPECT_EQ(info->descriptor.custom_properties.at("mine"), "x");
  EXPECT_EQ((*storage_->GetTable(kPath))->options.log.ttl_ms, 3'600'000);
  model::TableChanges reset;
  reset.reset_options = {"table.log.ttl", "mine", "never.set"};
  ASSERT_TRUE(Alter(reset).ok());
  info = connection_->admin().GetTable(kPath);
  EXPECT_FALSE(info->descriptor.properties.contains("table.log.ttl"));
  EXPECT_TRUE(info->descriptor.custom_properties.empty());
}

TEST_F(AlterTableTest, WhatCannotBeIsRefusedAndChangesNothing) {
  Create(false);
  auto before = connection_->admin().GetTable(kPath);
  auto refusal = [&](const model::TableChanges& changes) {
    auto altered = Alter(changes);
    EXPECT_FALSE(altered.ok());
    // Over the wire the code and the server stand behind it.
    return altered.message().substr(0, altered.message().find(" (INVALID_"));
  };
  model::TableChanges changes;
  changes.add_columns = {NewColumn("age"), NewColumn("name")};
  EXPECT_EQ(refusal(changes), "Column name already exists.");
  changes.add_columns = {NewColumn("age", DataType::Int().NotNull())};
  EXPECT_EQ(refusal(changes), "Column age must be nullable.");
  changes.add_columns = {NewColumn("__offset")};
  EXPECT_THAT(refusal(changes), HasSubstr("reserved system columns"));
  changes.add_columns = {NewColumn("age")};
  changes.set_options = {{"table.log.ttl", "1h"}};
  EXPECT_THAT(refusal(changes), HasSubstr("only be applied to one of"));
  changes.add_columns.clear();
  changes.set_options = {{"table.log.format", "INDEXED"}, {"table.log.ttl", "1h"}};
  EXPECT_EQ(refusal(changes),
            "The following options are not supported to alter yet: 'table.log.format'.");
  changes.set_options = {{"table.log.ttl", "soon"}};
  EXPECT_THAT(refusal(changes), HasSubstr("table.log.ttl"));
  EXPECT_EQ(connection_->admin().GetTable(kPath)->descriptor, before->descriptor);
  EXPECT_EQ(connection_->admin().AlterTable({"db", "none"}, {}).kind(), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace forebay::client
