#pragma once

#include <string>

#include "client/connection.h"
#include "lake/tiering/tiering_service.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// The lake as Fluss's clients see it. Members outlive its users.
struct LakeView {
  lake::TieringService* tiering = nullptr;
  /// Where clients find the Iceberg REST catalog; empty: the lake is not shown to them.
  std::string catalog_uri;
};

/// Whether clients may read the table's lake part themselves. They take buckets from the lake's
/// partitions when a table has a bucket key, so the table's buckets must be the lake's then; and
/// they take partitions by text only.
bool IsLakeShown(const LakeView& lake, const model::TableDescriptor& table);

/// Puts what clients need to read the lake part into the table's properties, as Fluss's coordinator
/// does (its LakeStorageUtils), or takes out what would have them try.
void ShowLake(const LakeView& lake, model::TableDescriptor& table);

/// Answers Fluss's requests about the lake. Thread-safe.
class LakeRequests {
 public:
  /// Both outlive the object.
  LakeRequests(client::Admin& admin, const LakeView& lake) : admin_(admin), lake_(lake) {}

  /// The newest snapshot, or the one asked for, and the log offsets at which each bucket goes on.
  Outcome<rpc::GetLakeSnapshotResponse> GetLakeSnapshot(const rpc::GetLakeSnapshotRequest& request);

 private:
  client::Admin& admin_;
  const LakeView& lake_;
};

}  // namespace forebay::serve
