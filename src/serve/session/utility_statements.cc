#include <algorithm>
#include <set>

#include "io/file_system.h"
#include "serve/session/session.h"
#include "sql/plan/plan_json.h"

// Modules, plans in files, CALL and ANALYZE TABLE.

namespace forebay::serve {

namespace {

constexpr const char* kCoreModule = "core";

}  // namespace

Result<StatementResult> Session::Run(const sql::ModuleStatement& statement) {
  const sql::ModuleAst& module = statement.module;
  auto loaded = [&](const std::string& name) {
    return std::find(modules_.begin(), modules_.end(), name) != modules_.end();
  };
  const std::string& first = module.names[0];
  switch (module.kind) {
    case sql::ModuleAst::Kind::kLoad:
      if (loaded(first)) return AlreadyExists("a module with name '{}' already exists", first);
      if (first != kCoreModule) {
        return NotSupported("there is no module '{}': only '{}'", first, kCoreModule);
      }
      modules_.insert(modules_.begin() + static_cast<ptrdiff_t>(used_modules_++), first);
      return StatementResult::Message(fmt::format("module {} loaded", first));
    case sql::ModuleAst::Kind::kUnload:
      if (!loaded(first)) return NotFound("no module with name '{}' exists", first);
      std::erase(modules_, first);
      used_modules_ = std::min(used_modules_, modules_.size());
      return StatementResult::Message(fmt::format("module {} unloaded", first));
    case sql::ModuleAst::Kind::kUse: break;
  }
  std::set<std::string> seen;
  for (const std::string& name : module.names) {
    if (!loaded(name)) return NotFound("no module with name '{}' exists", name);
    if (!seen.insert(name).second) {
      return InvalidArgument("module '{}' appears more than once", name);
    }
  }
  used_modules_ = module.names.size();
  return StatementResult::Message("modules in use set");
}

Result<StatementResult> Session::Run(const sql::CallStatement& call) {
  std::string name;
  for (const std::string& part : call.name) name += (name.empty() ? "" : ".") + part;
  return NotSupported("there is no procedure {}: catalog {} has none", name,
                      model::SplitDatabase(database_).first);
}

/// Statistics are kept up to date as rows are written; there is nothing to compute.
Result<StatementResult> Session::Run(const sql::AnalyzeTableStatement& analyze) {
  return StatementResult::Message(fmt::format(
      "table {} analyzed: its statistics are always up to date", analyze.path.ToString()));
}

/// Runs stored sinks as INSERT runs them.
Result<StatementResult> Session::SubmitPlan(const std::vector<sql::PlanPtr>& sinks) {
  sql::InsertStatement insert;
  for (const sql::PlanPtr& sink : sinks) {
    if (sink->kind != sql::PlanKind::kSink) return InvalidArgument("the plan has no sink");
    insert.targets.push_back(static_cast<const sql::SinkNode&>(*sink).table.path);
  }
  insert.sinks = sinks;
  return Run(insert);
}

Result<StatementResult> Session::Run(const sql::PlanFileStatement& plan) {
  io::FileSystem& files = *engine_.environment->file_system;
  if (!plan.compile) {
    auto text = io::ReadFile(files, plan.file);
    if (!text.ok()) return NotFound("plan file '{}': {}", plan.file, text.status().message());
    ASSIGN_OR_RETURN(std::vector<sql::PlanPtr> sinks, sql::PlanFromJson(*text));
    return SubmitPlan(sinks);
  }
  ASSIGN_OR_RETURN(bool exists, files.Exists(plan.file));
  auto recompile = settings_.find("table.plan.force-recompile");
  bool overwrites = recompile != settings_.end() && recompile->second == "true";
  if (exists && !plan.if_not_exists && !overwrites) {
    Error error = AlreadyExists("Cannot overwrite the plan file '{}'", plan.file);
    error.hint = "remove the file, or SET 'table.plan.force-recompile' = 'true'";
    return error;
  }
  if (!exists || overwrites) {
    std::string json = sql::PlanToJson(plan.insert.sinks);
    RETURN_IF_ERROR(io::WriteFileAtomically(files, plan.file, json));
  }
  if (plan.execute) return SubmitPlan(plan.insert.sinks);
  return StatementResult::Message(
      fmt::format("plan {}{}", plan.file, exists && !overwrites ? " exists already" : " written"));
}

}  // namespace forebay::serve
