#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/connection.h"
#include "lake/tiering/tiering_service.h"

namespace forebay::lake {

/// A table that a program was given to tier.
struct TieringAssignment {
  model::TableId table;
  model::TablePath path;
  int64_t epoch = 0;
};

/// What Fluss's own tiering service, a Flink job, needs of the server when it tiers the tables
/// instead of the server: which table is due, and where its log goes on (Fluss's
/// LakeTableTieringManager). Its commits come through the REST catalog. What is under way is known
/// in memory only: after a restart every table is due, and a job of before is fenced by its epoch.
/// Thread-safe.
class OutsideTiering {
 public:
  /// A job that has not been heard of for so long has lost its tables.
  static constexpr int64_t kSilenceMsMax = 120'000;

  /// All outlive the object.
  OutsideTiering(client::Admin& admin, TieringService& service, const Clock& clock)
      : admin_(admin), service_(service), clock_(clock) {}

  /// The table that is due for longest, its Iceberg table made if it was not there; none when none
  /// is due.
  Result<std::optional<TieringAssignment>> Request();
  /// These are kNotFound for a table that was not given away, kConflict for another epoch's.
  Status Renew(model::TableId table, int64_t epoch);
  /// The next round is due a freshness later, or at once.
  Status Finish(model::TableId table, int64_t epoch, bool at_once);
  /// The round failed: it is due again soon.
  Status Fail(model::TableId table, int64_t epoch);

  /// The offsets of the newest snapshot with `ends` in their places, as the snapshot's summary has
  /// them.
  Result<std::string> MergeOffsets(const model::TableInfo& table,
                                   const std::map<model::BucketId, model::LogOffset>& ends);
  /// Tells storage how far the snapshot is. kNotFound when the table has no such snapshot.
  Status Committed(const model::TableInfo& table, int64_t snapshot_id);

 private:
  struct Round {
    int64_t epoch = 0;
    int64_t due_ms = 0;
    int64_t freshness_ms = 0;
    std::optional<int64_t> heard_ms;  ///< while it is given away
  };

  Result<std::vector<model::TableInfo>> TieredTables();
  Status Return(model::TableId table, int64_t epoch, std::optional<int64_t> delay_ms);
  std::optional<TieringAssignment> TakeDue(const std::vector<model::TableInfo>& tables);
  Result<Round*> Given(model::TableId table, int64_t epoch);

  client::Admin& admin_;
  TieringService& service_;
  const Clock& clock_;
  std::mutex mutex_;  ///< guards what follows
  std::map<model::TableId, Round> rounds_;
};

}  // namespace forebay::lake
