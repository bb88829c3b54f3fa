#include <algorithm>

#include "model/value_text.h"
#include "serve/session/session.h"
#include "serve/session/show_create.h"
#include "sql/functions/function_table.h"

// SHOW and DESCRIBE.

namespace forebay::serve {

using Rows = std::vector<std::vector<std::string>>;

namespace {

/// SQL LIKE with % and _.
bool Like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t skip = 0; skip <= text.size(); ++skip) {
      if (Like(text.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern[0] != '_' && pattern[0] != text[0])) return false;
  return Like(text.substr(1), pattern.substr(1));
}

StatementResult NameList(const sql::ShowStatement& show, const std::string& column,
                         const std::vector<std::string>& names) {
  Rows rows;
  for (const std::string& name : names) {
    if (show.like.empty() || Like(name, show.like) != show.not_like) rows.push_back({name});
  }
  StatementResult result;
  result.rows = TextCursor({column}, rows);
  return result;
}

StatementResult Single(const std::string& column, std::string value) {
  StatementResult result;
  result.rows = TextCursor({column}, {{std::move(value)}});
  return result;
}

std::string TimeText(int64_t ms) {
  std::string text;
  if (ms > 0) model::AppendTimestamp(text, ms, 3);
  return text;
}

}  // namespace

std::vector<std::string> FunctionNames() { return sql::FunctionNames(); }

Result<StatementResult> Session::Run(const sql::ShowStatement& show) {
  using Kind = sql::ShowAst::Kind;
  switch (show.kind) {
    case Kind::kDatabases: {
      ASSIGN_OR_RETURN(auto names, catalog_.ListDatabases(show.catalog));
      return NameList(show, "database name", names);
    }
    case Kind::kTables: {
      ASSIGN_OR_RETURN(auto names, catalog_.ListTables(show.database));
      return NameList(show, "table name", names);
    }
    case Kind::kViews: {
      ASSIGN_OR_RETURN(auto names, catalog_.ListViews(show.database));
      return NameList(show, "view name", names);
    }
    case Kind::kFunctions: return NameList(show, "function name", FunctionNames());
    case Kind::kCatalogs: {
      std::vector<std::string> names = {kCatalog};
      if (engine_.catalogs != nullptr) {
        ASSIGN_OR_RETURN(names, engine_.catalogs->ListCatalogs());
      }
      return NameList(show, "catalog name", names);
    }
    case Kind::kCreateCatalog: return ShowCreateCatalog(show.catalog);
    case Kind::kModules: return NameList(show, "module name", {"core"});
    case Kind::kCurrentDatabase:
      return Single("current database name", model::SplitDatabase(database_).second);
    case Kind::kCurrentCatalog:
      return Single("current catalog name", model::SplitDatabase(database_).first);
    case Kind::kJobs: return ShowJobs();
    case Kind::kCreateTable: {
      ASSIGN_OR_RETURN(auto table, catalog_.FindTable(show.path));
      if (!table) return NotFound("table {} does not exist", show.path.ToString());
      if (IsMaterialized(show.path)) {
        return InvalidArgument(
            "SHOW CREATE TABLE is only supported for tables, but {} is a materialized table. "
            "Please use SHOW CREATE MATERIALIZED TABLE instead.",
            show.path.ToString());
      }
      return Single("result", CreateTableText(*table));
    }
    case Kind::kCreateView: {
      ASSIGN_OR_RETURN(auto view, catalog_.FindView(show.path));
      if (!view) return NotFound("view {} does not exist", show.path.ToString());
      return Single("result", CreateViewText(*view));
    }
    case Kind::kPartitions: return ShowPartitions(show);
    case Kind::kMaterializedTables:
      return NameList(show, "materialized table", MaterializedNames(show.database));
    case Kind::kCreateMaterializedTable: {
      ASSIGN_OR_RETURN(std::string text, MaterializedText(show.path));
      return Single("result", std::move(text));
    }
    case Kind::kColumns: return NotSupported("SHOW COLUMNS is not supported yet: use DESCRIBE");
  }
  return Internal("unknown SHOW statement");
}

