#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "client/bucket_calls.h"
#include "client/connection.h"
#include "client/key_scans.h"
#include "client/lookup_keys.h"
#include "format/batch/kv_batch.h"

namespace forebay::client {

/// Reads values of a primary-key table, as servers answer them, into the wanted columns.
/// Thread-compatible.
class RemoteRowReader {
 public:
  RemoteRowReader(RemoteTableState& state, const std::optional<std::vector<int>>& projection);

  /// Types of the wanted columns.
  const std::vector<model::DataType>& types() const { return wanted_types_; }
  /// Appends a row to `builder`, whose types are types(). Waits for the server the first time it
  /// sees another schema than the table's. kCorruption for bytes that are no such row.
  Status Read(const format::ValueRecord& value, model::BatchBuilder& builder);

 private:
  RemoteTableState& state_;
  std::vector<int> wanted_;
  std::vector<model::DataType> wanted_types_;
  std::map<model::SchemaId, std::vector<model::DataType>> stored_types_;
};

/// Lookuper of a table of another server, by whole keys or by a part: one request a server for all
/// keys of a call. Thread-safe.
class RemoteLookuper : public Lookuper, public PrefixLookuper {
 public:
  RemoteLookuper(std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
                 std::optional<std::vector<int>> projection, LookupKeys keys);
  Result<Lookuper::Rows> Lookup(const model::Batch& keys) override;
  Result<PrefixLookuper::Rows> LookupAll(const model::Batch& keys) override;

 private:
  struct BucketKeys {
    std::vector<int> rows;  ///< of the caller's batch
    std::vector<std::string_view> keys;
  };
  using Buckets = std::map<model::BucketId, BucketKeys>;
  /// The values found, each with its key; what they point into is kept in `frames`.
  struct Found {
    std::vector<std::pair<int, std::string_view>> values;
    std::vector<std::shared_ptr<const std::string>> frames;
  };
  Result<Buckets> ByBucket(const model::Batch& keys, const format::EncodedKeys& encoded);
  /// Asks for all, and has `take(part, rows, found)` take what was found for each bucket's keys.
  template <typename Request, typename Response, typename Take>
  Result<Found> Ask(rpc::ApiKey api, const Buckets& buckets, Take take);
  Result<Found> AskForKeys(const Buckets& buckets);
  Result<Found> AskForPrefixes(const Buckets& buckets);
  /// The partition of every key, without a value where there is none.
  Result<std::vector<std::optional<model::PartitionId>>> PartitionsOfKeys(const model::Batch& keys);

  RemoteTableState state_;
  const std::shared_ptr<const RemoteTable> table_;
  const std::optional<std::vector<int>> projection_;
  const LookupKeys keys_;
};

/// Up to `limit` rows of a bucket of another server, at once; see KeyScans::LimitScan.
Result<std::optional<model::Batch>> RemoteLimitScan(
    std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
    const model::BucketId& bucket, const std::optional<std::vector<int>>& projection, int limit);

/// SnapshotScanner of a bucket of another server, which keeps the snapshot open there while it is
/// read. Thread-compatible.
class RemoteSnapshotScanner : public SnapshotScanner {
 public:
  /// kNotSupported when the server has no such scans.
  static Result<std::unique_ptr<SnapshotScanner>> Open(
      std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
      const model::BucketId& bucket, const std::optional<std::vector<int>>& projection);
  ~RemoteSnapshotScanner() override;

  model::LogOffset log_offset() const override { return log_offset_; }
  Result<model::Batch> Next() override;

 private:
  RemoteSnapshotScanner(std::shared_ptr<RemoteCluster> cluster,
                        std::shared_ptr<const RemoteTable> table,
                        const std::optional<std::vector<int>>& projection);
  Status Start(const model::BucketId& bucket);
  Status Continue();
  Status Take(rpc::Reply<rpc::ScanKvResponse> reply);

  RemoteTableState state_;
  RemoteRowReader reader_;
  std::shared_ptr<rpc::Channel> server_;
  std::string scanner_id_;
  int32_t next_call_ = 0;
  model::LogOffset log_offset_ = 0;
  bool has_more_ = false;
  std::shared_ptr<const std::string> frame_;  ///< what values_ point into
  std::optional<format::ValueBatchReader> values_;
};

}  // namespace forebay::client
