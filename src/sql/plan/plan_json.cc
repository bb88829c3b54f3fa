#include "sql/plan/plan_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "sql/plan/plan_signature.h"

// Reading throws inside this file only: nlohmann's accessors check types, and PlanFromJson turns
// that into kCorruption.

namespace forebay::sql {
namespace {

using Json = nlohmann::json;
using model::DataType;
using model::TypeRoot;
using model::Value;

constexpr int kFormatVersion = 1;

// ---- types and values ----

Json TypeJson(const DataType& type) {
  Json json = {{"root", static_cast<int>(type.root())}, {"nullable", type.nullable()}};
  if (type.length() != 0) json["length"] = type.length();
  if (type.scale() != 0) json["scale"] = type.scale();
  if (type.Is(TypeRoot::kRow)) {
    Json fields = Json::array();
    for (const auto& field : type.fields()) {
      fields.push_back({{"name", field.name},
                        {"type", TypeJson(field.type)},
                        {"description", field.description}});
    }
    json["fields"] = std::move(fields);
  } else if (!type.children().empty()) {
    Json children = Json::array();
    for (const DataType& child : type.children()) children.push_back(TypeJson(child));
    json["children"] = std::move(children);
  }
  return json;
}

DataType TypeOf(const Json& json);

DataType NestedOf(TypeRoot root, const Json& json) {
  if (root == TypeRoot::kRow) {
    std::vector<model::RowField> fields;
    for (const Json& field : json.at("fields")) {
      fields.push_back({field.at("name"), TypeOf(field.at("type")), field.at("description")});
    }
    return DataType::Row(std::move(fields));
  }
  const Json& children = json.at("children");
  if (root == TypeRoot::kArray) return DataType::Array(TypeOf(children.at(0)));
  if (root == TypeRoot::kMultiset) return DataType::Multiset(TypeOf(children.at(0)));
  return DataType::Map(TypeOf(children.at(0)), TypeOf(children.at(1)));
}

DataType RootOf(TypeRoot root, const Json& json) {
  int length = json.value("length", 0);
  switch (root) {
    case TypeRoot::kDecimal: return DataType::Decimal(length, json.value("scale", 0));
    case TypeRoot::kChar: return DataType::Char(length);
    case TypeRoot::kVarchar: return DataType::Varchar(length);
    case TypeRoot::kBinary: return DataType::Binary(length);
    case TypeRoot::kVarbinary: return DataType::Varbinary(length);
    case TypeRoot::kTime: return DataType::Time(length);
    case TypeRoot::kTimestamp: return DataType::Timestamp(length);
    case TypeRoot::kTimestampLtz: return DataType::TimestampLtz(length);
    case TypeRoot::kIntervalDayTime: return DataType::IntervalDayTime();
    case TypeRoot::kIntervalYearMonth: return DataType::IntervalYearMonth();
    case TypeRoot::kArray:
    case TypeRoot::kMap:
    case TypeRoot::kMultiset:
    case TypeRoot::kRow: return NestedOf(root, json);
    default: return DataType::Of(root);
  }
}

DataType TypeOf(const Json& json) {
  auto root = static_cast<TypeRoot>(json.at("root").get<int>());
  return RootOf(root, json).WithNullable(json.at("nullable").get<bool>());
}

std::string Hex(const std::string& bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string Unhex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Json ValueJson(const Value& value) {
  struct Visitor {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool b) const { return b; }
    Json operator()(int64_t n) const { return {{"int", n}}; }
    Json operator()(model::Int128 n) const {
      auto bits = static_cast<unsigned __int128>(n);
      return {{"high", static_cast<int64_t>(bits >> 64)}, {"low", static_cast<uint64_t>(bits)}};
    }
    Json operator()(double d) const { return {{"double", fmt::format("{:a}", d)}}; }
    Json operator()(const std::string& s) const {
      bool ascii = std::all_of(s.begin(), s.end(), [](char c) { return c >= 0; });
      return ascii ? Json{{"text", s}} : Json{{"hex", Hex(s)}};
    }
    Json operator()(const Value::List& list) const {
      Json items = Json::array();
      for (const Value& item : list) items.push_back(ValueJson(item));
      return items;
    }
  };
  return std::visit(Visitor{}, value.data);
}

Value ValueOf(const Json& json) {
  if (json.is_null()) return Value();
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_array()) {
    Value::List list;
    for (const Json& item : json) list.push_back(ValueOf(item));
    return Value(std::move(list));
  }
  if (json.contains("int")) return Value(json["int"].get<int64_t>());
  if (json.contains("double")) return Value(std::stod(json["double"].get<std::string>()));
  if (json.contains("text")) return Value(json["text"].get<std::string>());
  if (json.contains("hex")) return Value(Unhex(json["hex"].get<std::string>()));
  auto high = static_cast<unsigned __int128>(json.at("high").get<int64_t>());
  return Value(static_cast<model::Int128>((high << 64) | json.at("low").get<uint64_t>()));
}

// ---- expressions ----

Json ExpressionJson(const ExpressionPtr& e) {
  if (e == nullptr) return nullptr;
  Json json = {{"type", TypeJson(e->type)}};
  if (e->kind == ExpressionKind::kLiteral) {
    json["value"] = ValueJson(e->value);
  } else if (e->kind == ExpressionKind::kColumn) {
    json["column"] = e->column;
  } else {
    json["function"] = e->function;
    Json args = Json::array();
    for (const ExpressionPtr& arg : e->args) args.push_back(ExpressionJson(arg));
    json["args"] = std::move(args);
  }
  return json;
}

ExpressionPtr ExpressionOf(const Json& json) {
  if (json.is_null()) return nullptr;
  DataType type = TypeOf(json.at("type"));
  if (json.contains("column")) return Expression::Column(type, json["column"].get<int>());
  if (!json.contains("function")) return Expression::Literal(type, ValueOf(json.at("value")));
  std::vector<ExpressionPtr> args;
  for (const Json& arg : json.at("args")) args.push_back(ExpressionOf(arg));
  return Expression::Call(type, json["function"].get<std::string>(), std::move(args));
}

Json ListJson(const std::vector<ExpressionPtr>& list) {
  Json json = Json::array();
  for (const ExpressionPtr& e : list) json.push_back(ExpressionJson(e));
  return json;
}

std::vector<ExpressionPtr> ListOf(const Json& json) {
  std::vector<ExpressionPtr> list;
  for (const Json& item : json) list.push_back(ExpressionOf(item));
  return list;
}

// ---- tables ----

Json TableJson(const TableRef& table) {
  const model::TableDescriptor& d = table.info.descriptor;
  Json columns = Json::array();
  for (const auto& column : d.schema.columns) {
    columns.push_back({{"name", column.name},
                       {"type", TypeJson(column.type)},
                       {"comment", column.comment},
                       {"id", column.id}});
  }
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
          {"options", table.options}};
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
  return table;
}

