#include "model/table_change.h"

#include <gtest/gtest.h>

namespace forebay::model {
namespace {

TEST(TableChangeTest, FieldsOfRowTypesAreCountedWhenIdsAreGiven) {
  TableInfo info;
  Schema& schema = info.descriptor.schema;
  schema.columns = {{"a", DataType::Int(), "", 0},
                    {"b", DataType::Row({{"x", DataType::Int()}, {"y", DataType::Int()}}), "", 1}};
  EXPECT_EQ(HighestFieldId(schema), 3);
  TableChanges changes;
  changes.add_columns = {{"c", DataType::Array(DataType::Row({{"z", DataType::Int()}}))},
                         {"d", DataType::Int()}};
  auto altered = ApplyTableChanges(info, changes);
  ASSERT_TRUE(altered.ok()) << altered.status().ToString();
  EXPECT_EQ(altered->descriptor.schema.columns[2].id, 4);
  EXPECT_EQ(altered->descriptor.schema.columns[3].id, 6);
  EXPECT_EQ(altered->schema_id, SchemaId(2));
}

TEST(TableChangeTest, NothingChangesWithoutChanges) {
  TableInfo info;
  info.descriptor.schema.columns = {{"a", DataType::Int(), "", 0}};
  auto altered = ApplyTableChanges(info, {});
  EXPECT_EQ(altered->descriptor, info.descriptor);
  EXPECT_EQ(altered->schema_id, info.schema_id);
}

}  // namespace
}  // namespace forebay::model
