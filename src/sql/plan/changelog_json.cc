#include "sql/plan/changelog_json.h"

namespace forebay::sql {

using Json = nlohmann::json;

void WriteChangelog(const ChangelogNode& node, Json& json) {
  json["to_rows"] = node.to_rows;
  json["op_column"] = node.op_column;
  Json codes = Json::array();
  for (const auto& [code, change] : node.codes) codes.push_back({code, static_cast<int>(change)});
  json["codes"] = std::move(codes);
}

void ReadChangelog(const Json& json, ChangelogNode& node) {
  json.at("to_rows").get_to(node.to_rows);
  json.at("op_column").get_to(node.op_column);
  for (const Json& pair : json.at("codes")) {
    int change = pair.at(1).get<int>();
    bool is_known = change >= 0 && change <= static_cast<int>(model::ChangeType::kDelete);
    if (!is_known) throw std::out_of_range("a change");
    node.codes.emplace_back(pair.at(0).get<std::string>(), static_cast<model::ChangeType>(change));
  }
}

Json VersionsJson(const JoinVersions& versions) {
  return {{"left_time", versions.left_time},
          {"right_time", versions.right_time},
          {"is_proctime", versions.is_proctime},
          {"declared_key", versions.declared_key}};
}

JoinVersions VersionsOf(const Json& json) {
  JoinVersions versions;
  json.at("left_time").get_to(versions.left_time);
  json.at("right_time").get_to(versions.right_time);
  versions.is_proctime = json.value("is_proctime", false);
  versions.declared_key = json.value("declared_key", std::vector<int>());
  return versions;
}

}  // namespace forebay::sql