// ---- parts of nodes ----

Json WindowJson(const WindowSpec& w) {
  return {{"kind", static_cast<int>(w.kind)},
          {"size_ms", w.size_ms},
          {"slide_ms", w.slide_ms},
          {"offset_ms", w.offset_ms},
          {"time_column", w.time_column},
          {"partition_keys", w.partition_keys},
          {"window_start_column", w.window_start_column},
          {"window_end_column", w.window_end_column}};
}

WindowSpec WindowOf(const Json& json) {
  WindowSpec w;
  w.kind = static_cast<WindowKind>(json.at("kind").get<int>());
  json.at("size_ms").get_to(w.size_ms);
  json.at("slide_ms").get_to(w.slide_ms);
  json.at("offset_ms").get_to(w.offset_ms);
  json.at("time_column").get_to(w.time_column);
  json.at("partition_keys").get_to(w.partition_keys);
  json.at("window_start_column").get_to(w.window_start_column);
  json.at("window_end_column").get_to(w.window_end_column);
  return w;
}

Json CallsJson(const std::vector<AggregateCall>& calls) {
  Json json = Json::array();
  for (const AggregateCall& call : calls) {
    json.push_back({{"function", call.function},
                    {"args", call.args},
                    {"filter", call.filter},
                    {"distinct", call.distinct},
                    {"type", TypeJson(call.type)},
                    {"name", call.name}});
  }
  return json;
}

