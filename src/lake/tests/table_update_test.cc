#include "lake/iceberg/table_update.h"

#include <gmock/gmock.h>

namespace forebay::lake {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;

constexpr const char* kLocation = "file:///lake/t";

TableMetadata NewTable() {
  model::Schema schema;
  schema.columns = {{"id", model::DataType::Bigint()}};
  return TableMetadata::Create(kLocation, schema, {}, 1000).value();
}

/// What Iceberg's Java client sends for an append.
Json Append(const TableMetadata& table, int64_t id, int64_t sequence, Json offsets = Json()) {
  Json json = Json::parse(table.ToJson());
  const Snapshot* current = table.current_snapshot();
  Json before = current == nullptr ? Json() : Json(current->id);
  Json summary = {{"operation", "append"}, {"commit-user", "__fluss_lake_tiering"}};
  if (!offsets.is_null()) summary["fluss-offsets"] = offsets;
  Json snapshot = {{"sequence-number", sequence},
                   {"snapshot-id", id},
                   {"timestamp-ms", 2000 + sequence},
                   {"summary", summary},
                   {"manifest-list", "file:/lake/t/metadata/snap.avro"},  // as Hadoop writes it
                   {"schema-id", 0}};
  return {{"requirements",
           {{{"type", "assert-table-uuid"}, {"uuid", json["table-uuid"]}},
            {{"type", "assert-ref-snapshot-id"}, {"ref", "main"}, {"snapshot-id", before}}}},
          {"updates",
           {{{"action", "add-snapshot"}, {"snapshot", snapshot}},
            {{"action", "set-snapshot-ref"},
             {"ref-name", "main"},
             {"type", "branch"},
             {"snapshot-id", id}}}}};
}

Result<TableMetadata> Apply(const TableMetadata& table, const Json& request) {
  return ApplyTableUpdate(table, request.dump(), "file:///lake/t/metadata/v1.metadata.json", 1500);
}

TEST(TableUpdateTest, SnapshotsTakeOverTheirOffsets) {
  TableMetadata table = NewTable();
  auto first = Apply(table, Append(table, 7, 1, "[3,0]"));
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  ASSERT_NE(first->current_snapshot(), nullptr);
  EXPECT_EQ(first->current_snapshot()->id, 7);
  EXPECT_THAT(first->current_snapshot()->LogOffsets(), ElementsAre(3, 0));
  // A compaction says nothing of the log.
  auto second = Apply(*first, Append(*first, 8, 2));
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(second->current_snapshot()->id, 8);
  EXPECT_THAT(second->current_snapshot()->LogOffsets(), ElementsAre(3, 0));
  EXPECT_EQ(second->last_sequence_number(), 2);
  Json json = Json::parse(second->ToJson());
  EXPECT_EQ(json["snapshot-log"].size(), 2u);
  EXPECT_EQ(json["metadata-log"].size(), 2u);
}

TEST(TableUpdateTest, ACommitOnAnotherStateIsAConflict) {
  TableMetadata table = NewTable();
  auto first = Apply(table, Append(table, 7, 1));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Apply(*first, Append(table, 8, 2)).kind(), ErrorKind::kConflict);
  Json other = Append(*first, 8, 2);
  other["requirements"][0]["uuid"] = "another";
  EXPECT_EQ(Apply(*first, other).kind(), ErrorKind::kConflict);
  EXPECT_EQ(Apply(*first, Append(*first, 8, 1)).kind(), ErrorKind::kConflict);
  EXPECT_EQ(Apply(*first, Append(*first, 7, 2)).kind(), ErrorKind::kConflict);
}

TEST(TableUpdateTest, OldSnapshotsGoAndTheCurrentOneStays) {
  TableMetadata table = NewTable();
  table = Apply(table, Append(table, 7, 1)).value();
  table = Apply(table, Append(table, 8, 2)).value();
  Json request = {{"requirements", Json::array()},
                  {"updates", {{{"action", "remove-snapshots"}, {"snapshot-ids", {7}}}}}};
  auto removed = Apply(table, request);
  ASSERT_TRUE(removed.ok()) << removed.status().ToString();
  EXPECT_EQ(removed->snapshots().size(), 1u);
  request["updates"][0]["snapshot-ids"] = {8};
  EXPECT_EQ(Apply(table, request).kind(), ErrorKind::kInvalidArgument);
}

TEST(TableUpdateTest, BadRequestsAreErrors) {
  TableMetadata table = NewTable();
  EXPECT_EQ(ApplyTableUpdate(table, "", "v1", 0).kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(ApplyTableUpdate(table, "{}", "v1", 0).kind(), ErrorKind::kInvalidArgument);
  Json outside = Append(table, 7, 1);
  outside["updates"][0]["snapshot"]["manifest-list"] = "file:///etc/passwd";
  EXPECT_EQ(Apply(table, outside).kind(), ErrorKind::kInvalidArgument);
  Json schema = {{"requirements", Json::array()}, {"updates", {{{"action", "add-schema"}}}}};
  EXPECT_EQ(Apply(table, schema).kind(), ErrorKind::kNotSupported);
  Json request = Append(table, 7, 1);
  for (const char* list : {"requirements", "updates"}) {
    for (size_t i = 0; i < request[list].size(); ++i) {
      for (const auto& [key, value] : request[list][i].items()) {
        for (const Json& replacement : {Json(), Json(-7), Json("text"), Json::object()}) {
          Json bad = request;
          bad[list][i][key] = replacement;
          (void)Apply(table, bad).ok();  // whatever it answers, it answers
        }
      }
    }
  }
}

}  // namespace
}  // namespace forebay::lake
