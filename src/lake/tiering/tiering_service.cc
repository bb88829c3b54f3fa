#include "lake/tiering/tiering_service.h"

#include <fmt/format.h>

#include "base/duration.h"
#include "base/log.h"
#include "lake/tiering/lake_offsets.h"

namespace forebay::lake {

namespace {

constexpr int64_t kDefaultFreshnessMs = 180'000;
/// How often tables are looked at; a table's freshness cannot be finer.
constexpr int64_t kTickMs = 200;
constexpr int64_t kRetryMs = 5000;

}  // namespace

Result<std::optional<int64_t>> TieringFreshnessMs(const model::TableDescriptor& table) {
  auto enabled = table.properties.find("table.datalake.enabled");
  if (enabled == table.properties.end() || enabled->second != "true") {
    return std::optional<int64_t>();
  }
  auto freshness = table.properties.find("table.datalake.freshness");
  if (freshness == table.properties.end()) return std::optional(kDefaultFreshnessMs);
  auto ms = ParseDurationMs(freshness->second);
  if (!ms.ok()) return ms.status().WithContext("'table.datalake.freshness'");
  return std::optional(std::max(*ms, kTickMs));
}

TieringService::TieringService(client::Connection& connection, io::FileSystem& fs,
                               const Clock& clock, std::string warehouse, Tierer tierer)
    : connection_(connection),
      fs_(fs),
      clock_(clock),
      warehouse_(std::move(warehouse)),
      tierer_(tierer) {}

std::string TieringService::DirectoryOf(const model::TableInfo& table) const {
  return fmt::format("{}/{}/{}-{}", warehouse_, table.path.database, table.path.table,
                     table.id.value());
}

Result<std::shared_ptr<const TableMetadata>> TieringService::MetadataOf(
    const model::TableInfo& table) {
  std::shared_ptr<Entry> entry = EntryOf(table);
  {
    std::lock_guard lock(mutex_);
    if (entry->metadata != nullptr) return entry->metadata;
  }
  ASSIGN_OR_RETURN(auto lake, IcebergTable::Open(fs_, DirectoryOf(table), clock_));
  std::lock_guard lock(mutex_);
  // A round that ended meanwhile has left a newer one.
  if (entry->metadata == nullptr) entry->metadata = lake->metadata_shared();
  return entry->metadata;
}

Result<Snapshot> TieringService::SnapshotOf(const model::TableInfo& table,
                                            std::optional<int64_t> snapshot_id) {
  ASSIGN_OR_RETURN(auto metadata, MetadataOf(table));
  if (!snapshot_id.has_value() && metadata->current_snapshot() != nullptr) {
    return *metadata->current_snapshot();
  }
  for (const Snapshot& snapshot : metadata->snapshots()) {
    if (snapshot.id == snapshot_id) return snapshot;
  }
  return NotFound("table {} has no such lake snapshot", table.path.ToString());
}

void TieringService::AnnouncePartitions(const model::TableInfo& table) {
  constexpr auto kWaitMax = std::chrono::seconds(2);
  std::shared_ptr<Entry> entry = EntryOf(table);
  std::unique_lock round_lock(entry->mutex, kWaitMax);
  if (round_lock.owns_lock()) Announce(table, *entry);
}

Status TieringService::PrepareTable(const model::TableInfo& table) {
  std::shared_ptr<Entry> entry = EntryOf(table);
  std::lock_guard round_lock(entry->mutex);
  ASSIGN_OR_RETURN(auto iceberg, OpenLakeTable(fs_, clock_, table.descriptor, DirectoryOf(table)));
  auto metadata = iceberg->metadata_shared();
  {
    std::lock_guard lock(mutex_);
    entry->metadata = metadata;
  }
  // A crash may have come between a commit and telling storage.
  const Snapshot* snapshot = metadata->current_snapshot();
  return snapshot == nullptr ? Status::Ok() : TellStorage(table, *snapshot);
}

Status TieringService::CommitUpdate(const model::TableInfo& table, std::string_view request) {
  std::shared_ptr<Entry> entry = EntryOf(table);
  std::lock_guard round_lock(entry->mutex);
  ASSIGN_OR_RETURN(auto iceberg, IcebergTable::Open(fs_, DirectoryOf(table), clock_));
  RETURN_IF_ERROR(iceberg->CommitUpdate(request));
  std::lock_guard lock(mutex_);
  entry->metadata = iceberg->metadata_shared();
  entry->state.metadata_location = iceberg->metadata_location();
  const Snapshot* snapshot = entry->metadata->current_snapshot();
  if (snapshot == nullptr) return {};
  entry->state.snapshot_id = snapshot->id;
  entry->state.last_commit_ms = snapshot->timestamp_ms;
  return {};
}

Status TieringService::TellStorage(const model::TableInfo& table, const Snapshot& snapshot) {
  client::Admin& admin = connection_.admin();
  if (!table.descriptor.IsPartitioned()) {
    std::vector<model::LogOffset> offsets = snapshot.LogOffsets();
    if (offsets.empty()) return {};
    return TellLakeOffsets(admin, table.path, std::nullopt, offsets);
  }
  for (const PartitionOffsets& part : snapshot.LogOffsetsByPartition()) {
    RETURN_IF_ERROR(TellLakeOffsets(admin, table.path, part.partition.id, part.offsets));
  }
  return {};
}

void TieringService::Start() {
  if (tierer_ == Tierer::kFluss) return;
  thread_ = std::thread([this] { Run(); });
}

void TieringService::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TieringService::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    Refresh();
    lock.lock();
    wake_.wait_for(lock, std::chrono::milliseconds(kTickMs), [this] { return stopping_; });
  }
}

