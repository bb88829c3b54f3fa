#include "serve/materialized/materialized_tables.h"

#include <algorithm>

#include "base/duration.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "format/table_json.h"
#include "serve/session/show_create.h"
#include "serve/session/sql_catalog.h"
#include "sql/analyzer/analyzer.h"

// What a materialized table consists of, and statements that change it. Refreshes are in
// refresh_schedule.cc.

namespace forebay::serve {

using State = MaterializedTable::State;

namespace {

constexpr const char* kObjectKind = "materialized_table";

/// The default of Flink's option.
Result<int64_t> DurationSetting(const std::map<std::string, std::string>& settings,
                                const std::string& key, int64_t default_ms) {
  auto found = settings.find(key);
  if (found == settings.end()) return default_ms;
  return ParseDurationMs(found->second);
}

sql::Freshness FreshnessOf(int64_t ms) {
  if (ms % 86'400'000 == 0) return {ms / 86'400'000, "DAY"};
  if (ms % 3'600'000 == 0) return {ms / 3'600'000, "HOUR"};
  if (ms % 60'000 == 0) return {ms / 60'000, "MINUTE"};
  return {std::max<int64_t>(1, ms / 1000), "SECOND"};
}

}  // namespace

std::string RefreshJobName(const MaterializedTable& table) {
  return fmt::format("Materialized_table_{}_{}_refresh_job", QuotedPath(table.path),
                     table.IsFull() ? "periodic" : "continuous");
}

Status MaterializedTables::Load() {
  ASSIGN_OR_RETURN(auto names, engine_.connection->admin().ListObjects(kObjectKind));
  std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    auto text = engine_.connection->admin().GetObject(kObjectKind, name);
    Result<MaterializedTable> table =
        text.ok() ? MaterializedTable::FromJson(*text) : Result<MaterializedTable>(text.status());
    if (table.ok()) {
      tables_[table->path] = *table;
    } else {
      Log(LogLevel::kError, "serve", "materialized table not loaded table={} error=\"{}\"", name,
          table.message());
    }
  }
  return Status::Ok();
}

Status MaterializedTables::Start() {
  RETURN_IF_ERROR(Load());
  for (const MaterializedTable& table : List()) {
    Status status = Recover(table);
    if (status.ok()) continue;
    Log(LogLevel::kError, "serve", "materialized table not recovered table={} error=\"{}\"",
        table.path.ToString(), status.message());
  }
  thread_ = std::thread([this] { RunSchedule(); });
  return Status::Ok();
}

/// Finishes what a crash left undone.
Status MaterializedTables::Recover(MaterializedTable table) {
  if (table.state == State::kDropping) return Remove(table);
  if (table.state == State::kInitializing) return Complete(std::move(table));
  if (table.IsFull() || table.job_id.empty()) return Status::Ok();
  ASSIGN_OR_RETURN(compute::JobHandle job, engine_.jobs->Find(table.job_id));
  compute::JobState state = job->Record().state;
  if (table.state == State::kSuspended && !compute::IsFinal(state)) {
    return engine_.jobs->Stop(table.job_id);
  }
  bool stopped = state == compute::JobState::kStopped;
  return table.state == State::kActivated && stopped ? job->Start() : Status::Ok();
}

Status MaterializedTables::Store(const MaterializedTable& table) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(engine_.connection->admin().PutObject(kObjectKind, table.path.ToString(),
                                                        table.ToJson(), true));
  tables_[table.path] = table;
  changed_.notify_all();
  return Status::Ok();
}

Status MaterializedTables::StoreRefresh(const model::TablePath& path, int64_t begin_ms,
                                        int64_t end_ms, const std::string& error) {
  auto found = tables_.find(path);
  if (found == tables_.end() || !found->second.IsFull()) return Status::Ok();
  MaterializedTable table = found->second;
  if (begin_ms > 0) table.refresh_begin_ms = begin_ms;
  table.refresh_end_ms = end_ms;
  table.refresh_error = error;
  RETURN_IF_ERROR(
      engine_.connection->admin().PutObject(kObjectKind, path.ToString(), table.ToJson(), true));
  found->second = std::move(table);
  return Status::Ok();
}

Result<MaterializedTable> MaterializedTables::Find(const model::TablePath& path) const {
  std::lock_guard lock(mutex_);
  auto found = tables_.find(path);
  if (found == tables_.end() || found->second.state == State::kDropping) {
    return NotFound("Materialized table {} doesn't exist.", QuotedPath(path));
  }
  return found->second;
}

std::vector<MaterializedTable> MaterializedTables::List() const {
  std::vector<MaterializedTable> tables;
  std::lock_guard lock(mutex_);
  for (const auto& [path, table] : tables_) tables.push_back(table);
  return tables;
}