Result<StatementResult> Session::ShowJobs() {
  Rows rows;
  for (const compute::JobRecord& job : engine_.jobs->List()) {
    int64_t rows_in = 0;
    int64_t state_bytes = 0;
    auto handle = engine_.jobs->Find(job.id);
    if (handle.ok()) {
      for (const compute::OperatorMetrics& metrics : (*handle)->Metrics()) {
        rows_in = std::max(rows_in, std::max(metrics.rows_in, metrics.rows_out));
        state_bytes += metrics.state_bytes;
      }
    }
    rows.push_back({job.id, job.name, std::string(compute::JobStateName(job.state)),
                    TimeText(job.created_ms), std::to_string(rows_in), std::to_string(state_bytes),
                    job.failure});
  }
  for (const RefreshRow& refresh : RefreshRows()) {
    rows.push_back({refresh.id, refresh.name, refresh.state, TimeText(refresh.begin_ms), "0", "0",
                    refresh.failure});
  }
  StatementResult result;
  result.rows = TextCursor(
      {"job id", "job name", "status", "start time", "rows", "state bytes", "failure"}, rows);
  return result;
}

Result<StatementResult> Session::DescribeJob(const std::string& id) {
  ASSIGN_OR_RETURN(compute::JobHandle job, engine_.jobs->Find(id));
  Rows rows;
  for (const compute::OperatorMetrics& metrics : job->Metrics()) {
    bool has_watermark =
        metrics.watermark != compute::kMinWatermark && metrics.watermark != compute::kMaxWatermark;
    rows.push_back({std::to_string(metrics.node_id), metrics.name,
                    std::to_string(metrics.num_instances), std::to_string(metrics.rows_in),
                    std::to_string(metrics.rows_out),
                    fmt::format("{:.0f}", metrics.rows_per_second),
                    has_watermark ? TimeText(metrics.watermark) : "",
                    std::to_string(metrics.state_bytes), fmt::format("{:.0f}", metrics.busy_ms)});
  }
  StatementResult result;
  result.rows = TextCursor({"operator id", "operator", "instances", "rows in", "rows out", "rows/s",
                            "watermark", "state bytes", "busy ms"},
                           rows);
  return result;
}

Result<StatementResult> Session::Run(const sql::DescribeStatement& describe) {
  if (describe.kind == sql::DescribeAst::Kind::kJob) return DescribeJob(describe.name);
  if (describe.kind == sql::DescribeAst::Kind::kCatalog) return DescribeCatalog(describe);
  if (describe.kind == sql::DescribeAst::Kind::kDatabase) {
    StatementResult result;
    result.rows = TextCursor({"info name", "info value"}, {{"Name", describe.name}});
    return result;
  }
  ASSIGN_OR_RETURN(auto table, catalog_.FindTable(describe.path));
  model::DataType text = model::DataType::String();
  std::vector<sql::Field> columns = {
      {"name", text}, {"type", text},   {"null", model::DataType::Boolean()},
      {"key", text},  {"extras", text}, {"watermark", text}};
  std::vector<DescribedColumn> all;
  bool has_comments = false;
  bool is_materialized = IsMaterialized(describe.path);
  for (const sql::Field& field : describe.columns) {
    all.push_back(DescribeColumn(field, table ? &*table : nullptr, IsStreaming()));
    // As in Flink, which does not say it of materialized tables.
    if (is_materialized && all.back().extras == "PARTITION KEY") all.back().extras.clear();
    has_comments = has_comments || !all.back().comment.empty();
  }
  // As in Flink, there is a column of comments only when there are comments.
  if (has_comments) columns.push_back({"comment", text});
  std::vector<model::DataType> types;
  for (const sql::Field& field : columns) types.push_back(field.type);
  model::BatchBuilder rows(types);
  for (size_t i = 0; i < all.size(); ++i) {
    const sql::Field& field = describe.columns[i];
    const DescribedColumn& described = all[i];
    rows.column(0).AppendString(field.name);
    rows.column(1).AppendString(described.type);
    rows.column(2).Append<uint8_t>(field.type.nullable() ? 1 : 0);
    for (auto [index, value] :
         {std::pair(3, &described.key), std::pair(4, &described.extras),
          std::pair(5, &described.watermark), std::pair(6, &described.comment)}) {
      if (index == 6 && !has_comments) continue;
      if (value->empty()) {
        rows.column(index).AppendNull();
      } else {
        rows.column(index).AppendString(*value);
      }
    }
    rows.FinishRow();
  }
  StatementResult result;
  result.rows = CursorOf(std::move(columns), rows.Finish());
  return result;
}

}  // namespace forebay::serve