std::shared_ptr<TieringService::Entry> TieringService::EntryOf(const model::TableInfo& table) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[table.id.value()];
  if (entry == nullptr) {
    entry = std::make_shared<Entry>();
    entry->state.path = table.path;
  }
  return entry;
}

/// One look at all tables: those that are due get their rounds.
void TieringService::Refresh() {
  auto databases = connection_.admin().ListDatabases();
  if (!databases.ok()) return;
  for (const std::string& database : *databases) {
    auto tables = connection_.admin().ListTables(database);
    if (!tables.ok()) continue;
    for (const std::string& name : *tables) {
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      auto table = connection_.admin().GetTable({database, name});
      if (!table.ok()) continue;
      auto freshness = TieringFreshnessMs(table->descriptor);
      if (!freshness.ok() || !*freshness) continue;
      std::shared_ptr<Entry> entry = EntryOf(*table);
      std::lock_guard round_lock(entry->mutex);
      int64_t now = clock_.NowMs();
      if (now < entry->next_round_ms) {
        Announce(*table, *entry);
        continue;
      }
      Status status = RunRounds(*table, *entry);
      // Half the freshness: a row that just missed a round is in the lake in time all the same.
      entry->next_round_ms = clock_.NowMs() + (status.ok() ? **freshness / 2 : kRetryMs);
      if (!status.ok()) {
        Log(LogLevel::kWarning, "lake", "tiering failed table={} error=\"{}\"",
            table->path.ToString(), status.ToString());
      }
    }
  }
}

/// The entry's mutex is held.
void TieringService::Announce(const model::TableInfo& table, Entry& entry) {
  if (entry.tierer == nullptr) return;
  Status status = entry.tierer->AnnouncePartitions();
  std::lock_guard lock(mutex_);
  if (status.ok()) {
    entry.metadata = entry.tierer->iceberg().metadata_shared();
    return;
  }
  Log(LogLevel::kWarning, "lake", "new partitions are not in the lake table={} error=\"{}\"",
      table.path.ToString(), status.ToString());
  entry.tierer.reset();
  entry.metadata.reset();
}

/// Rounds until the log is caught up. The entry's mutex is held.
Status TieringService::RunRounds(const model::TableInfo& table, Entry& entry) {
  auto run = [&]() -> Status {
    if (entry.tierer == nullptr || entry.tierer->schema_id() != table.schema_id) {
      ASSIGN_OR_RETURN(entry.tierer,
                       TableTierer::Open(connection_, fs_, clock_, table, DirectoryOf(table)));
    }
    while (true) {
      ASSIGN_OR_RETURN(TieringRound round, entry.tierer->RunRound());
      if (!round.snapshot) return Status::Ok();
      std::lock_guard lock(mutex_);
      entry.metadata = entry.tierer->iceberg().metadata_shared();
      entry.state.snapshot_id = round.snapshot->id;
      entry.state.last_commit_ms = round.snapshot->timestamp_ms;
      entry.state.rows_total += round.rows;
    }
  };
  Status status = run();
  // What failed may have left the tierer's memory of the lake behind the truth: it is opened afresh
  // next time.
  std::lock_guard lock(mutex_);
  if (!status.ok()) {
    entry.tierer.reset();
    entry.metadata.reset();
  }
  entry.state.last_error = status.ok() ? "" : status.ToString();
  if (entry.tierer != nullptr) {
    entry.metadata = entry.tierer->iceberg().metadata_shared();
    entry.state.metadata_location = entry.tierer->iceberg().metadata_location();
    entry.state.offsets = entry.tierer->offsets();
    const Snapshot* snapshot = entry.tierer->iceberg().metadata().current_snapshot();
    if (snapshot != nullptr) {
      entry.state.snapshot_id = snapshot->id;
      entry.state.last_commit_ms = snapshot->timestamp_ms;
    }
  }
  return status;
}

Status TieringService::TierNow(const model::TablePath& path) {
  ASSIGN_OR_RETURN(model::TableInfo table, connection_.admin().GetTable(path));
  ASSIGN_OR_RETURN(std::optional<int64_t> freshness, TieringFreshnessMs(table.descriptor));
  if (!freshness) {
    return InvalidArgument("table {} has no lake ('table.datalake.enabled' is not 'true')",
                           path.ToString());
  }
  if (tierer_ == Tierer::kFluss) {
    return InvalidArgument("table {} is tiered by Fluss's tiering service", path.ToString());
  }
  std::shared_ptr<Entry> entry = EntryOf(table);
  std::lock_guard round_lock(entry->mutex);
  return RunRounds(table, *entry);
}

std::vector<TieringState> TieringService::States() {
  std::lock_guard lock(mutex_);
  std::vector<TieringState> states;
  for (const auto& [id, entry] : entries_) states.push_back(entry->state);
  return states;
}

}  // namespace forebay::lake
