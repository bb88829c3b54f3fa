#include "serve/session/session.h"

#include <algorithm>

#include "compute/job/shared_inputs.h"
#include "serve/session/batch_insert.h"
#include "serve/session/query_cursor.h"
#include "serve/session/settings.h"
#include "sql/diagnostic.h"

namespace forebay::serve {

Session::Session(const Engine& engine)
    : engine_(engine),
      catalog_(*engine.connection, engine.catalogs, engine.environment->lake_parts) {}
Session::~Session() = default;

bool Session::IsStreaming() const {
  auto it = settings_.find("execution.runtime-mode");
  return it == settings_.end() || it->second != "batch";
}

sql::AnalyzerOptions Session::AnalyzerOptions() const {
  sql::AnalyzerOptions options;
  options.current_catalog = model::SplitDatabase(database_).first;
  options.current_database = database_;
  options.streaming = IsStreaming();
  ApplySettings(settings_, options);
  return options;
}

compute::EvaluationContext Session::Evaluation() const {
  compute::EvaluationContext context;
  auto it = settings_.find("table.local-time-zone");
  if (it != settings_.end() && it->second != "default") context.time_zone = it->second;
  return context;
}

namespace {

/// Waits for a job; when it is broken off, the job is cancelled.
class JobWork : public StatementWork {
 public:
  explicit JobWork(compute::JobHandle job) : job_(std::move(job)) {}
  ~JobWork() override {
    if (ended_) return;
    job_->Stop(compute::StopMode::kCancel);
    Status ignored = job_->Wait();
    static_cast<void>(ignored);
  }

  Result<std::string> Continue(int timeout_ms) override {
    ended_ = job_->WaitFor(timeout_ms);
    if (!ended_) return Timeout("job {} runs on", job_->id());
    RETURN_IF_ERROR(job_->Wait());
    return fmt::format("job {} finished", job_->id());
  }
  /// What its sources have read.
  int64_t rows() const override {
    int64_t rows = 0;
    for (const compute::OperatorMetrics& metrics : job_->Metrics()) {
      rows = std::max(rows, std::max(metrics.rows_in, metrics.rows_out));
    }
    return rows;
  }

