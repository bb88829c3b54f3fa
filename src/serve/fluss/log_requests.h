#pragma once

#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Answers Fluss's requests about logs. Thread-safe.
class LogRequests {
 public:
  /// Both outlive the object.
  LogRequests(client::Admin& admin, client::TabletGateway& gateway)
      : admin_(admin), gateway_(gateway) {}

  Outcome<rpc::InitWriterResponse> InitWriter(const rpc::InitWriterRequest& request);
  Outcome<rpc::ListOffsetsResponse> ListOffsets(const rpc::ListOffsetsRequest& request);
  Outcome<rpc::GetTableStatsResponse> GetTableStats(const rpc::GetTableStatsRequest& request);
  Outcome<rpc::ListRemoteLogManifestsResponse> ListRemoteLogManifests(
      const rpc::ListRemoteLogManifestsRequest& request);
  /// Answers when all batches are durable.
  void ProduceLog(const rpc::ProduceLogRequest& request, const Call& call);
  /// Answers when there is enough, or the time is over.
  static void FetchLog(rpc::FetchLogRequest request, client::TabletGateway& gateway,
                       const Call& call);

 private:
  client::Admin& admin_;
  client::TabletGateway& gateway_;
};

/// The table, or its partition if one is named.
inline Result<std::shared_ptr<client::EncodedTable>> OpenPart(
    client::TabletGateway& gateway, int64_t table_id, const std::optional<int64_t>& partition_id) {
  std::optional<model::PartitionId> partition;
  if (partition_id.has_value()) partition = model::PartitionId(*partition_id);
  return gateway.OpenTable(model::TableId(table_id), partition);
}

/// Nothing when there is such a bucket in service; else why not.
std::optional<rpc::Failure> CheckBucket(const Result<std::shared_ptr<client::EncodedTable>>& table,
                                        int bucket);

}  // namespace forebay::serve