Result<MaterializedTable> MaterializedTables::New(
    const sql::CreateMaterializedTableStatement& create, const Settings& settings) const {
  constexpr int64_t kMinuteMs = 60'000;
  MaterializedTable table;
  table.path = create.table.ref.path;
  ASSIGN_OR_RETURN(table.table_json, format::TableToJson(create.table.ref.info.descriptor));
  table.query = create.definition.query;
  table.database = create.definition.database;
  table.columns = create.definition.columns;
  table.settings = settings;
  bool asks_full = create.definition.refresh_mode == sql::RefreshMode::kFull;
  if (create.definition.freshness) {
    table.freshness = *create.definition.freshness;
  } else {
    std::string key =
        fmt::format("materialized-table.default-freshness.{}", asks_full ? "full" : "continuous");
    ASSIGN_OR_RETURN(int64_t ms,
                     DurationSetting(settings, key, asks_full ? 60 * kMinuteMs : 3 * kMinuteMs));
    table.freshness = FreshnessOf(ms);
  }
  ASSIGN_OR_RETURN(int64_t threshold_ms,
                   DurationSetting(settings, "materialized-table.refresh-mode.freshness-threshold",
                                   30 * kMinuteMs));
  bool continuous = table.freshness.Milliseconds() < threshold_ms;
  table.mode = create.definition.refresh_mode.value_or(continuous ? sql::RefreshMode::kContinuous
                                                                  : sql::RefreshMode::kFull);
  table.job_id = compute::NewJobId();
  if (!table.IsFull()) return table;
  std::string problem = sql::FullRefreshProblem(table.freshness);
  if (!problem.empty()) return InvalidArgument("SQL-1040 {}", problem);
  if (!create.table.ref.info.descriptor.HasPrimaryKey()) {
    return InvalidArgument("SQL-1040 a full refresh replaces rows: the table needs a PRIMARY KEY");
  }
  return table;
}

Result<std::string> MaterializedTables::Create(const sql::CreateMaterializedTableStatement& create,
                                               const Settings& settings) {
  std::lock_guard lock(statements_);
  ASSIGN_OR_RETURN(MaterializedTable table, New(create, settings));
  Result<MaterializedTable> existing = Find(table.path);
  if (existing.ok() && create.or_alter) return CreateOrAlter(*existing, create, settings);
  SqlCatalog catalog(*engine_.connection, engine_.catalogs);
  ASSIGN_OR_RETURN(auto found, catalog.FindTable(table.path));
  ASSIGN_OR_RETURN(auto view, catalog.FindView(table.path));
  if (existing.ok() || found || view) {
    if (!existing.ok() && create.or_alter) {
      return InvalidArgument(
          "Table {} is not a materialized table. Only materialized table support create or alter "
          "operation.",
          table.path.ToString());
    }
    return AlreadyExists("table {} exists already", table.path.ToString());
  }
  RETURN_IF_ERROR(Store(table));
  Failpoint("materialized.after_record");
  Status status = Complete(table);
  if (status.ok()) return fmt::format("materialized table {} created", table.path.ToString());
  table.state = State::kDropping;
  Status removed = Store(table);
  if (removed.ok()) removed = Remove(table);
  return status;
}

/// Makes what the record says and is not there yet; may be done again.
Status MaterializedTables::Complete(MaterializedTable table) {
  if (!table.old_job_id.empty()) RETURN_IF_ERROR(StopJob(table.old_job_id, true));
  RETURN_IF_ERROR(MakeTable(table));
  Failpoint("materialized.after_table");
  bool has_job = !table.IsFull() && engine_.jobs->Find(table.job_id).ok();
  if (!table.IsFull() && !has_job) RETURN_IF_ERROR(Submit(table));
  Failpoint("materialized.after_job");
  table.old_job_id.clear();
  table.state = State::kActivated;
  return Store(table);
}

/// Creates the table, or adds the columns that it has not yet.
Status MaterializedTables::MakeTable(const MaterializedTable& table) {
  ASSIGN_OR_RETURN(model::TableDescriptor descriptor, format::TableFromJson(table.table_json));
  client::Admin& admin = engine_.connection->admin();
  auto info = admin.GetTable(table.path);
  if (!info.ok() && info.kind() != ErrorKind::kNotFound) return info.status();
  if (!info.ok()) return admin.CreateTable(table.path, descriptor).status();
  model::TableChanges changes;
  for (const model::ColumnSpec& column : descriptor.schema.columns) {
    if (info->descriptor.schema.IndexOf(column.name) < 0) changes.add_columns.push_back(column);
  }
  if (changes.add_columns.empty()) return Status::Ok();
  SqlCatalog catalog(*engine_.connection, engine_.catalogs);
  return catalog.AlterTable(table.path, changes);
}

