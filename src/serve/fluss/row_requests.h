#pragma once

#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"
#include "serve/fluss/scan_sessions.h"

namespace forebay::serve {

/// Answers Fluss's requests about the rows of primary-key tables. Thread-safe.
class RowRequests {
 public:
  /// It outlives the object.
  explicit RowRequests(client::TabletGateway& gateway) : gateway_(gateway) {}

  /// Answers when all writes are durable.
  void PutKv(const rpc::PutKvRequest& request, const Call& call);
  /// Answers at once unless rows are inserted.
  void Lookup(const rpc::LookupRequest& request, const Call& call);
  Outcome<rpc::PrefixLookupResponse> PrefixLookup(const rpc::PrefixLookupRequest& request);
  Outcome<rpc::LimitScanResponse> LimitScan(const rpc::LimitScanRequest& request);
  Outcome<rpc::ScanKvResponse> ScanKv(const rpc::ScanKvRequest& request);

 private:
  using Table = std::shared_ptr<client::EncodedTable>;

  void LookupOrInsert(const rpc::LookupRequest& request, const Call& call);
  Outcome<rpc::LimitScanResponse> LimitScanLog(client::EncodedTable& table, int bucket, int limit);
  Outcome<rpc::LimitScanResponse> LimitScanRows(client::EncodedTable& table, int bucket, int limit);
  Result<std::unique_ptr<ScanSession>> SessionOf(const rpc::ScanKvRequest& request,
                                                 rpc::ScanKvResponse& response);
  static Status FillScan(ScanSession& session, int32_t batch_bytes, rpc::ScanKvResponse& response);

  client::TabletGateway& gateway_;
  ScanSessions sessions_;
};

}  // namespace forebay::serve
