#include <algorithm>

#include "base/ascii_case.h"
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

/// Whether `name` is among those that [NOT] {LIKE | ILIKE} asks for.
bool IsShown(const sql::ShowStatement& show, const std::string& name) {
  if (show.like.empty()) return true;
  bool matches =
      show.ignore_case ? Like(LowerAscii(name), LowerAscii(show.like)) : Like(name, show.like);
  return matches != show.not_like;
}

StatementResult NameList(const sql::ShowStatement& show, const std::string& column,
                         const std::vector<std::string>& names) {
  Rows rows;
  for (const std::string& name : names) {
    if (IsShown(show, name)) rows.push_back({name});
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

bool IsBuiltInFunction(const std::string& name) {
  for (const std::string& known : sql::FunctionNames()) {
    if (LowerAscii(known) == name) return true;
  }
  return false;
}

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
    case Kind::kUserFunctions:
    case Kind::kFunctions: return ShowFunctions(show);
    case Kind::kCatalogs: {
      ASSIGN_OR_RETURN(auto names, catalog_.ListCatalogs());
      return NameList(show, "catalog name", names);
    }
    case Kind::kCreateCatalog: return ShowCreateCatalog(show.catalog);
    case Kind::kFullModules:
    case Kind::kModules: return ShowModules(show);
    case Kind::kModels: {
      ASSIGN_OR_RETURN(auto names, ModelNames(show.database));
      return NameList(show, "model name", names);
    }
    case Kind::kJars: return NameList(show, "jars", {});
    case Kind::kProcedures:
      return NotSupported("catalog {} has no procedures",
                          model::SplitDatabase(show.database).first);
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
      return Single("result", CreateTableText(*table, catalog_.IsTemporary(show.path)));
    }
    case Kind::kCreateView: return ShowCreateView(show);
    case Kind::kPartitions: return ShowPartitions(show);
    case Kind::kMaterializedTables:
      return NameList(show, "materialized table", MaterializedNames(show.database));
    case Kind::kCreateMaterializedTable: {
      ASSIGN_OR_RETURN(std::string text, MaterializedText(show.path));
      return Single("result", std::move(text));
    }
    case Kind::kColumns: return ShowColumns(show);
  }
  return Internal("unknown SHOW statement");
}

Result<StatementResult> Session::ShowFunctions(const sql::ShowStatement& show) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, catalog_.ListFunctions(show.database));
  if (show.kind == sql::ShowAst::Kind::kFunctions && used_modules_ > 0) {
    for (std::string& name : FunctionNames()) names.push_back(std::move(name));
    std::sort(names.begin(), names.end());
  }
  return NameList(show, "function name", names);
}

Result<StatementResult> Session::ShowModules(const sql::ShowStatement& show) {
  bool full = show.kind == sql::ShowAst::Kind::kFullModules;
  size_t count = full ? modules_.size() : used_modules_;
  if (!full) return NameList(show, "module name", {modules_.begin(), modules_.begin() + count});
  model::BatchBuilder rows({model::DataType::String(), model::DataType::Boolean()});
  for (size_t i = 0; i < count; ++i) {
    rows.column(0).AppendString(modules_[i]);
    rows.column(1).Append<uint8_t>(i < used_modules_ ? 1 : 0);
    rows.FinishRow();
  }
  StatementResult result;
  result.rows =
      CursorOf({{"module name", model::DataType::String()}, {"used", model::DataType::Boolean()}},
               rows.Finish());
  return result;
}

Result<StatementResult> Session::ShowCreateView(const sql::ShowStatement& show) {
  ASSIGN_OR_RETURN(auto table, catalog_.FindTable(show.path));
  if (table) return InvalidArgument("{} is a table: SHOW CREATE TABLE", show.path.ToString());
  ASSIGN_OR_RETURN(auto view, catalog_.FindView(show.path));
  if (!view) return NotFound("view {} does not exist", show.path.ToString());
  std::vector<std::string> columns;
  for (const sql::Field& field : show.columns) columns.push_back(field.name);
  return Single("result", CreateViewText(*view, columns, catalog_.IsTemporary(show.path)));
}

Result<StatementResult> Session::ShowColumns(const sql::ShowStatement& show) {
  ASSIGN_OR_RETURN(auto table, catalog_.FindTable(show.path));
  std::vector<sql::Field> columns;
  for (const sql::Field& field : show.columns) {
    if (IsShown(show, field.name)) columns.push_back(field);
  }
  return ColumnRows(columns, table);
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
    bool has_watermark = metrics.watermark_lag_ms >= 0;
    rows.push_back(
        {std::to_string(metrics.node_id), metrics.name, std::to_string(metrics.num_instances),
         std::to_string(metrics.rows_in), std::to_string(metrics.rows_out),
         fmt::format("{:.0f}", metrics.rows_per_second),
         has_watermark ? TimeText(metrics.watermark) : "",
         has_watermark ? std::to_string(metrics.watermark_lag_ms) : "",
         std::to_string(metrics.state_bytes), fmt::format("{:.0f}", metrics.busy_ms),
         fmt::format("{:.0f}", metrics.back_pressure * 100), fmt::format("{:.2f}", metrics.skew),
         fmt::format("{:.1f}", metrics.longest_pause_ms)});
  }
  StatementResult result;
  result.rows = TextCursor(
      {"operator id", "operator", "instances", "rows in", "rows out", "rows/s", "watermark",
       "watermark lag ms", "state bytes", "busy ms", "back-pressure %", "skew", "longest pause ms"},
      rows);
  return result;
}

Result<StatementResult> Session::Run(const sql::DescribeStatement& describe) {
  if (describe.kind == sql::DescribeAst::Kind::kJob) return DescribeJob(describe.name);
  if (describe.kind == sql::DescribeAst::Kind::kCatalog) return DescribeCatalog(describe);
  if (describe.kind == sql::DescribeAst::Kind::kDatabase) return DescribeDatabase(describe);
  if (describe.kind == sql::DescribeAst::Kind::kFunction) return DescribeFunction(describe);
  ASSIGN_OR_RETURN(auto table, catalog_.FindTable(describe.path));
  return ColumnRows(describe.columns, table);
}

/// What DESCRIBE and SHOW COLUMNS say of columns.
StatementResult Session::ColumnRows(const std::vector<sql::Field>& fields,
                                    const std::optional<sql::CatalogTable>& table) {
  model::DataType text = model::DataType::String();
  std::vector<sql::Field> columns = {
      {"name", text}, {"type", text},   {"null", model::DataType::Boolean()},
      {"key", text},  {"extras", text}, {"watermark", text}};
  std::vector<DescribedColumn> all;
  bool has_comments = false;
  for (const sql::Field& field : fields) {
    all.push_back(DescribeColumn(field, table ? &*table : nullptr, IsStreaming()));
    has_comments = has_comments || !all.back().comment.empty();
  }
  // As in Flink, there is a column of comments only when there are comments.
  if (has_comments) columns.push_back({"comment", text});
  std::vector<model::DataType> types;
  for (const sql::Field& field : columns) types.push_back(field.type);
  model::BatchBuilder rows(types);
  for (size_t i = 0; i < all.size(); ++i) {
    const sql::Field& field = fields[i];
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