 private:
  const compute::JobHandle job_;
  bool ended_ = false;
};

}  // namespace

Result<StatementResult> Session::Execute(const sql::StatementText& text) {
  ASSIGN_OR_RETURN(StatementResult result, Start(text));
  constexpr int kWaitMs = 1000;
  while (result.work != nullptr) {
    auto message = result.work->Continue(kWaitMs);
    if (!message.ok() && message.kind() == ErrorKind::kTimeout) continue;
    if (!message.ok()) return message.status();
    result.message = *message;
    result.work.reset();
  }
  return result;
}

Result<StatementResult> Session::Start(const sql::StatementText& text) {
  statement_ = std::string(text.text);
  ASSIGN_OR_RETURN(sql::BoundStatement bound,
                   sql::AnalyzeSql(text.text, catalog_, AnalyzerOptions(), text.position));
  return std::visit([this](const auto& statement) { return Run(statement); }, bound);
}

Result<StatementResult> Session::Run(const sql::QueryStatement& query) {
  StatementResult result;
  if (IsStreaming()) {
    compute::JobSpec spec;
    spec.name = "query";
    spec.sql = statement_;
    spec.roots = {query.plan};
    spec.settings = settings_;
    spec.durable = false;
    ASSIGN_OR_RETURN(compute::JobHandle job, engine_.jobs->Submit(std::move(spec)));
    result.rows = StreamCursor(query.plan->output, std::move(job));
  } else {
    ASSIGN_OR_RETURN(result.rows, BatchCursor(query.plan, engine_, settings_, Evaluation()));
  }
  return result;
}

Result<StatementResult> Session::Run(const sql::InsertStatement& insert) {
  StatementResult result;
  if (!IsStreaming()) {
    std::vector<TableWrite> writes;
    for (const sql::PlanPtr& sink : insert.sinks) writes.push_back(InsertOf(sink));
    result.work = WriteBatch(std::move(writes), engine_, settings_, Evaluation());
    return result;
  }
  compute::JobSpec spec;
  for (const model::TablePath& target : insert.targets) {
    spec.name += (spec.name.empty() ? "insert-into_" : ",") + target.ToString();
  }
  spec.sql = statement_;
  spec.roots = insert.sinks;
  spec.settings = settings_;
  ASSIGN_OR_RETURN(compute::JobHandle job, engine_.jobs->Submit(std::move(spec)));
  result.job_id = job->id();
  result.message = fmt::format("job {} submitted", job->id());
  auto sync = settings_.find("table.dml-sync");
  if (sync != settings_.end() && sync->second == "true") {
    result.work = std::make_unique<JobWork>(job);
  }
  return result;
}

Result<StatementResult> Session::Run(const sql::CreateViewStatement& create) {
  Status status = catalog_.CreateView(create.view, create.temporary, create.or_replace);
  if (!status.ok() && status.kind() == ErrorKind::kAlreadyExists && create.if_not_exists) {
    return StatementResult::Message(
        fmt::format("view {} exists already", create.view.path.ToString()));
  }
  if (!status.ok()) return status;
  return StatementResult::Message(fmt::format("view {} created", create.view.path.ToString()));
}

Result<StatementResult> Session::Run(const sql::AlterTableStatement& alter) {
  RETURN_IF_ERROR(CheckAlterKind(alter));
  if (!alter.partitions.empty()) return AlterPartitions(alter);
  Status status;
  if (alter.altered) {
    status = catalog_.AlterSchema(*alter.altered);
  } else if (alter.new_path) {
    status = catalog_.RenameTable(alter.path, *alter.new_path);
  } else {
    status = catalog_.AlterTable(alter.path, alter.changes);
  }
  if (!status.ok() && status.kind() == ErrorKind::kNotFound && alter.if_exists) {
    return StatementResult::Message(fmt::format("table {} does not exist", alter.path.ToString()));
  }
  if (!status.ok()) return status;
  return StatementResult::Message(fmt::format("table {} altered", alter.path.ToString()));
}

Result<StatementResult> Session::Run(const sql::DropStatement& drop) {
  Status status;
  std::string what;
  switch (drop.kind) {
    case sql::DropAst::Kind::kTable:
      what = "table " + drop.path.ToString();
      if (!drop.temporary && IsMaterialized(drop.path)) {
        Error error = InvalidArgument("{} is a materialized table", drop.path.ToString());
        error.hint = "use DROP MATERIALIZED TABLE";
        return error;
      }
      status = catalog_.DropTable(drop.path, drop.temporary);
      break;
    case sql::DropAst::Kind::kView:
      what = "view " + drop.path.ToString();
      status = catalog_.DropView(drop.path, drop.temporary);
      break;
    case sql::DropAst::Kind::kDatabase:
      what = "database " + drop.path.database;
      if (drop.path.database == database_) {
        return Conflict("{} is the current database: USE another one first", drop.path.database);
      }
      if (drop.cascade) RETURN_IF_ERROR(DropMaterializedIn(drop.path.database));
      status = catalog_.DropDatabase(drop.path.database, drop.if_exists, drop.cascade);
      break;
    case sql::DropAst::Kind::kCatalog: return DropCatalog(drop);
    case sql::DropAst::Kind::kMaterializedTable: return DropMaterialized(drop);
    case sql::DropAst::Kind::kFunction: return DropFunction(drop);
  }
  if (!status.ok() && status.kind() == ErrorKind::kNotFound && drop.if_exists) {
    return StatementResult::Message(what + " does not exist");
  }
  if (!status.ok()) return status;
  return StatementResult::Message(what + " dropped");
}

Result<StatementResult> Session::Run(const sql::SetStatement& set) {
  if (!set.key.empty()) {
    ASSIGN_OR_RETURN(CheckedSetting checked, CheckSetting(set.key, set.value));
    settings_[set.key] = checked.value;
    std::string text = fmt::format("{} = {}", set.key, checked.value);
    if (!checked.warning.empty()) text += "\nwarning: " + checked.warning;
    return StatementResult::Message(std::move(text));
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : settings_) rows.push_back({key, value});
  StatementResult result;
  result.rows = TextCursor({"key", "value"}, rows);
  return result;
}

Result<StatementResult> Session::Run(const sql::ResetStatement& reset) {
  if (reset.key.empty()) {
    settings_.clear();
  } else {
    settings_.erase(reset.key);
  }
  return StatementResult::Message(reset.key.empty() ? "all options reset" : reset.key + " reset");
}

Result<StatementResult> Session::Run(const sql::UseStatement& use) {
  if (use.catalog) {
    if (use.name == model::SplitDatabase(database_).first) {
      return StatementResult::Message(fmt::format("catalog is {}", use.name));
    }
    std::string database = kDefaultDatabase;
    if (use.name != kCatalog) {
      ASSIGN_OR_RETURN(database, catalog_.DefaultDatabaseOf(use.name));
    }
    database_ = model::QualifiedDatabase(use.name, database);
    return StatementResult::Message(fmt::format("catalog is {}", use.name));
  }
  ASSIGN_OR_RETURN(bool exists, catalog_.DatabaseExists(use.name));
  if (!exists) return NotFound("database {} does not exist", use.name);
  database_ = use.name;
  return StatementResult::Message(fmt::format("database is {}", use.name));
}

Result<StatementResult> Session::Run(const sql::StopJobStatement& stop) {
  if (stop.with_drain && !stop.with_savepoint) {
    return InvalidArgument("WITH DRAIN goes with WITH SAVEPOINT only");
  }
  if (stop.with_savepoint) {
    auto directory = settings_.find("execution.checkpointing.savepoint-dir");
    ASSIGN_OR_RETURN(
        std::string path,
        engine_.jobs->StopWithSavepoint(
            stop.job, directory == settings_.end() ? "" : directory->second, stop.with_drain));
    StatementResult result;
    result.rows = TextCursor({"savepoint path"}, {{path}});
    return result;
  }
  RETURN_IF_ERROR(engine_.jobs->Stop(stop.job));
  return StatementResult::Message(fmt::format("job {} stopped", stop.job));
}

Result<StatementResult> Session::Run(const sql::StartJobStatement& start) {
  RETURN_IF_ERROR(engine_.jobs->Start(start.job));
  return StatementResult::Message(fmt::format("job {} started", start.job));
}

/// What the joins of a plan would share with other jobs, under the session's settings.
std::string Session::SharedText(const std::vector<sql::PlanPtr>& roots) const {
  compute::JobContext context;
  context.environment = engine_.environment;
  context.settings = settings_;
  auto shares = compute::SharesState(context);
  bool is_insert = !roots.empty() && roots[0]->kind == sql::PlanKind::kSink;
  if (!shares.ok() || !*shares || !is_insert) return "";
  std::map<int, std::string> lines;  // by the join, since nodes come in no order
  for (const auto& [node, shared] : compute::FindSharedInputs(roots)) {
    lines[node->id] = fmt::format("Join(id=[{}], input=[{}]): {}\n", node->id,
                                  shared.input == 0 ? "left" : "right", shared.spec.ToString());
  }
  std::string text;
  for (const auto& [id, line] : lines) text += line;
  return text.empty() ? "" : "\n== Shared Arrangements ==\n" + text;
}

Result<StatementResult> Session::Run(const sql::ExplainStatement& explain) {
  if (explain.details.size() >= 3 && explain.details[1] == "JOB") {
    return AnalyzeJob(explain.details[2], explain.details.size() > 3 ? explain.details[3] : "");
  }
  if (std::find(explain.details.begin(), explain.details.end(), "ANALYZE") !=
      explain.details.end()) {
    return Analyze(explain);
  }
  StatementResult result;
  result.rows = TextCursor({"result"}, {{explain.text + SharedText(explain.roots)}});
  return result;
}

}  // namespace forebay::serve
