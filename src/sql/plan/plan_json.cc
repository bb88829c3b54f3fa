#include "sql/plan/plan_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/json_depth.h"
#include "base/whole_json.h"
#include "sql/catalog/metadata_columns.h"
#include "sql/plan/changelog_json.h"
#include "sql/plan/expression_json.h"
#include "sql/plan/match_json.h"
#include "sql/plan/node_types.h"
#include "sql/plan/plan_check.h"
#include "sql/plan/plan_signature.h"
#include "sql/plan/window_json.h"

// Reading throws inside this file only: nlohmann's accessors check types, and PlanFromJson turns
// that into kCorruption.

namespace forebay::sql {
namespace {

using Json = nlohmann::json;

constexpr int kFormatVersion = 1;
/// Reading recurses, two levels for a call in a call.
constexpr int kDepthMax = 4096;

Json TableJson(const TableRef& table) {
  const model::TableDescriptor& d = table.info.descriptor;
  Json columns = Json::array();
  for (const auto& column : d.schema.columns) {
    columns.push_back({{"name", column.name},
                       {"type", TypeJson(column.type)},
                       {"comment", column.comment},
                       {"id", column.id}});
  }
  Json metadata = Json::array();
  for (const MetadataColumn& column : table.metadata) metadata.push_back(MetadataJson(column));
  return {{"database", table.path.database},
          {"table", table.path.table},
          {"id", table.info.id.value()},
          {"schema_id", table.info.schema_id.value()},
          {"created_ms", table.info.created_ms},
          {"columns", std::move(columns)},
          {"primary_key", d.schema.primary_key},
          {"comment", d.comment},
          {"partition_keys", d.partition_keys},
          {"bucket_keys", d.bucket_keys},
          {"bucket_count", d.bucket_count},
          {"properties", d.properties},
          {"custom_properties", d.custom_properties},
          {"options", table.options},
          {"metadata", std::move(metadata)}};
}

TableRef TableOf(const Json& json) {
  TableRef table;
  table.path = {json.at("database"), json.at("table")};
  table.info.path = table.path;
  table.info.id = model::TableId(json.at("id").get<int64_t>());
  table.info.schema_id = model::SchemaId(json.at("schema_id").get<int32_t>());
  table.info.created_ms = json.at("created_ms");
  model::TableDescriptor& d = table.info.descriptor;
  for (const Json& column : json.at("columns")) {
    d.schema.columns.push_back({column.at("name"), TypeOf(column.at("type")), column.at("comment"),
                                column.at("id").get<int>()});
  }
  json.at("primary_key").get_to(d.schema.primary_key);
  json.at("comment").get_to(d.comment);
  json.at("partition_keys").get_to(d.partition_keys);
  json.at("bucket_keys").get_to(d.bucket_keys);
  json.at("bucket_count").get_to(d.bucket_count);
  json.at("properties").get_to(d.properties);
  json.at("custom_properties").get_to(d.custom_properties);
  json.at("options").get_to(table.options);
  if (json.contains("metadata")) {
    for (const Json& column : json["metadata"]) table.metadata.push_back(MetadataOf(column));
  }
  return table;
}

// ---- parts of nodes ----

Json CallsJson(const std::vector<AggregateCall>& calls) {
  Json json = Json::array();
  for (const AggregateCall& call : calls) {
    json.push_back({{"function", call.function},
                    {"args", call.args},
                    {"filter", call.filter},
                    {"distinct", call.distinct},
                    {"type", TypeJson(call.type)},
                    {"name", call.name}});
    if (call.one_way) json.back()["one_way"] = true;
  }
  return json;
}

std::vector<AggregateCall> CallsOf(const Json& json) {
  std::vector<AggregateCall> calls;
  for (const Json& item : json) {
    calls.push_back({item.at("function"), item.at("args"), item.at("filter"), item.at("distinct"),
                     TypeOf(item.at("type")), item.at("name"), item.value("one_way", false)});
  }
  return calls;
}

Json OrderJson(const std::vector<SortKey>& order) {
  Json json = Json::array();
  for (const SortKey& key : order) {
    json.push_back(
        {{"column", key.column}, {"descending", key.descending}, {"nulls_first", key.nulls_first}});
  }
  return json;
}

std::vector<SortKey> OrderOf(const Json& json) {
  std::vector<SortKey> order;
  for (const Json& item : json) {
    order.push_back({item.at("column"), item.at("descending"), item.at("nulls_first")});
  }
  return order;
}

// ---- nodes: Write fills the members of a kind, Read makes the node ----

void Write(const TableScanNode& n, Json& json) {
  json["table"] = TableJson(n.table);
  json["part"] = static_cast<int>(n.part);
  json["columns"] = n.columns;
  json["pushed_filters"] = ListJson(n.pushed_filters);
  if (!n.used_fields.empty()) json["used_fields"] = n.used_fields;
  if (n.as_of_ms) json["as_of_ms"] = *n.as_of_ms;
}
void Read(const Json& json, TableScanNode& n) {
  n.table = TableOf(json.at("table"));
  n.part = static_cast<ScanPart>(json.at("part").get<int>());
  json.at("columns").get_to(n.columns);
  n.pushed_filters = ListOf(json.at("pushed_filters"));
  if (json.contains("used_fields")) json["used_fields"].get_to(n.used_fields);
  if (json.contains("as_of_ms")) n.as_of_ms = json["as_of_ms"].get<int64_t>();
}
void Write(const ValuesNode& n, Json& json) {
  json["rows"] = Json::array();
  for (const auto& row : n.rows) json["rows"].push_back(ListJson(row));
}
void Read(const Json& json, ValuesNode& n) {
  for (const Json& row : json.at("rows")) n.rows.push_back(ListOf(row));
}
void Write(const CalcNode& n, Json& json) {
  json["condition"] = ExpressionJson(n.condition);
  json["projections"] = ListJson(n.projections);
}
void Read(const Json& json, CalcNode& n) {
  n.condition = ExpressionOf(json.at("condition"));
  n.projections = ListOf(json.at("projections"));
}
void Write(const WatermarkNode& n, Json& json) {
  json["rowtime"] = n.rowtime;
  json["expression"] = ExpressionJson(n.expression);
}
void Read(const Json& json, WatermarkNode& n) {
  json.at("rowtime").get_to(n.rowtime);
  n.expression = ExpressionOf(json.at("expression"));
}
void Write(const AggregateNode& n, Json& json) {
  json["keys"] = n.keys;
  json["calls"] = CallsJson(n.calls);
}
void Read(const Json& json, AggregateNode& n) {
  json.at("keys").get_to(n.keys);
  n.calls = CallsOf(json.at("calls"));
}
void Write(const WindowTableNode& n, Json& json) { json["window"] = WindowJson(n.window); }
void Read(const Json& json, WindowTableNode& n) { n.window = WindowOf(json.at("window")); }
void Write(const WindowAggregateNode& n, Json& json) {
  json["window"] = WindowJson(n.window);
  json["keys"] = n.keys;
  json["calls"] = CallsJson(n.calls);
  json["properties"] = Json::array();
  for (WindowProperty p : n.properties) json["properties"].push_back(static_cast<int>(p));
  if (!n.emit) return;
  json["emit"] = {{"lateness_ms", n.emit->lateness_ms}};
  if (n.emit->early_ms) json["emit"]["early_ms"] = *n.emit->early_ms;
  if (n.emit->late_ms) json["emit"]["late_ms"] = *n.emit->late_ms;
}
void Read(const Json& json, WindowAggregateNode& n) {
  n.window = WindowOf(json.at("window"));
  json.at("keys").get_to(n.keys);
  n.calls = CallsOf(json.at("calls"));
  for (const Json& p : json.at("properties")) {
    n.properties.push_back(static_cast<WindowProperty>(p.get<int>()));
  }
  if (!json.contains("emit")) return;
  const Json& emit = json["emit"];
  n.emit.emplace().lateness_ms = emit.at("lateness_ms");
  if (emit.contains("early_ms")) n.emit->early_ms = emit["early_ms"].get<int64_t>();
  if (emit.contains("late_ms")) n.emit->late_ms = emit["late_ms"].get<int64_t>();
}
void Write(const JoinNode& n, Json& json) {
  json["join"] = static_cast<int>(n.join);
  json["left_keys"] = n.left_keys;
  json["right_keys"] = n.right_keys;
  json["condition"] = ExpressionJson(n.condition);
  json["windowed"] = n.windowed;
  if (n.interval) {
    json["interval"] = {{"is_rowtime", n.interval->is_rowtime},
                        {"left_time", n.interval->left_time},
                        {"right_time", n.interval->right_time},
                        {"lower_ms", n.interval->lower_ms},
                        {"upper_ms", n.interval->upper_ms}};
  }
  if (n.versions) {
    json["versions"] = VersionsJson(*n.versions);
  }
}
void Read(const Json& json, JoinNode& n) {
  if (json.contains("interval")) {
    const Json& i = json["interval"];
    n.interval = {i.at("is_rowtime"), i.at("left_time"), i.at("right_time"), i.at("lower_ms"),
                  i.at("upper_ms")};
  }
  if (json.contains("versions")) {
    n.versions = VersionsOf(json["versions"]);
  }
  n.join = static_cast<JoinKind>(json.at("join").get<int>());
  json.at("left_keys").get_to(n.left_keys);
  json.at("right_keys").get_to(n.right_keys);
  n.condition = ExpressionOf(json.at("condition"));
  json.at("windowed").get_to(n.windowed);
}
void Write(const LookupJoinNode& n, Json& json) {
  json["table"] = TableJson(n.table);
  json["columns"] = n.columns;
  json["left_outer"] = n.left_outer;
  json["keys"] = ListJson(n.keys);
  json["condition"] = ExpressionJson(n.condition);
  if (n.retries > 0) json["retries"] = {n.retries, n.retry_delay_ms};
  if (n.unordered) json["unordered"] = true;
}
void Read(const Json& json, LookupJoinNode& n) {
  n.table = TableOf(json.at("table"));
  json.at("columns").get_to(n.columns);
  json.at("left_outer").get_to(n.left_outer);
  n.keys = ListOf(json.at("keys"));
  n.condition = ExpressionOf(json.at("condition"));
  if (json.contains("retries")) {
    n.retries = json["retries"].at(0);
    n.retry_delay_ms = json["retries"].at(1);
  }
  n.unordered = json.value("unordered", false);
}
void Write(const RankNode& n, Json& json) {
  json["keys"] = n.keys;
  json["order"] = OrderJson(n.order);
  json["rank_start"] = n.rank_start;
  json["rank_end"] = n.rank_end;
  json["output_rank_number"] = n.output_rank_number;
  json["windowed"] = n.windowed;
  if (!n.update_keys.empty()) json["update_keys"] = n.update_keys;
}
void Read(const Json& json, RankNode& n) {
  json.at("keys").get_to(n.keys);
  n.order = OrderOf(json.at("order"));
  json.at("rank_start").get_to(n.rank_start);
  json.at("rank_end").get_to(n.rank_end);
  json.at("output_rank_number").get_to(n.output_rank_number);
  json.at("windowed").get_to(n.windowed);
  n.update_keys = json.value("update_keys", std::vector<int>());
}
Json BoundJson(const FrameBound& bound) {
  return {{"kind", static_cast<int>(bound.kind)}, {"offset", bound.offset}};
}
FrameBound BoundOf(const Json& json) {
  return {static_cast<FrameBoundKind>(json.at("kind").get<int>()), json.at("offset")};
}
void Write(const OverAggregateNode& n, Json& json) {
  json["keys"] = n.keys;
  json["order"] = OrderJson(n.order);
  json["is_rows"] = n.frame.is_rows;
  json["start"] = BoundJson(n.frame.start);
  json["end"] = BoundJson(n.frame.end);
  json["calls"] = CallsJson(n.calls);
}
void Read(const Json& json, OverAggregateNode& n) {
  json.at("keys").get_to(n.keys);
  n.order = OrderOf(json.at("order"));
  json.at("is_rows").get_to(n.frame.is_rows);
  n.frame.start = BoundOf(json.at("start"));
  n.frame.end = BoundOf(json.at("end"));
  n.calls = CallsOf(json.at("calls"));
}
void Write(const DeduplicateNode& n, Json& json) {
  json["keys"] = n.keys;
  json["time_column"] = n.time_column;
  json["keep_last"] = n.keep_last;
  json["is_rowtime"] = n.is_rowtime;
  json["normalizes"] = n.normalizes;
  if (n.condition != nullptr) json["condition"] = ExpressionJson(n.condition);
}
void Read(const Json& json, DeduplicateNode& n) {
  json.at("keys").get_to(n.keys);
  json.at("time_column").get_to(n.time_column);
  json.at("keep_last").get_to(n.keep_last);
  json.at("is_rowtime").get_to(n.is_rowtime);
  n.normalizes = json.value("normalizes", false);
  if (json.contains("condition")) n.condition = ExpressionOf(json["condition"]);
}
void Write(const UnnestNode& n, Json& json) {
  json["collection"] = ExpressionJson(n.collection);
  json["kept"] = n.kept;
  json["produced"] = n.produced;
  json["with_ordinality"] = n.with_ordinality;
  json["left_outer"] = n.left_outer;
  if (n.condition != nullptr) json["condition"] = ExpressionJson(n.condition);
}
void Read(const Json& json, UnnestNode& n) {
  n.collection = ExpressionOf(json.at("collection"));
  json.at("kept").get_to(n.kept);
  json.at("produced").get_to(n.produced);
  json.at("with_ordinality").get_to(n.with_ordinality);
  json.at("left_outer").get_to(n.left_outer);
  if (json.contains("condition")) n.condition = ExpressionOf(json["condition"]);
}
void Write(const MatchNode& n, Json& json) {
  json["keys"] = n.keys;
  json["order"] = OrderJson(n.order);
  WriteMatch(n, json);
}
void Read(const Json& json, MatchNode& n) {
  json.at("keys").get_to(n.keys);
  n.order = OrderOf(json.at("order"));
  ReadMatch(json, n);
}
void Write(const ChangelogNode& n, Json& json) { WriteChangelog(n, json); }
void Read(const Json& json, ChangelogNode& n) { ReadChangelog(json, n); }
void Write(const UnionNode&, Json&) {}
void Read(const Json&, UnionNode&) {}
void Write(const SortNode& n, Json& json) { json["order"] = OrderJson(n.order); }
void Read(const Json& json, SortNode& n) { n.order = OrderOf(json.at("order")); }
void Write(const LimitNode& n, Json& json) {
  json["order"] = OrderJson(n.order);
  json["offset"] = n.offset;
  if (n.fetch) json["fetch"] = *n.fetch;
  if (!n.update_keys.empty()) json["update_keys"] = n.update_keys;
}
void Read(const Json& json, LimitNode& n) {
  n.order = OrderOf(json.at("order"));
  json.at("offset").get_to(n.offset);
  if (json.contains("fetch")) n.fetch = json["fetch"].get<int64_t>();
  n.update_keys = json.value("update_keys", std::vector<int>());
}
void Write(const SinkNode& n, Json& json) {
  json["table"] = TableJson(n.table);
  json["overwrite"] = n.overwrite;
  json["target_columns"] = n.target_columns;
  if (!n.partition.empty()) json["partition"] = n.partition;
}
void Read(const Json& json, SinkNode& n) {
  n.table = TableOf(json.at("table"));
  json.at("overwrite").get_to(n.overwrite);
  n.target_columns = json.value("target_columns", std::vector<int>());
  n.partition = json.value("partition", std::map<std::string, std::string>());
}

constexpr const char* kKindNames[] = {
    "TableScan",     "Values",          "Calc",  "Watermark",  "Aggregate",
    "WindowTable",   "WindowAggregate", "Join",  "LookupJoin", "Rank",
    "Deduplicate",   "Union",           "Sort",  "Limit",      "Sink",
    "OverAggregate", "Unnest",          "Match", "Changelog"};
constexpr int kKinds = static_cast<int>(std::size(kKindNames));

Json OwnJson(const PlanNode& node) {
  Json json = {{"kind", KindName(node.kind)}};
  Json output = Json::array();
  for (const Field& field : node.output) {
    output.push_back({{"name", field.name},
                      {"type", TypeJson(field.type)},
                      {"time_attribute", static_cast<int>(field.time_attribute)}});
  }
  json["output"] = std::move(output);
  if (!node.state_ttl_hint.empty()) json["state_ttl_hint"] = node.state_ttl_hint;
  DispatchNode(node.kind, [&](auto* null) {
    using Node = std::remove_pointer_t<decltype(null)>;
    Write(static_cast<const Node&>(node), json);
  });
  return json;
}

void AppendNode(const PlanPtr& node, std::set<const PlanNode*>& done, Json& nodes) {
  if (!done.insert(node.get()).second) return;
  Json inputs = Json::array();
  for (const PlanPtr& input : node->inputs) {
    AppendNode(input, done, nodes);
    inputs.push_back(input->id);
  }
  Json json = OwnJson(*node);
  json["id"] = node->id;
  json["inputs"] = std::move(inputs);
  json["changelog"] = {node->changelog.insert, node->changelog.update_before,
                       node->changelog.update_after, node->changelog.remove};
  json["upsert_keys"] = node->upsert_keys;
  if (!node->state_ttl_ms.empty()) json["state_ttl_ms"] = node->state_ttl_ms;
  nodes.push_back(std::move(json));
}

PlanPtr NodeOf(const Json& json, const std::map<int, PlanPtr>& known) {
  auto name = json.at("kind").get<std::string>();
  int kind = 0;
  while (kind < kKinds && name != kKindNames[kind]) ++kind;
  std::shared_ptr<PlanNode> node =
      DispatchNode(static_cast<PlanKind>(kind), [&](auto* null) -> std::shared_ptr<PlanNode> {
        auto made = std::make_shared<std::remove_pointer_t<decltype(null)>>();
        Read(json, *made);
        return made;
      });
  json.at("id").get_to(node->id);
  for (const Json& input : json.at("inputs")) node->inputs.push_back(known.at(input.get<int>()));
  for (const Json& field : json.at("output")) {
    node->output.push_back({field.at("name"), TypeOf(field.at("type")),
                            static_cast<TimeAttribute>(field.at("time_attribute").get<int>())});
  }
  const Json& modes = json.at("changelog");
  node->changelog = {modes.at(0), modes.at(1), modes.at(2), modes.at(3)};
  json.at("upsert_keys").get_to(node->upsert_keys);
  node->state_ttl_ms = json.value("state_ttl_ms", std::vector<int64_t>());
  node->state_ttl_hint = json.value("state_ttl_hint", std::string());
  return node;
}

}  // namespace

std::string PlanSignature(const PlanNode& node) { return OwnJson(node).dump(); }

const char* KindName(PlanKind kind) { return kKindNames[static_cast<int>(kind)]; }

std::string PlanToJson(const std::vector<PlanPtr>& roots) {
  Json nodes = Json::array();
  Json ids = Json::array();
  std::set<const PlanNode*> done;
  for (const PlanPtr& root : roots) {
    AppendNode(root, done, nodes);
    ids.push_back(root->id);
  }
  return Json{{"version", kFormatVersion}, {"nodes", nodes}, {"roots", ids}}.dump();
}

Result<std::vector<PlanPtr>> PlanFromJson(std::string_view text) {
  if (int depth = JsonDepth(text); depth > kDepthMax) {
    return Corruption("a stored plan is nested {} deep", depth);
  }
  try {
    Json json = ParseWholeJson<Json>(text);
    if (json.is_discarded()) return Corruption("a stored plan is no JSON: {}", text.substr(0, 80));
    int version = json.at("version").get<int>();
    if (version > kFormatVersion) {
      return NotSupported("a stored plan has format version {}; this program knows up to {}",
                          version, kFormatVersion);
    }
    std::map<int, PlanPtr> known;
    for (const Json& node : json.at("nodes")) {
      PlanPtr made = NodeOf(node, known);
      RETURN_IF_ERROR(CheckPlanNode(*made));
      known[made->id] = made;
    }
    std::vector<PlanPtr> roots;
    for (const Json& id : json.at("roots")) roots.push_back(known.at(id.get<int>()));
    return roots;
  } catch (const std::exception& e) {
    return Corruption("a stored plan cannot be read: {}", e.what());
  }
}

}  // namespace forebay::sql
