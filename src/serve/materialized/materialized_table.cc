#include "serve/materialized/materialized_table.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "model/catalog_name.h"
#include "model/data_type.h"
#include "model/quoted_text.h"
#include "serve/session/settings.h"
#include "serve/session/show_create.h"

namespace forebay::serve {

using State = MaterializedTable::State;

namespace {

constexpr std::array<std::string_view, 4> kStateNames = {"INITIALIZING", "ACTIVATED", "SUSPENDED",
                                                         "DROPPING"};

}  // namespace

std::string_view StateName(State state) { return kStateNames[static_cast<size_t>(state)]; }

std::string_view ModeName(sql::RefreshMode mode) {
  return mode == sql::RefreshMode::kFull ? "FULL" : "CONTINUOUS";
}

sql::AnalyzerOptions AnalyzerOptionsOf(const MaterializedTable& table, bool streaming) {
  sql::AnalyzerOptions options;
  options.current_catalog = model::SplitDatabase(table.database).first;
  options.current_database = table.database;
  options.streaming = streaming;
  ApplySettings(table.settings, options);
  return options;
}

int64_t MaterializedTable::NextRefreshMs() const {
  int64_t interval_ms = freshness.Milliseconds();
  if (refresh_begin_ms == 0 || refresh_end_ms == 0) return refresh_begin_ms;
  return (refresh_begin_ms / interval_ms + 1) * interval_ms;
}

std::string MaterializedTable::InsertText(std::string_view condition) const {
  std::string names;
  for (const std::string& column : columns) {
    names += (names.empty() ? "" : ", ") + model::QuoteIdentifier(column);
  }
  std::string hints;
  for (const auto& [key, value] : options) {
    hints += fmt::format("{}{} = {}", hints.empty() ? "" : ", ", model::QuoteText(key),
                         model::QuoteText(value));
  }
  if (!hints.empty()) hints = fmt::format(" /*+ OPTIONS({}) */", hints);
  std::string head = fmt::format("INSERT INTO {}{} ({})\n", QuotedPath(path), hints, names);
  if (condition.empty()) return head + query;
  // On lines of its own: the query may end in a comment.
  return fmt::format("{}SELECT * FROM (\n{}\n) WHERE {}", head, query, condition);
}

std::string MaterializedTable::ToJson() const {
  return nlohmann::json{{"version", 1},
                        {"database", path.database},
                        {"table", path.table},
                        {"descriptor", table_json},
                        {"query", query},
                        {"query_database", database},
                        {"columns", columns},
                        {"freshness", {{"count", freshness.count}, {"unit", freshness.unit}}},
                        {"refresh_mode", std::string(ModeName(mode))},
                        {"settings", settings},
                        {"options", options},
                        {"state", std::string(StateName(state))},
                        {"job_id", job_id},
                        {"old_job_id", old_job_id},
                        {"refresh_begin_ms", refresh_begin_ms},
                        {"refresh_end_ms", refresh_end_ms},
                        {"refresh_error", refresh_error}}
      .dump();
}

Result<MaterializedTable> MaterializedTable::FromJson(std::string_view text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  try {
    MaterializedTable table;
    table.path.database = json.at("database").get<std::string>();
    table.path.table = json.at("table").get<std::string>();
    table.table_json = json.at("descriptor");
    table.query = json.at("query");
    table.database = json.at("query_database");
    table.columns = json.at("columns").get<std::vector<std::string>>();
    table.freshness.count = json.at("freshness").at("count").get<int64_t>();
    table.freshness.unit = json.at("freshness").at("unit").get<std::string>();
    table.mode =
        json.at("refresh_mode") == "FULL" ? sql::RefreshMode::kFull : sql::RefreshMode::kContinuous;
    table.settings = json.at("settings").get<std::map<std::string, std::string>>();
    table.options = json.at("options").get<std::map<std::string, std::string>>();
    std::string state = json.at("state");
    for (size_t i = 0; i < kStateNames.size(); ++i) {
      if (kStateNames[i] == state) table.state = static_cast<State>(i);
    }
    table.job_id = json.at("job_id");
    table.old_job_id = json.at("old_job_id");
    table.refresh_begin_ms = json.at("refresh_begin_ms");
    table.refresh_end_ms = json.at("refresh_end_ms");
    table.refresh_error = json.at("refresh_error");
    if (table.freshness.Milliseconds() <= 0) return Corruption("a freshness of nothing");
    return table;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("a stored materialized table is damaged: {}", error.what());
  }
}

}  // namespace forebay::serve
