#include "sql/plan/match_json.h"

#include "sql/plan/expression_json.h"

namespace forebay::sql {
namespace {

using Json = nlohmann::json;

Json InputJson(const MatchInput& input) {
  Json cells = Json::array();
  for (const MatchCell& cell : input.cells) {
    cells.push_back({{"variable", cell.variable},
                     {"from_first", cell.from_first},
                     {"offset", cell.offset},
                     {"column", cell.column},
                     {"type", TypeJson(cell.type)}});
  }
  Json aggregates = Json::array();
  for (const MatchAggregate& aggregate : input.aggregates) {
    aggregates.push_back({{"variable", aggregate.variable},
                          {"values", ListJson(aggregate.args)},
                          {"function", aggregate.call.function},
                          {"args", aggregate.call.args},
                          {"type", TypeJson(aggregate.call.type)}});
  }
  return {{"cells", std::move(cells)}, {"aggregates", std::move(aggregates)}};
}

MatchInput InputOf(const Json& json) {
  MatchInput input;
  for (const Json& cell : json.at("cells")) {
    input.cells.push_back({cell.at("variable"), cell.at("from_first"), cell.at("offset"),
                           cell.at("column"), TypeOf(cell.at("type"))});
  }
  for (const Json& item : json.at("aggregates")) {
    MatchAggregate aggregate;
    item.at("variable").get_to(aggregate.variable);
    aggregate.args = ListOf(item.at("values"));
    item.at("function").get_to(aggregate.call.function);
    item.at("args").get_to(aggregate.call.args);
    aggregate.call.type = TypeOf(item.at("type"));
    input.aggregates.push_back(std::move(aggregate));
  }
  return input;
}

}  // namespace

void WriteMatch(const MatchNode& node, Json& json) {
  Json variables = Json::array();
  for (const MatchVariable& variable : node.variables) {
    variables.push_back({{"name", variable.name},
                         {"min", variable.min},
                         {"max", variable.max},
                         {"reluctant", variable.reluctant},
                         {"condition", ExpressionJson(variable.condition)},
                         {"input", InputJson(variable.input)}});
  }
  json["variables"] = std::move(variables);
  json["input"] = InputJson(node.input);
  json["measures"] = ListJson(node.measures);
  json["skip"] = static_cast<int>(node.skip);
  json["skip_variable"] = node.skip_variable;
  json["within_ms"] = node.within_ms;
}

void ReadMatch(const Json& json, MatchNode& node) {
  for (const Json& item : json.at("variables")) {
    node.variables.push_back({item.at("name"), item.at("min"), item.at("max"), item.at("reluctant"),
                              ExpressionOf(item.at("condition")), InputOf(item.at("input"))});
  }
  node.input = InputOf(json.at("input"));
  node.measures = ListOf(json.at("measures"));
  node.skip = static_cast<MatchSkip>(json.at("skip").get<int>());
  json.at("skip_variable").get_to(node.skip_variable);
  json.at("within_ms").get_to(node.within_ms);
}

}  // namespace forebay::sql