std::vector<AggregateCall> CallsOf(const Json& json) {
  std::vector<AggregateCall> calls;
  for (const Json& item : json) {
    calls.push_back({item.at("function"), item.at("args"), item.at("filter"), item.at("distinct"),
                     TypeOf(item.at("type")), item.at("name")});
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
}
void Read(const Json& json, WindowAggregateNode& n) {
  n.window = WindowOf(json.at("window"));
  json.at("keys").get_to(n.keys);
  n.calls = CallsOf(json.at("calls"));
  for (const Json& p : json.at("properties")) {
    n.properties.push_back(static_cast<WindowProperty>(p.get<int>()));
  }
}
void Write(const JoinNode& n, Json& json) {
  json["join"] = static_cast<int>(n.join);
  json["left_keys"] = n.left_keys;
  json["right_keys"] = n.right_keys;
  json["condition"] = ExpressionJson(n.condition);
  json["windowed"] = n.windowed;
}
void Read(const Json& json, JoinNode& n) {
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
}
void Read(const Json& json, LookupJoinNode& n) {
  n.table = TableOf(json.at("table"));
  json.at("columns").get_to(n.columns);
  json.at("left_outer").get_to(n.left_outer);
  n.keys = ListOf(json.at("keys"));
  n.condition = ExpressionOf(json.at("condition"));
}
void Write(const RankNode& n, Json& json) {
  json["keys"] = n.keys;
  json["order"] = OrderJson(n.order);
  json["rank_start"] = n.rank_start;
  json["rank_end"] = n.rank_end;
  json["output_rank_number"] = n.output_rank_number;
  json["windowed"] = n.windowed;
}
void Read(const Json& json, RankNode& n) {
  json.at("keys").get_to(n.keys);
  n.order = OrderOf(json.at("order"));
  json.at("rank_start").get_to(n.rank_start);
  json.at("rank_end").get_to(n.rank_end);
  json.at("output_rank_number").get_to(n.output_rank_number);
  json.at("windowed").get_to(n.windowed);
}
Json BoundJson(const FrameBound& bound) {
  return {{"kind", static_cast<int>(bound.kind)}, {"offset", bound.offset}};
}
FrameBound BoundOf(const Json& json) {
  return {static_cast<FrameBound::Kind>(json.at("kind").get<int>()), json.at("offset")};
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
}
void Read(const Json& json, DeduplicateNode& n) {
  json.at("keys").get_to(n.keys);
  json.at("time_column").get_to(n.time_column);
  json.at("keep_last").get_to(n.keep_last);
  json.at("is_rowtime").get_to(n.is_rowtime);
}
void Write(const UnionNode&, Json&) {}
void Read(const Json&, UnionNode&) {}
void Write(const SortNode& n, Json& json) { json["order"] = OrderJson(n.order); }
void Read(const Json& json, SortNode& n) { n.order = OrderOf(json.at("order")); }
void Write(const LimitNode& n, Json& json) {
  json["order"] = OrderJson(n.order);
  json["offset"] = n.offset;
  if (n.fetch) json["fetch"] = *n.fetch;
}
void Read(const Json& json, LimitNode& n) {
  n.order = OrderOf(json.at("order"));
  json.at("offset").get_to(n.offset);
  if (json.contains("fetch")) n.fetch = json["fetch"].get<int64_t>();
}
void Write(const SinkNode& n, Json& json) {
  json["table"] = TableJson(n.table);
  json["overwrite"] = n.overwrite;
}
void Read(const Json& json, SinkNode& n) {
  n.table = TableOf(json.at("table"));
  json.at("overwrite").get_to(n.overwrite);
}

/// Calls `f` with a null pointer of the node type of `kind`.
template <typename F>
auto DispatchNode(PlanKind kind, F&& f) {
  switch (kind) {
    case PlanKind::kTableScan: return f(static_cast<TableScanNode*>(nullptr));
    case PlanKind::kValues: return f(static_cast<ValuesNode*>(nullptr));
    case PlanKind::kCalc: return f(static_cast<CalcNode*>(nullptr));
    case PlanKind::kWatermark: return f(static_cast<WatermarkNode*>(nullptr));
    case PlanKind::kAggregate: return f(static_cast<AggregateNode*>(nullptr));
    case PlanKind::kWindowTable: return f(static_cast<WindowTableNode*>(nullptr));
    case PlanKind::kWindowAggregate: return f(static_cast<WindowAggregateNode*>(nullptr));
    case PlanKind::kJoin: return f(static_cast<JoinNode*>(nullptr));
    case PlanKind::kLookupJoin: return f(static_cast<LookupJoinNode*>(nullptr));
    case PlanKind::kRank: return f(static_cast<RankNode*>(nullptr));
    case PlanKind::kDeduplicate: return f(static_cast<DeduplicateNode*>(nullptr));
    case PlanKind::kOverAggregate: return f(static_cast<OverAggregateNode*>(nullptr));
    case PlanKind::kUnion: return f(static_cast<UnionNode*>(nullptr));
    case PlanKind::kSort: return f(static_cast<SortNode*>(nullptr));
    case PlanKind::kLimit: return f(static_cast<LimitNode*>(nullptr));
    case PlanKind::kSink: return f(static_cast<SinkNode*>(nullptr));
  }
  throw std::out_of_range("plan kind");
}

constexpr const char* kKindNames[] = {
    "TableScan",    "Values",          "Calc", "Watermark",  "Aggregate",
    "WindowTable",  "WindowAggregate", "Join", "LookupJoin", "Rank",
    "Deduplicate",  "Union",           "Sort", "Limit",      "Sink",
    "OverAggregate"};
constexpr int kKinds = static_cast<int>(std::size(kKindNames));

Json OwnJson(const PlanNode& node) {
  Json json = {{"kind", kKindNames[static_cast<int>(node.kind)]}};
  Json output = Json::array();
  for (const Field& field : node.output) {
    output.push_back({{"name", field.name},
                      {"type", TypeJson(field.type)},
                      {"time_attribute", static_cast<int>(field.time_attribute)}});
  }
  json["output"] = std::move(output);
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
  return node;
}

}  // namespace

std::string PlanSignature(const PlanNode& node) { return OwnJson(node).dump(); }

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
  try {
    Json json = Json::parse(text);
    int version = json.at("version").get<int>();
    if (version > kFormatVersion) {
      return NotSupported("a stored plan has format version {}; this program knows up to {}",
                          version, kFormatVersion);
    }
    std::map<int, PlanPtr> known;
    for (const Json& node : json.at("nodes")) known[node.at("id").get<int>()] = NodeOf(node, known);
    std::vector<PlanPtr> roots;
    for (const Json& id : json.at("roots")) roots.push_back(known.at(id.get<int>()));
    return roots;
  } catch (const std::exception& e) {
    return Corruption("a stored plan cannot be read: {}", e.what());
  }
}

}  // namespace forebay::sql
