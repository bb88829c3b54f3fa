#pragma once

#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Answers Fluss's requests about snapshots of primary-key tables in remote storage, and about the
/// leases that keep them. Clients read the snapshots' files themselves. Thread-safe.
class SnapshotRequests {
 public:
  /// Both outlive the object.
  SnapshotRequests(client::Admin& admin, client::TabletGateway& gateway)
      : admin_(admin), gateway_(gateway) {}

  Outcome<rpc::GetLatestKvSnapshotsResponse> GetLatestKvSnapshots(
      const rpc::GetLatestKvSnapshotsRequest& request);
  Outcome<rpc::GetKvSnapshotMetadataResponse> GetKvSnapshotMetadata(
      const rpc::GetKvSnapshotMetadataRequest& request);
  Outcome<rpc::ListKvSnapshotsResponse> ListKvSnapshots(const rpc::ListKvSnapshotsRequest& request);
  Outcome<rpc::AcquireKvSnapshotLeaseResponse> AcquireLease(
      const rpc::AcquireKvSnapshotLeaseRequest& request);
  Outcome<rpc::ReleaseKvSnapshotLeaseResponse> ReleaseLease(
      const rpc::ReleaseKvSnapshotLeaseRequest& request);
  Outcome<rpc::DropKvSnapshotLeaseResponse> DropLease(
      const rpc::DropKvSnapshotLeaseRequest& request);

 private:
  client::Admin& admin_;
  client::TabletGateway& gateway_;
};

/// The bucket of that number; of a partition, when there is one.
model::TableBucket BucketOf(int64_t table_id, const std::optional<int64_t>& partition_id,
                            int32_t bucket);

}  // namespace forebay::serve
