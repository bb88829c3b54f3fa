#pragma once

#include <memory>

#include "client/tablet_gateway.h"
#include "lake/tiering/outside_tiering.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"
#include "serve/fluss/lake_requests.h"

namespace forebay::serve {

/// Answers Fluss's tiering service, when the server is told to leave tiering to it. The "path" of
/// prepared offsets is the offsets themselves, which the service hands on in the lake snapshot's
/// properties: rows and offsets become visible by one commit. Thread-safe.
class TieringRequests {
 public:
  /// All outlive the object.
  TieringRequests(client::Admin& admin, client::TabletGateway& gateway, const LakeView& lake);

  /// Whether these requests are answered at all; the others may only be called then.
  bool is_on() const { return tiering_ != nullptr; }
  Outcome<rpc::LakeTieringHeartbeatResponse> Heartbeat(
      const rpc::LakeTieringHeartbeatRequest& request);
  Outcome<rpc::PrepareLakeTableSnapshotResponse> Prepare(
      const rpc::PrepareLakeTableSnapshotRequest& request);
  Outcome<rpc::CommitLakeTableSnapshotResponse> Commit(
      const rpc::CommitLakeTableSnapshotRequest& request);

 private:
  Result<std::string> MergeOffsets(const rpc::PbTableOffsets& wanted);
  Status CommitTable(const rpc::PbLakeTableSnapshotMetadata& metadata);

  client::Admin& admin_;
  client::TabletGateway& gateway_;
  std::unique_ptr<lake::OutsideTiering> tiering_;
};

}  // namespace forebay::serve
