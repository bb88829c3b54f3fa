#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/connection.h"
#include "io/file_system.h"
#include "lake/iceberg/iceberg_table.h"
#include "lake/tiering/key_index.h"

namespace forebay::lake {

/// What a round of tiering moved.
struct TieringRound {
  int64_t rows = 0;          ///< written to data files
  int64_t deleted_rows = 0;  ///< taken away by position deletes
  std::optional<Snapshot> snapshot;
};

/// The Iceberg table in `directory`, made when there is none, with the columns that `table` has
/// now.
Result<std::unique_ptr<IcebergTable>> OpenLakeTable(io::FileSystem& fs, const Clock& clock,
                                                    const model::TableDescriptor& table,
                                                    const std::string& directory);

/// Copies one table's log into its Iceberg table. A round reads every bucket's log from where the
/// lake ends, writes a data file a bucket (and for primary-key tables a position delete file for
/// the rows replaced), and commits one snapshot whose summary holds the new log offsets. Rows and
/// offsets appear together or not at all, so a crash at any moment loses nothing and doubles
/// nothing: the next round starts from the offsets of the last snapshot. Belongs to one thread.
class TableTierer {
 public:
  /// Rows read of one bucket in a round, so that a round's memory is bounded.
  static constexpr int64_t kRoundRowsMax = 500'000;

  /// Opens the Iceberg table in `directory`, or creates it. All arguments outlive the tierer.
  static Result<std::unique_ptr<TableTierer>> Open(client::Connection& connection,
                                                   io::FileSystem& fs, const Clock& clock,
                                                   const model::TableInfo& table,
                                                   const std::string& directory);

  /// Moves what the log has now, or a part of it when it is much: nothing is left when `rows` and
  /// `snapshot` are empty.
  Result<TieringRound> RunRound();
  /// Makes new partitions of a log table known to the lake, as a file without rows each, before
  /// their rows come. Fluss's connector 0.9 reads what the lake does not know as a log alone, and
  /// then waits forever for an end of buckets that are empty.
  Status AnnouncePartitions();
  const IcebergTable& iceberg() const { return *iceberg_; }
  /// How far the lake has the buckets, partition by partition.
  std::vector<model::LogOffset> offsets() const;
  /// The schema that is tiered; when the table has got another one, a new tierer is due.
  model::SchemaId schema_id() const { return table_.schema_id; }

 private:
  /// The rows of one bucket that a round writes.
  struct BucketRows;
  /// The table, if it has no partitions, or a partition: how far the lake has its buckets.
  struct Part {
    std::optional<model::PartitionInfo> partition;
    std::vector<model::LogOffset> offsets;  ///< by bucket: the first that is not in the lake
    bool is_known = false;                  ///< to the lake
  };
  using PartId = std::optional<model::PartitionId>;
  using Parts = std::map<PartId, Part>;

  TableTierer(client::Connection& connection, io::FileSystem& fs, const model::TableInfo& table)
      : connection_(connection), fs_(fs), table_(table) {}

  Status ReadOffsets();
  /// Tells storage how far the lake is; partitions that are gone need not know.
  Status TellOffsets(const Parts& parts);
  /// The parts whose logs there are to read.
  Result<std::vector<PartId>> FindParts();
  Status TierPart(const PartId& id, Part& part, CommitRequest& request, TieringRound& round);
  std::string OffsetsText(Parts& parts) const;
  Status LoadKeys(const BucketRows& rows);
  Result<BucketRows> NoRowsOf(const Part& part, int bucket) const;
  Result<std::optional<BucketRows>> ReadBucket(const Part& part, int bucket, model::LogOffset end);
  Status AddRecords(const client::ScanRecords& records, BucketRows& rows);
  Status AddChanges(const client::ScanRecords& records, BucketRows& rows);
  Status WriteBucket(BucketRows& rows, CommitRequest& request, TieringRound& round);
  Status WriteDataFile(BucketRows& rows, CommitRequest& request);
  Status WriteDeletes(BucketRows& rows, CommitRequest& request);
  Status WriteFile(const std::string& path, std::string_view bytes);
  void Summarize(const TieringRound& round, CommitRequest& request) const;

  client::Connection& connection_;
  io::FileSystem& fs_;
  const model::TableInfo table_;
  std::unique_ptr<IcebergTable> iceberg_;
  Parts parts_;  ///< also of partitions that are gone, whose rows the lake keeps
  /// Primary-key tables: loaded when first written.
  std::map<model::BucketId, KeyIndex> keys_;
};

}  // namespace forebay::lake
