#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "serve/materialized/full_refresh.h"
#include "serve/materialized/materialized_tables.h"

// Full refreshes: when they run, and that no two of a table run at once.

namespace forebay::serve {

using State = MaterializedTable::State;

namespace {

/// How long a refresh works before it looks whether it was broken off.
constexpr int kStepMs = 50;
/// How often the schedule looks at the clock.
constexpr std::chrono::milliseconds kTick(200);
/// After a refresh that failed.
constexpr int64_t kRetryMs = 5000;

/// Whether the query of `table` may read `source`: its name stands in the text. A wrong yes only
/// puts one refresh behind another.
bool MayRead(const MaterializedTable& table, const model::TablePath& source) {
  return table.query.find(source.table) != std::string::npos;
}

bool IsDue(const MaterializedTable& table, int64_t now_ms) {
  if (!table.IsFull() || table.state != State::kActivated) return false;
  if (!table.refresh_error.empty() && now_ms < table.refresh_end_ms + kRetryMs) return false;
  return !table.refresh_error.empty() || table.NextRefreshMs() <= now_ms;
}

}  // namespace

bool MaterializedTables::IsRefreshing(const model::TablePath& path) const {
  std::lock_guard lock(mutex_);
  return refreshing_.contains(path);
}

bool MaterializedTables::BeginRefresh(const model::TablePath& path) {
  std::lock_guard lock(mutex_);
  bool may_run = !stopping_ && tables_.contains(path) && !broken_off_.contains(path);
  if (!may_run || !refreshing_.insert(path).second) return false;
  Status stored = StoreRefresh(path, Clock::System().NowMs(), 0, "");
  if (!stored.ok()) refreshing_.erase(path);
  return stored.ok();
}

void MaterializedTables::EndRefresh(const model::TablePath& path, const Status& status) {
  std::lock_guard lock(mutex_);
  bool broken_off = !status.ok() && status.kind() == ErrorKind::kCancelled;
  if (!broken_off) {
    std::string error = status.ok() ? "" : status.message();
    Status stored = StoreRefresh(path, 0, Clock::System().NowMs(), error);
    if (!stored.ok()) {
      Log(LogLevel::kError, "serve", "end of refresh not stored table={} error=\"{}\"",
          path.ToString(), stored.message());
    }
  }
  refreshing_.erase(path);
  changed_.notify_all();
}

void MaterializedTables::BreakOff(const model::TablePath& path) {
  std::unique_lock lock(mutex_);
  broken_off_.insert(path);
  changed_.wait(lock, [&] { return !refreshing_.contains(path); });
  broken_off_.erase(path);
}

bool MaterializedTables::IsBrokenOff(const model::TablePath& path) const {
  std::lock_guard lock(mutex_);
  return stopping_ || broken_off_.contains(path);
}

std::optional<MaterializedTable> MaterializedTables::NextDue() const {
  int64_t now_ms = Clock::System().NowMs();
  std::vector<MaterializedTable> due;
  std::lock_guard lock(mutex_);
  for (const auto& [path, table] : tables_) {
    bool waits = refreshing_.contains(path) || broken_off_.contains(path);
    if (!waits && IsDue(table, now_ms)) due.push_back(table);
  }
  for (const MaterializedTable& table : due) {
    bool has_due_source = std::any_of(due.begin(), due.end(), [&](const auto& other) {
      return other.path != table.path && MayRead(table, other.path) && !MayRead(other, table.path);
    });
    if (!has_due_source) return table;
  }
  return due.empty() ? std::optional<MaterializedTable>() : due.front();
}

void MaterializedTables::RefreshNow(const model::TablePath& path) {
  if (!BeginRefresh(path)) return;
  Failpoint("refresh.after_begin");
  auto run = [&]() -> Status {
    ASSIGN_OR_RETURN(MaterializedTable table, Find(path));
    if (table.state != State::kActivated) return Cancelled("it was suspended");
    ASSIGN_OR_RETURN(auto refresh, FullRefresh::Begin(engine_, table, {}));
    while (true) {
      if (IsBrokenOff(path)) return Cancelled("the refresh was broken off");
      ASSIGN_OR_RETURN(bool done, refresh->Continue(kStepMs));
      if (done) return Status::Ok();
    }
  };
  Status status = run();
  Failpoint("refresh.before_end");
  EndRefresh(path, status);
  bool broken_off = !status.ok() && status.kind() == ErrorKind::kCancelled;
  if (status.ok() || broken_off) return;
  Log(LogLevel::kWarning, "serve", "refresh failed table={} error=\"{}\"", path.ToString(),
      status.message());
}

void MaterializedTables::RunSchedule() {
  while (true) {
    if (std::optional<MaterializedTable> due = NextDue()) RefreshNow(due->path);
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (changed_.wait_for(lock, kTick, [this] { return stopping_; })) return;
  }
}

void MaterializedTables::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

/// ALTER MATERIALIZED TABLE ... REFRESH. Waits for a refresh that runs, and then does its own.
class ManualRefresh : public StatementWork {
 public:
  ManualRefresh(MaterializedTables& tables, model::TablePath path, model::PartitionSpec partition)
      : tables_(tables), path_(std::move(path)), partition_(std::move(partition)) {}
  ~ManualRefresh() override {
    if (began_) End(Cancelled("the refresh was broken off"));
  }

  Result<std::string> Continue(int timeout_ms) override {
    if (!began_) {
      ASSIGN_OR_RETURN(MaterializedTable table, tables_.Find(path_));
      began_ = tables_.BeginRefresh(path_);
      if (!began_) return Wait(timeout_ms);
      auto refresh = FullRefresh::Begin(tables_.engine_, table, partition_);
      if (!refresh.ok()) return Fail(refresh.status());
      refresh_ = std::move(*refresh);
    }
    if (tables_.IsBrokenOff(path_)) {
      return Fail(Cancelled("the refresh of {} was broken off", path_.ToString()));
    }
    Result<bool> done = refresh_->Continue(timeout_ms);
    rows_ = refresh_->rows();
    if (!done.ok()) return Fail(done.status());
    if (!*done) return Timeout("the refresh of {} goes on", path_.ToString());
    End(Status::Ok());
    return fmt::format("materialized table {} refreshed: {} rows", path_.ToString(), rows_);
  }
  int64_t rows() const override { return rows_; }

 private:
  Status Wait(int timeout_ms) const {
    if (tables_.IsStopping()) return Unavailable("the server is stopping");
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(timeout_ms, kStepMs)));
    return Timeout("a refresh of {} runs already", path_.ToString());
  }
  Status Fail(const Status& status) {
    End(status);
    return status;
  }
  void End(const Status& status) {
    began_ = false;
    refresh_.reset();
    tables_.EndRefresh(path_, status);
  }

  MaterializedTables& tables_;
  const model::TablePath path_;
  const model::PartitionSpec partition_;
  std::unique_ptr<FullRefresh> refresh_;
  int64_t rows_ = 0;
  bool began_ = false;
};

Result<std::unique_ptr<StatementWork>> MaterializedTables::Refresh(
    const model::TablePath& path, const model::PartitionSpec& partition) {
  ASSIGN_OR_RETURN(MaterializedTable table, Find(path));
  if (table.IsFull() || table.state == State::kSuspended) {
    return std::unique_ptr<StatementWork>(std::make_unique<ManualRefresh>(*this, path, partition));
  }
  Error error = Conflict("a job fills materialized table {} all the time", path.ToString());
  error.hint = "ALTER MATERIALIZED TABLE ... SUSPEND first";
  return error;
}

bool MaterializedTables::IsStopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace forebay::serve
