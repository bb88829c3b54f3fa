#include "sql/analyzer/temporal_function.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/diagnostic.h"

namespace forebay::sql {
namespace {

using Json = nlohmann::json;

constexpr const char* kTime = "time-attribute";
constexpr const char* kKey = "primary-key";

Result<std::string> OptionOf(const FunctionAst& ast, const char* key) {
  auto found = ast.options.find(key);
  if (found != ast.options.end()) return found->second;
  return InvalidArgument("SQL-1007 a temporal table function needs the option '{}'", key);
}

std::vector<std::string> SplitAtDots(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('.', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Result<int> ColumnOf(const Relation& history, const std::string& name) {
  ASSIGN_OR_RETURN(ResolvedName column, ResolveName(history.scope, {name}));
  return column.column;
}

/// What TemporalBody wrote down.
struct History {
  std::vector<std::string> table;
  std::string time;
  std::string key;

  std::string ToText() const { return Json{{"table", table}, {kTime, time}, {kKey, key}}.dump(); }
  static Result<History> Of(const CatalogFunction& function) {
    try {
      Json json = Json::parse(function.body);
      return History{json.at("table"), json.at(kTime), json.at(kKey)};
    } catch (const Json::exception& error) {
      return Corruption("temporal table function '{}': {}", function.path.table, error.what());
    }
  }
};

TableAst TableOf(const std::vector<std::string>& parts, const SourceRange& range) {
  TableAst table;
  table.name.parts = parts;
  table.name.range = range;
  table.range = range;
  return table;
}

}  // namespace

Result<std::string> TemporalBody(QueryAnalyzer& queries, const FunctionAst& ast) {
  ASSIGN_OR_RETURN(std::string time, OptionOf(ast, kTime));
  ASSIGN_OR_RETURN(std::string key, OptionOf(ast, kKey));
  if (ast.options.size() > 2) {
    return InvalidArgument("SQL-1007 a temporal table function has the options '{}' and '{}' only",
                           kTime, kKey);
  }
  TableAst table = TableOf(SplitAtDots(ast.class_name), ast.range);
  ASSIGN_OR_RETURN(Relation history, queries.Table(table));
  ASSIGN_OR_RETURN(int column, ColumnOf(history, time));
  RETURN_IF_ERROR(ColumnOf(history, key).status());
  if (history.plan->output[column].time_attribute == TimeAttribute::kNone) {
    return InvalidArgument("SQL-1017 '{}' of table '{}' is no time attribute", time,
                           ast.class_name);
  }
  ASSIGN_OR_RETURN(model::TablePath path, queries.Resolve(table.name));
  auto [catalog, database] = model::SplitDatabase(path.database);
  return History{{catalog, database, path.table}, time, key}.ToText();
}

Result<std::optional<CatalogFunction>> TemporalFunctionOf(const ExpressionAst& call,
                                                          const UserFunctions& functions) {
  if (call.kind != ExpressionAstKind::kCall) return std::optional<CatalogFunction>();
  ASSIGN_OR_RETURN(auto function, functions.FindAny(call.text));
  if (function && function->language == "TEMPORAL") return function;
  return std::optional<CatalogFunction>();
}

Result<Relation> QueryAnalyzer::TemporalFunctionJoin(const TableAst& ast, const Relation& left,
                                                     const CatalogFunction& function) {
  const TableAst& right_ast = *ast.right;
  const ExpressionAst& call = *right_ast.function;
  bool plain = !ast.natural && ast.using_columns.empty();
  bool inner = ast.join == JoinAstKind::kInner || ast.join == JoinAstKind::kCross ||
               ast.join == JoinAstKind::kComma;
  if (!plain || !inner) {
    return ErrorAt(NotSupported("SQL-1020 a temporal table function is joined by INNER JOIN or a "
                                "comma"),
                   right_ast.range.position);
  }
  if (!options_.streaming) {
    return NotSupported("SQL-1020 a temporal table function in batch mode");
  }
  ASSIGN_OR_RETURN(History declared, History::Of(function));
  ASSIGN_OR_RETURN(Relation history, From(TableOf(declared.table, call.range)));
  JoinVersions versions;
  ASSIGN_OR_RETURN(versions.right_time, ColumnOf(history, declared.time));
  ASSIGN_OR_RETURN(int key, ColumnOf(history, declared.key));
  versions.declared_key = {key};
  TimeAttribute attribute = history.plan->output[versions.right_time].time_attribute;
  versions.is_proctime = attribute == TimeAttribute::kProctime;
  bool is_name = call.args.size() == 1 && call.args[0]->kind == ExpressionAstKind::kName;
  if (is_name) {
    ASSIGN_OR_RETURN(ResolvedName time, ResolveName(left.scope, call.args[0]->names));
    versions.left_time = time.column;
  }
  if (!is_name || left.plan->output[versions.left_time].time_attribute != attribute) {
    return ErrorAt(InvalidArgument("SQL-1017 '{}' takes the {} attribute of the table before it",
                                   call.text, versions.is_proctime ? "processing time" : "rowtime"),
                   call.range.position);
  }
  ASSIGN_OR_RETURN(history, Renamed(MakeRelation(history.plan, right_ast.alias), right_ast));
  return VersionedJoin(ast, left, history, std::move(versions));
}

}  // namespace forebay::sql
