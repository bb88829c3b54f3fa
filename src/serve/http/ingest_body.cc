#include "serve/http/ingest_body.h"

#include <nlohmann/json.hpp>

#include "format/text/csv_rows.h"
#include "format/text/json_rows.h"

namespace forebay::serve {

using model::Batch;

namespace {

std::string QueryOr(const HttpRequest& request, const std::string& name, std::string fallback) {
  auto it = request.query.find(name);
  return it == request.query.end() ? fallback : it->second;
}

}  // namespace

Result<std::string> BodyParametersOf(const HttpRequest& request) {
  std::string type(request.Header("content-type"));
  type = type.substr(0, type.find(';'));
  std::string by_type;
  if (type == "text/csv") by_type = "csv";
  if (type == "application/json" || type == "application/x-ndjson" || type.empty()) {
    by_type = "json";
  }
  std::string format = QueryOr(request, "format", by_type);
  if (format == "ndjson") format = "json";
  if (format != "json" && format != "csv") {
    Error error =
        InvalidArgument("no format for this body: content type '{}', format '{}'", type, format);
    error.hint = "use ?format=json, ndjson or csv";
    return error;
  }
  nlohmann::json parameters = {{"format", format},
                               {"header", QueryOr(request, "header", "true") != "false"},
                               {"ignore", QueryOr(request, "ignore_unknown", "") == "true"}};
  auto null = request.query.find("null");
  if (null != request.query.end()) parameters["null"] = null->second;
  return parameters.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

namespace {

Result<Batch> ReadCsv(const std::vector<model::ColumnSpec>& columns, const nlohmann::json& how,
                      const std::string& body, format::RowError& error) {
  format::CsvOptions options;
  options.header = how.value("header", true);
  options.ignore_unknown_columns = how.value("ignore", false);
  if (how.contains("null")) options.null_literal = how["null"].get<std::string>();
  std::vector<model::DataType> types;
  for (const auto& column : columns) types.push_back(column.type);
  format::CsvRowReader reader(columns, options);
  model::BatchBuilder builder(types);
  Status status = reader.Feed(body, builder);
  if (status.ok()) status = reader.Finish(builder);
  error = reader.row_error();
  if (!status.ok()) return status;
  return builder.Finish();
}

}  // namespace

Result<Batch> ReadIngestBody(const std::vector<model::ColumnSpec>& columns,
                             const std::string& parameters, const std::string& body,
                             format::RowError& error) {
  nlohmann::json how = nlohmann::json::parse(parameters, nullptr, false);
  if (!how.is_object()) return Corruption("damaged parameters of a request");
  if (how.value("format", "") == "csv") return ReadCsv(columns, how, body, error);
  format::JsonReadOptions options;
  options.ignore_unknown_fields = how.value("ignore", false);
  format::JsonRowReader reader(columns, options);
  Result<Batch> batch = reader.Read(body);
  error = reader.row_error();
  return batch;
}

}  // namespace forebay::serve