Status MaterializedTables::Submit(const MaterializedTable& table) {
  compute::JobSpec spec;
  spec.id = table.job_id;
  spec.name = RefreshJobName(table);
  spec.sql = table.InsertText("");
  spec.settings = table.settings;
  spec.settings["execution.runtime-mode"] = "streaming";
  spec.settings.erase("execution.state-recovery.path");  // the session's, for jobs of its own
  // As in Flink: rows are seen when a checkpoint is done, so its interval is the freshness.
  spec.settings.emplace("execution.checkpointing.interval",
                        fmt::format("{} ms", table.freshness.Milliseconds()));
  ASSIGN_OR_RETURN(spec.roots, PlanJob(table));
  return engine_.jobs->Submit(std::move(spec)).status();
}

Result<std::vector<sql::PlanPtr>> MaterializedTables::PlanJob(
    const MaterializedTable& table) const {
  SqlCatalog catalog(*engine_.connection, engine_.catalogs);
  ASSIGN_OR_RETURN(
      sql::BoundStatement bound,
      sql::AnalyzeSql(table.InsertText(""), catalog, AnalyzerOptionsOf(table, !table.IsFull())));
  return std::get<sql::InsertStatement>(bound).sinks;
}

/// No error when there is no such job.
Status MaterializedTables::StopJob(const std::string& id, bool forget) {
  auto job = engine_.jobs->Find(id);
  if (!job.ok()) return Status::Ok();
  bool over = compute::IsFinal((*job)->Record().state);
  if (!over) RETURN_IF_ERROR(forget ? engine_.jobs->Cancel(id) : engine_.jobs->Stop(id));
  return forget ? engine_.jobs->Remove(id) : Status::Ok();
}

Status MaterializedTables::Drop(const model::TablePath& path) {
  std::lock_guard lock(statements_);
  ASSIGN_OR_RETURN(MaterializedTable table, Find(path));
  table.state = State::kDropping;
  RETURN_IF_ERROR(Store(table));
  Failpoint("materialized.before_drop");
  return Remove(table);
}

Status MaterializedTables::Remove(const MaterializedTable& table) {
  BreakOff(table.path);
  if (!table.IsFull()) {
    RETURN_IF_ERROR(StopJob(table.job_id, true));
    RETURN_IF_ERROR(StopJob(table.old_job_id, true));
  }
  Status dropped = engine_.connection->admin().DropTable(table.path);
  if (!dropped.ok() && dropped.kind() != ErrorKind::kNotFound) return dropped;
  RETURN_IF_ERROR(engine_.connection->admin().DropObject(kObjectKind, table.path.ToString()));
  std::lock_guard lock(mutex_);
  tables_.erase(table.path);
  broken_off_.erase(table.path);
  return Status::Ok();
}

Result<std::string> MaterializedTables::Alter(const sql::AlterMaterializedTableStatement& alter,
                                              const Settings& settings) {
  std::lock_guard lock(statements_);
  ASSIGN_OR_RETURN(MaterializedTable table, Find(alter.path));
  if (table.state == State::kInitializing) {
    return Conflict(
        "Materialized table {} is being initialized and does not support alter "
        "operation.",
        QuotedPath(alter.path));
  }
  using Kind = sql::AlterMaterializedTableAst::Kind;
  if (alter.kind == Kind::kSuspend) return Suspend(std::move(table));
  if (alter.kind == Kind::kResume) return Resume(std::move(table), alter.options);
  table.settings = settings;
  return ChangeQuery(std::move(table), alter.definition, alter.output);
}

Result<std::string> MaterializedTables::Suspend(MaterializedTable table) {
  if (table.state == State::kSuspended) {
    std::string id = table.IsFull() || table.job_id.empty() ? "" : ", jobId is " + table.job_id;
    return Conflict("Materialized table {} {} has been suspended{}.", QuotedPath(table.path),
                    table.IsFull() ? "refresh workflow" : "continuous refresh job", id);
  }
  table.state = State::kSuspended;
  RETURN_IF_ERROR(Store(table));
  Failpoint("materialized.after_suspend");
  BreakOff(table.path);
  if (!table.IsFull()) RETURN_IF_ERROR(StopJob(table.job_id, false));
  return fmt::format("materialized table {} suspended", table.path.ToString());
}

Result<std::string> MaterializedTables::Resume(MaterializedTable table, const Settings& options) {
  if (table.state == State::kActivated) {
    std::string id = table.IsFull() ? "" : ", jobId is " + table.job_id;
    return Conflict("Materialized table {} {} has been resumed{}.", QuotedPath(table.path),
                    table.IsFull() ? "refresh workflow" : "continuous refresh job", id);
  }
  MaterializedTable resumed = table;
  resumed.state = State::kActivated;
  resumed.options = options;
  RETURN_IF_ERROR(PlanJob(resumed));
  auto job = engine_.jobs->Find(table.job_id);
  if (!table.IsFull() && !job.ok()) {
    resumed.state = State::kInitializing;
    resumed.job_id = compute::NewJobId();
  }
  RETURN_IF_ERROR(Store(resumed));
  Status status = Status::Ok();
  if (!table.IsFull()) status = job.ok() ? (*job)->Start() : Complete(resumed);
  if (!status.ok()) {
    RETURN_IF_ERROR(Store(table));
    return status;
  }
  return fmt::format("materialized table {} resumed", table.path.ToString());
}

