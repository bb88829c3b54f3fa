#include "sql/plan/expression_json.h"

#include <fmt/format.h>

#include <algorithm>

namespace forebay::sql {

using Json = nlohmann::json;
using model::DataType;
using model::TypeRoot;
using model::Value;

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

namespace {

constexpr int kMaxTimePrecision = 9;

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

int InRange(int value, int max) {
  if (value < 0 || value > max) throw std::out_of_range("a type");
  return value;
}

DataType RootOf(TypeRoot root, const Json& json) {
  int length = InRange(json.value("length", 0), DataType::kMaxLength);
  switch (root) {
    case TypeRoot::kDecimal:
      return DataType::Decimal(InRange(length, DataType::kMaxDecimalPrecision),
                               InRange(json.value("scale", 0), DataType::kMaxDecimalPrecision));
    case TypeRoot::kChar: return DataType::Char(length);
    case TypeRoot::kVarchar: return DataType::Varchar(length);
    case TypeRoot::kBinary: return DataType::Binary(length);
    case TypeRoot::kVarbinary: return DataType::Varbinary(length);
    case TypeRoot::kTime: return DataType::Time(InRange(length, kMaxTimePrecision));
    case TypeRoot::kTimestamp: return DataType::Timestamp(InRange(length, kMaxTimePrecision));
    case TypeRoot::kTimestampLtz: return DataType::TimestampLtz(InRange(length, kMaxTimePrecision));
    case TypeRoot::kIntervalDayTime: return DataType::IntervalDayTime();
    case TypeRoot::kIntervalYearMonth: return DataType::IntervalYearMonth();
    case TypeRoot::kArray:
    case TypeRoot::kMap:
    case TypeRoot::kMultiset:
    case TypeRoot::kRow: return NestedOf(root, json);
    default: return DataType::Of(root);
  }
}

}  // namespace

DataType TypeOf(const Json& json) {
  int last = static_cast<int>(TypeRoot::kDescriptor);
  auto root = static_cast<TypeRoot>(InRange(json.at("root").get<int>(), last));
  return RootOf(root, json).WithNullable(json.at("nullable").get<bool>());
}

namespace {

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

}  // namespace

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

}  // namespace forebay::sql
