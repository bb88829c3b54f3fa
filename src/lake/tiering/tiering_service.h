#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lake/tiering/table_tierer.h"

namespace forebay::lake {

/// One table's tiering as users see it.
struct TieringState {
  model::TablePath path;
  std::string metadata_location;
  int64_t snapshot_id = -1;  ///< -1: none yet
  int64_t last_commit_ms = 0;
  std::vector<model::LogOffset> offsets;
  int64_t rows_total = 0;  ///< written since the server started
  std::string last_error;  ///< empty when the last round went well
};

/// Tiers every table that has 'table.datalake.enabled' = 'true', each as often as its
/// 'table.datalake.freshness' asks (default 3 min), in one thread of its own. A table whose round
/// fails is tried again later; the others go on. Thread-safe.
class TieringService {
 public:
  /// Who brings rows to the lake: this service, or Fluss's tiering service (OutsideTiering).
  enum class Tierer : uint8_t { kServer, kFluss };

  /// `warehouse` is the absolute directory that holds <database>/<table>. The other arguments
  /// outlive the service.
  TieringService(client::Connection& connection, io::FileSystem& fs, const Clock& clock,
                 std::string warehouse, Tierer tierer = Tierer::kServer);
  ~TieringService() { Stop(); }

  /// With Tierer::kFluss nothing runs.
  void Start();
  Tierer tierer() const { return tierer_; }
  /// Ends after the round that runs.
  void Stop();
  /// Tiers everything `path` has now, in the caller's thread: for tests, demos and shutdown.
  /// kNotFound, kInvalidArgument when the table is not tiered.
  Status TierNow(const model::TablePath& path);
  std::vector<TieringState> States();
  /// The table's newest snapshot, or the one with this id; kNotFound when there is none (any more).
  /// Metadata that is known already is not read again.
  Result<Snapshot> SnapshotOf(const model::TableInfo& table, std::optional<int64_t> snapshot_id);

  /// TableTierer::AnnouncePartitions now, unless a round is under way for long: readers are about
  /// to ask which partitions there are.
  void AnnouncePartitions(const model::TableInfo& table);
  /// Makes the table's Iceberg table and its new columns, and tells storage how far it is: for
  /// programs outside that tier it.
  Status PrepareTable(const model::TableInfo& table);
  /// Makes such a program's commit (IcebergTable::CommitUpdate).
  Status CommitUpdate(const model::TableInfo& table, std::string_view request);
  Status TellStorage(const model::TableInfo& table, const Snapshot& snapshot);

  /// Where a table's Iceberg table is.
  std::string DirectoryOf(const model::TableInfo& table) const;

 private:
  struct Entry {
    std::timed_mutex mutex;  ///< one round at a time
    std::unique_ptr<TableTierer> tierer;
    int64_t next_round_ms = 0;
    // Under the service's mutex:
    TieringState state;
    std::shared_ptr<const TableMetadata> metadata;  ///< the current one; null: to be read
  };

  void Run();
  void Refresh();
  void Announce(const model::TableInfo& table, Entry& entry);
  Status RunRounds(const model::TableInfo& table, Entry& entry);
  std::shared_ptr<Entry> EntryOf(const model::TableInfo& table);
  Result<std::shared_ptr<const TableMetadata>> MetadataOf(const model::TableInfo& table);

  client::Connection& connection_;
  io::FileSystem& fs_;
  const Clock& clock_;
  const std::string warehouse_;
  const Tierer tierer_;
  std::mutex mutex_;                                   ///< guards the members below
  std::map<int64_t, std::shared_ptr<Entry>> entries_;  ///< by table id
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Whether the table is tiered, and its freshness in milliseconds. kInvalidArgument for an
/// unreadable duration.
Result<std::optional<int64_t>> TieringFreshnessMs(const model::TableDescriptor& table);

}  // namespace forebay::lake
