#include "lake/iceberg/table_update.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/iceberg/iceberg_table.h"

namespace forebay::lake {

using Json = nlohmann::ordered_json;

namespace {

/// What Fluss's tiering service writes into a snapshot.
constexpr const char* kFlussOffsets = "fluss-offsets";

/// Requirements that compare one number of the table.
struct NumberRequirement {
  const char* type;
  const char* request_field;
  const char* table_field;
};
constexpr NumberRequirement kNumberRequirements[] = {
    {"assert-current-schema-id", "current-schema-id", "current-schema-id"},
    {"assert-last-assigned-field-id", "last-assigned-field-id", "last-column-id"},
    {"assert-default-spec-id", "default-spec-id", "default-spec-id"},
    {"assert-last-assigned-partition-id", "last-assigned-partition-id", "last-partition-id"},
    {"assert-default-sort-order-id", "default-sort-order-id", "default-sort-order-id"},
};

Json CurrentSnapshotId(const Json& table) {
  auto found = table.find("current-snapshot-id");
  bool none = found == table.end() || found->is_null() || *found == -1;
  return none ? Json() : *found;
}

Status CheckRequirement(const Json& table, const Json& requirement) {
  std::string type = requirement.at("type");
  if (type == "assert-table-uuid") {
    if (requirement.at("uuid") == table.at("table-uuid")) return {};
    return Conflict("the table has another UUID");
  }
  if (type == "assert-ref-snapshot-id") {
    if (requirement.at("ref") != "main") return NotSupported("a branch other than main");
    Json wanted = requirement.value("snapshot-id", Json());
    if (wanted == CurrentSnapshotId(table)) return {};
    return Conflict("the branch main is at another snapshot");
  }
  for (const NumberRequirement& known : kNumberRequirements) {
    if (type != known.type) continue;
    if (requirement.at(known.request_field) == table.at(known.table_field)) return {};
    return Conflict("{} is another", known.table_field);
  }
  return NotSupported("the requirement {}", type);
}

const Json* FindSnapshot(const Json& table, const Json& id) {
  for (const Json& snapshot : table.at("snapshots")) {
    if (snapshot.at("snapshot-id") == id) return &snapshot;
  }
  return nullptr;
}

Status AddSnapshot(Json& table, Json snapshot) {
  int64_t last = table.at("last-sequence-number");
  if (snapshot.at("sequence-number").get<int64_t>() <= last) {
    return Conflict("the table is at sequence number {}", last);
  }
  std::string list = snapshot.at("manifest-list");
  std::string location = table.at("location");
  if (!IcebergTable::PathOf(list).starts_with(IcebergTable::PathOf(location) + "/")) {
    return InvalidArgument("the manifest list {} is not in the table", list);
  }
  if (FindSnapshot(table, snapshot.at("snapshot-id")) != nullptr) {
    return Conflict("there is a snapshot of this id");
  }
  Json& summary = snapshot.at("summary");
  if (summary.contains(kFlussOffsets)) {
    summary[kLogOffsetsKey] = summary[kFlussOffsets];
  } else if (const Json* parent = FindSnapshot(table, CurrentSnapshotId(table))) {
    const Json& before = parent->at("summary");
    if (before.contains(kLogOffsetsKey)) summary[kLogOffsetsKey] = before[kLogOffsetsKey];
  }
  table["last-sequence-number"] = snapshot.at("sequence-number");
  table["last-updated-ms"] = std::max(table.at("last-updated-ms").get<int64_t>(),
                                      snapshot.at("timestamp-ms").get<int64_t>());
  table["snapshots"].push_back(std::move(snapshot));
  return {};
}

Status SetReference(Json& table, const Json& update) {
  if (update.at("ref-name") != "main" || update.at("type") != "branch") {
    return NotSupported("references other than the branch main");
  }
  const Json& id = update.at("snapshot-id");
  const Json* snapshot = FindSnapshot(table, id);
  if (snapshot == nullptr) return InvalidArgument("there is no snapshot {}", id.dump());
  table["snapshot-log"].push_back(
      {{"timestamp-ms", snapshot->at("timestamp-ms")}, {"snapshot-id", id}});
  table["current-snapshot-id"] = id;
  table["refs"]["main"] = {{"snapshot-id", id}, {"type", "branch"}};
  return {};
}

/// The current one stays.
Status RemoveSnapshots(Json& table, const Json& ids) {
  Json current = CurrentSnapshotId(table);
  for (const Json& id : ids) {
    if (id == current) return InvalidArgument("the current snapshot cannot be removed");
    for (const char* list : {"snapshots", "snapshot-log"}) {
      Json kept = Json::array();
      for (Json& item : table[list]) {
        if (item.at("snapshot-id") != id) kept.push_back(std::move(item));
      }
      table[list] = std::move(kept);
    }
  }
  return {};
}

Status ApplyUpdate(Json& table, const Json& update) {
  std::string action = update.at("action");
  if (action == "add-snapshot") return AddSnapshot(table, update.at("snapshot"));
  if (action == "set-snapshot-ref") return SetReference(table, update);
  if (action == "remove-snapshots") return RemoveSnapshots(table, update.at("snapshot-ids"));
  if (action == "set-properties") {
    for (const auto& [key, value] : update.at("updates").items()) table["properties"][key] = value;
    return {};
  }
  if (action == "remove-properties") {
    for (const Json& key : update.at("removals")) table["properties"].erase(key.get<std::string>());
    return {};
  }
  return NotSupported("the change {}: the server makes these itself", action);
}

Status ApplyAll(Json& table, const Json& request) {
  for (const Json& requirement : request.at("requirements")) {
    RETURN_IF_ERROR(CheckRequirement(table, requirement));
  }
  for (const Json& update : request.at("updates")) RETURN_IF_ERROR(ApplyUpdate(table, update));
  return {};
}

}  // namespace

Result<TableMetadata> ApplyTableUpdate(const TableMetadata& metadata, std::string_view request,
                                       const std::string& metadata_file, int64_t now_ms) {
  Json wanted = Json::parse(request, nullptr, false);
  if (!wanted.is_object()) return InvalidArgument("the commit is no JSON object");
  Json table = Json::parse(metadata.ToJson());
  constexpr size_t kLogMax = 100;
  Json& log = table["metadata-log"];
  log.push_back({{"timestamp-ms", table["last-updated-ms"]}, {"metadata-file", metadata_file}});
  while (log.size() > kLogMax) log.erase(log.begin());
  try {
    RETURN_IF_ERROR(ApplyAll(table, wanted));
    table["last-updated-ms"] = std::max(table["last-updated-ms"].get<int64_t>(), now_ms);
  } catch (const Json::exception& error) {
    return InvalidArgument("a bad commit: {}", error.what());
  }
  auto changed = TableMetadata::Parse(table.dump());
  if (!changed.ok()) return InvalidArgument("a bad commit: {}", changed.message());
  return changed;
}

}  // namespace forebay::lake
