#pragma once

#include "client/connection.h"
#include "client/key_scans.h"
#include "client/lookup_keys.h"
#include "format/row/lake_key.h"
#include "storage/kv/kv_tablet.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// Lookuper of a primary-key table in this process, by whole keys or by a part. Thread-safe.
class LocalLookuper : public Lookuper, public PrefixLookuper {
 public:
  static Result<std::unique_ptr<Lookuper>> Open(std::shared_ptr<const storage::HostedTable> table,
                                                const std::optional<std::vector<int>>& projection);
  static Result<std::unique_ptr<PrefixLookuper>> OpenPrefix(
      std::shared_ptr<const storage::HostedTable> table,
      const std::optional<std::vector<int>>& projection);
  Result<Lookuper::Rows> Lookup(const model::Batch& keys) override;
  Result<PrefixLookuper::Rows> LookupAll(const model::Batch& keys) override;

 private:
  LocalLookuper(std::shared_ptr<const storage::HostedTable> table,
                const std::optional<std::vector<int>>& projection, LookupKeys keys);
  /// Keys of one bucket, by their rows in the whole.
  struct BucketKeys {
    std::shared_ptr<const storage::HostedTable> host;
    int bucket = 0;
    std::vector<uint32_t> rows;
  };

  Result<std::vector<BucketKeys>> Divide(const model::Batch& keys) const;
  Status DivideByBucket(const model::Batch& keys, std::shared_ptr<const storage::HostedTable> host,
                        const std::vector<uint32_t>& rows, std::vector<BucketKeys>& out) const;
  Result<storage::KvValues> LookupIn(const BucketKeys& part, const model::Batch& keys) const;
  /// Appends the rows found, and the key of each to `key_of_row`.
  Status LookupAllIn(const BucketKeys& part, const model::Batch& keys, model::BatchBuilder& builder,
                     std::vector<int>& key_of_row) const;
  Status Append(const storage::KvValues& values, std::span<const uint32_t> key_rows,
                model::BatchBuilder& builder, std::vector<int>& row_of_key) const;

  const std::shared_ptr<const storage::HostedTable> table_;
  const storage::RowValueReader reader_;
  const LookupKeys keys_;
  const format::KeyEncoding bucket_encoding_;
};

/// SnapshotScanner of one bucket in this process. Thread-compatible.
class LocalSnapshotScanner : public SnapshotScanner {
 public:
  LocalSnapshotScanner(std::shared_ptr<const storage::HostedTable> table,
                       std::unique_ptr<storage::KvSnapshot> snapshot,
                       const std::optional<std::vector<int>>& projection);
  model::LogOffset log_offset() const override { return snapshot_->log_offset(); }
  Result<model::Batch> Next() override;

 private:
  const std::shared_ptr<const storage::HostedTable> table_;
  const std::unique_ptr<storage::KvSnapshot> snapshot_;
  const storage::RowValueReader reader_;
};

}  // namespace forebay::client
