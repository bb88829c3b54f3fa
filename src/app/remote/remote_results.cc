#include "app/remote/remote_results.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "sql/diagnostic.h"

namespace forebay::app {

using Json = nlohmann::ordered_json;

void RemoteResults::Add(std::string_view line) {
  if (line.find("\"columns\":[") != std::string_view::npos && !in_result_) return Begin(line);
  if (in_result_ && line.find(",\"rows\":[") != std::string_view::npos) return Rows(line);
  if (in_result_ && line.find(",\"end\":true") != std::string_view::npos) return End();
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return;
  if (json.contains("error")) return Failed(line);
  if (json.contains("message")) {
    std::fprintf(stderr, "%s\n", json["message"].get<std::string>().c_str());
  }
}

void RemoteResults::Begin(std::string_view line) {
  in_result_ = true;
  Json json = Json::parse(line, nullptr, false);
  is_changelog_ = json.value("changelog", false);
  std::vector<serve::ColumnHeader> headers;
  for (const Json& column : json["columns"]) {
    std::string type = column.value("type", "");
    bool number = type.starts_with("INT") || type.starts_with("BIGINT") ||
                  type.starts_with("DECIMAL") || type.starts_with("DOUBLE");
    headers.push_back({column.value("name", ""), type, number});
  }
  num_columns_ = headers.size();
  if (format_ == serve::OutputFormat::kJson) {
    json_ = fmt::format("{{\"statement\":{},{},\"rows\":[", json.value("statement", 0),
                        serve::ColumnsJson(headers));
    kinds_.clear();
    return;
  }
  writer_ = serve::MakeResultWriter(format_, stdout);
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
  if (format_ == serve::OutputFormat::kJson) {
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
  std::vector<model::DataType> types(num_columns_, model::DataType::String());
  model::BatchBuilder builder(types);
  for (size_t row = 0; row < json["rows"].size(); ++row) {
    const Json& cells = json["rows"][row];
    for (size_t i = 0; i < num_columns_; ++i) {
      model::ColumnBuilder& column = builder.column(static_cast<int>(i));
      if (cells[i].is_null()) {
        column.AppendNull();
      } else {
        column.AppendString(cells[i].is_string() ? cells[i].get<std::string>() : cells[i].dump());
      }
    }
    builder.FinishRow(is_changelog_ ? ChangeOf(json["kinds"][row]) : model::ChangeType::kInsert);
  }
  writer_->Rows(builder.Finish());
}

void RemoteResults::End() {
  in_result_ = false;
  if (format_ == serve::OutputFormat::kJson) {
    std::string kinds = is_changelog_ ? ",\"kinds\":[" + kinds_ + "]" : "";
    std::printf("%s]%s}\n", json_.c_str(), kinds.c_str());
    std::fflush(stdout);
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
  if (format_ == serve::OutputFormat::kJson) {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    std::fflush(stdout);
  }
  Json json = Json::parse(line, nullptr, false)["error"];
  Error error = InvalidArgument("{}", json.value("message", ""));
  error.hint = json.value("hint", "");
  error.position = {json.value("line", 0), json.value("column", 0)};
  std::fprintf(stderr, "%s\n", sql::RenderError(error, script_).c_str());
}

}  // namespace forebay::app