namespace {

/// Appends the query's new columns to the table, as Flink's MaterializedTableUtils does.
Status AddNewColumns(const std::vector<sql::Field>& output, MaterializedTable& table) {
  ASSIGN_OR_RETURN(model::TableDescriptor descriptor, format::TableFromJson(table.table_json));
  model::Schema& schema = descriptor.schema;
  if (schema.columns.size() != table.columns.size()) {
    return NotSupported("SQL-1040 the table's columns are not those of the query alone");
  }
  if (output.size() < schema.columns.size()) {
    return InvalidArgument(
        "SQL-1040 Failed to modify query because drop column is unsupported. When modifying a "
        "query, you can only append new columns at the end of original schema. The original schema "
        "has {} columns, but the newly derived schema from the query has {} columns.",
        schema.columns.size(), output.size());
  }
  for (size_t i = 0; i < output.size(); ++i) {
    if (i >= schema.columns.size()) {
      schema.columns.push_back(
          {output[i].name, output[i].type.Nullable(), "", model::HighestFieldId(schema) + 1});
      continue;
    }
    const model::ColumnSpec& old = schema.columns[i];
    bool same = old.name == output[i].name && old.type.Nullable() == output[i].type.Nullable();
    if (same) continue;
    return InvalidArgument(
        "SQL-1040 When modifying the query of a materialized table, currently only support "
        "appending columns at the end of original schema, dropping, renaming, and reordering "
        "columns are not supported.\nColumn mismatch at position {}: Original column is [`{}` {}], "
        "but new column is [`{}` {}].",
        i, old.name, old.type.ToString(), output[i].name, output[i].type.ToString());
  }
  ASSIGN_OR_RETURN(table.table_json, format::TableToJson(descriptor));
  return Status::Ok();
}

}  // namespace

/// A new job without the old one's state fills the table; a full refresh uses the new query.
Result<std::string> MaterializedTables::ChangeQuery(
    MaterializedTable table, const sql::MaterializedTableDefinition& definition,
    const std::vector<sql::Field>& output) {
  RETURN_IF_ERROR(AddNewColumns(output, table));
  MaterializedTable old = *Find(table.path);
  table.query = definition.query;
  table.database = definition.database;
  table.columns = definition.columns;
  BreakOff(table.path);
  if (table.IsFull()) {
    RETURN_IF_ERROR(MakeTable(table));
    if (table.state == State::kActivated) table.refresh_end_ms = 0;  // due at once
    RETURN_IF_ERROR(Store(table));
    return fmt::format("materialized table {} altered", table.path.ToString());
  }
  bool suspended = table.state == State::kSuspended;
  table.old_job_id = table.job_id;
  table.job_id = suspended ? "" : compute::NewJobId();
  table.state = State::kInitializing;
  if (suspended) {
    RETURN_IF_ERROR(StopJob(table.old_job_id, true));
    RETURN_IF_ERROR(MakeTable(table));
    table.old_job_id.clear();
    table.state = State::kSuspended;
    RETURN_IF_ERROR(Store(table));
    return fmt::format("materialized table {} altered", table.path.ToString());
  }
  RETURN_IF_ERROR(Store(table));
  Failpoint("materialized.after_alter");
  Status status = Complete(table);
  if (status.ok()) return fmt::format("materialized table {} altered", table.path.ToString());
  // The old job is gone with its state: RESUME makes a new one of the old query.
  old.state = State::kSuspended;
  old.job_id.clear();
  RETURN_IF_ERROR(Store(old));
  return status;
}

Result<std::string> MaterializedTables::CreateOrAlter(
    MaterializedTable table, const sql::CreateMaterializedTableStatement& create,
    const Settings& settings) {
  ASSIGN_OR_RETURN(MaterializedTable wanted, New(create, settings));
  if (wanted.mode != table.mode) {
    return InvalidArgument("SQL-1040 Changing of REFRESH MODE is unsupported");
  }
  table.freshness = wanted.freshness;
  table.settings = settings;
  std::vector<sql::Field> output;
  for (const model::ColumnSpec& column : create.table.ref.info.descriptor.schema.columns) {
    output.push_back({column.name, column.type});
  }
  return ChangeQuery(std::move(table), create.definition, output);
}

}  // namespace forebay::serve
