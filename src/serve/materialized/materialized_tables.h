#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "serve/materialized/materialized_table.h"
#include "serve/session/engine.h"
#include "serve/session/result_cursor.h"
#include "sql/analyzer/statement.h"

namespace forebay::serve {

/// The materialized tables of a data directory: makes and changes them, and keeps what they consist
/// of together, which is a table, a record of their definition, and a streaming job or a schedule
/// of full refreshes. Every change is written to the record first and then carried out; a start
/// carries out what a crash left undone. A thread runs due refreshes, one at a time, sources before
/// what reads them. Follows Flink's MaterializedTableManager. Thread-safe.
class MaterializedTables {
 public:
  using Settings = std::map<std::string, std::string>;

  /// `engine`, which has all but this, outlives it.
  explicit MaterializedTables(const Engine& engine) : engine_(engine) {}
  ~MaterializedTables() { Stop(); }

  /// Reads the records, finishes what was begun, starts the thread. After the jobs were resumed.
  Status Start();
  /// Breaks off a refresh that runs, which is run again after the next start.
  void Stop();

  // Statements; each returns a line for people. `settings` are the session's.
  Result<std::string> Create(const sql::CreateMaterializedTableStatement& create,
                             const Settings& settings);
  Result<std::string> Alter(const sql::AlterMaterializedTableStatement& alter,
                            const Settings& settings);
  /// REFRESH: the work does it, behind a refresh that runs. kConflict while a job fills the table.
  Result<std::unique_ptr<StatementWork>> Refresh(const model::TablePath& path,
                                                 const model::PartitionSpec& partition);
  /// kNotFound.
  Status Drop(const model::TablePath& path);

  /// kNotFound.
  Result<MaterializedTable> Find(const model::TablePath& path) const;
  bool Exists(const model::TablePath& path) const { return Find(path).ok(); }
  /// All, by name.
  std::vector<MaterializedTable> List() const;
  /// Whether a full refresh runs now.
  bool IsRefreshing(const model::TablePath& path) const;

 private:
  friend class ManualRefresh;

  Status Load();
  Status Recover(MaterializedTable table);
  Result<MaterializedTable> New(const sql::CreateMaterializedTableStatement& create,
                                const Settings& settings) const;
  Status Complete(MaterializedTable table);
  Status MakeTable(const MaterializedTable& table);
  /// The job that fills the table; kInvalidArgument when the definition makes none (any more).
  Result<std::vector<sql::PlanPtr>> PlanJob(const MaterializedTable& table) const;
  Status Submit(const MaterializedTable& table);
  Status Remove(const MaterializedTable& table);
  Status StopJob(const std::string& id, bool forget);
  Result<std::string> ChangeQuery(MaterializedTable table,
                                  const sql::MaterializedTableDefinition& definition,
                                  const std::vector<sql::Field>& output);
  Result<std::string> CreateOrAlter(MaterializedTable table,
                                    const sql::CreateMaterializedTableStatement& create,
                                    const Settings& settings);
  Result<std::string> Suspend(MaterializedTable table);
  Result<std::string> Resume(MaterializedTable table, const Settings& options);
  Status Store(const MaterializedTable& table);
  /// Notes a refresh's begin or end; mutex_ is held.
  Status StoreRefresh(const model::TablePath& path, int64_t begin_ms, int64_t end_ms,
                      const std::string& error);

  void RunSchedule();
  /// The due table whose sources are not due themselves; nullopt: none is due.
  std::optional<MaterializedTable> NextDue() const;
  void RefreshNow(const model::TablePath& path);
  bool BeginRefresh(const model::TablePath& path);
  void EndRefresh(const model::TablePath& path, const Status& status);
  /// Has a refresh of the table broken off, and waits until it is.
  void BreakOff(const model::TablePath& path);
  bool IsBrokenOff(const model::TablePath& path) const;
  bool IsStopping() const;

  const Engine& engine_;
  std::mutex statements_;  ///< one statement at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::map<model::TablePath, MaterializedTable> tables_;
  std::set<model::TablePath> refreshing_;
  std::set<model::TablePath> broken_off_;
  bool stopping_ = false;

  std::thread thread_;
};

/// What SHOW JOBS and the jobs themselves are called, as in Flink.
std::string RefreshJobName(const MaterializedTable& table);

}  // namespace forebay::serve
