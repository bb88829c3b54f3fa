#include "app/remote/remote_results.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/remote/text_rows.h"

namespace forebay::app {

using Json = nlohmann::ordered_json;

void RemoteResults::Add(std::string_view line) {
  if (line.empty()) {
    if (output_.progress) output_.progress(rows_);
    return;
  }
  try {
    Take(line);
  } catch (const Json::exception& error) {
    all_succeeded_ = false;
    in_result_ = false;
    writer_.reset();
    if (!output_.error) return;
    output_.error(Corruption("the server's answer has a damaged line: {}", error.what()), "");
  }
}

void RemoteResults::Take(std::string_view line) {
  if (line.find("\"columns\":[") != std::string_view::npos && !in_result_) return Begin(line);
  if (in_result_ && line.find(",\"rows\":[") != std::string_view::npos) return Rows(line);
  if (in_result_ && line.find(",\"end\":true") != std::string_view::npos) return End();
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return;
  if (json.contains("error")) return Failed(line);
  if (json.contains("message") && output_.message) output_.message(json.value("message", ""));
  if (json.contains("progress") && output_.progress) output_.progress(json.value("progress", 0L));
}

void RemoteResults::Begin(std::string_view line) {
  in_result_ = true;
  Json json = Json::parse(line, nullptr, false);
  is_changelog_ = json.value("changelog", false);
  rows_ = 0;
  std::vector<serve::ColumnHeader> headers;
  for (const Json& column : json["columns"]) {
    headers.push_back(TextColumn(column.value("name", ""), column.value("type", "")));
  }
  num_columns_ = headers.size();
  if (output_.json) {
    json_ = fmt::format("{{\"statement\":{},{},\"rows\":[", json.value("statement", 0),
                        serve::ColumnsJson(headers));
    kinds_.clear();
    return;
  }
  writer_ = output_.writer();
  writer_->Begin(json.value("statement", 0), std::move(headers), is_changelog_);
}

namespace {

model::ChangeType ChangeOf(const std::string& text) {
  if (text == "-U") return model::ChangeType::kUpdateBefore;
  if (text == "+U") return model::ChangeType::kUpdateAfter;
  if (text == "-D") return model::ChangeType::kDelete;
  return model::ChangeType::kInsert;
}

}  // namespace

void RemoteResults::Rows(std::string_view line) {
  if (output_.json) {
    size_t begin = line.find(",\"rows\":[") + 9;
    size_t kinds = is_changelog_ ? line.rfind(",\"kinds\":[") : line.size() - 1;
    std::string_view rows = line.substr(begin, kinds - 1 - begin);
    json_ += (json_.ends_with('[') || rows.empty() ? "" : ",") + std::string(rows);
    if (!is_changelog_) return;
    std::string_view types = line.substr(kinds + 10, line.size() - 2 - kinds - 10);
    kinds_ += (kinds_.empty() || types.empty() ? "" : ",") + std::string(types);
    return;
  }
  Json json = Json::parse(line, nullptr, false);
  model::BatchBuilder builder = TextRows(num_columns_);
  for (size_t row = 0; row < json.at("rows").size(); ++row) {
    auto change = is_changelog_ ? ChangeOf(json.at("kinds").at(row)) : model::ChangeType::kInsert;
    AppendTextRow(json["rows"][row], num_columns_, change, builder);
  }
  model::Batch batch = builder.Finish();
  rows_ += batch.num_rows;
  writer_->Rows(batch);
}

void RemoteResults::End() {
  in_result_ = false;
  if (output_.json) {
    std::string kinds = is_changelog_ ? ",\"kinds\":[" + kinds_ + "]" : "";
    output_.line(json_ + "]" + kinds + "}");
  } else {
    writer_->End();
    writer_.reset();
  }
}

void RemoteResults::Finish() {
  if (in_result_) End();
}

void RemoteResults::Failed(std::string_view line) {
  all_succeeded_ = false;
  in_result_ = false;
  writer_.reset();
  Json json = Json::parse(line, nullptr, false)["error"];
  Error error = InvalidArgument("{}", json.value("message", ""));
  error.hint = json.value("hint", "");
  error.position = {json.value("line", 0), json.value("column", 0)};
  if (output_.error) output_.error(error, line);
}

}  // namespace forebay::app
