#include "serve/fluss/log_requests.h"

#include "base/clock.h"
#include "serve/fluss/admin_requests.h"
#include "serve/fluss/log_fetch.h"
#include "serve/fluss/pending_buckets.h"
#include "serve/fluss/snapshot_requests.h"

namespace forebay::serve {

using client::EncodedTable;
using rpc::ErrorCode;
using rpc::Failure;

namespace {

/// What ListOffsets can ask for.
enum OffsetType : int32_t { kEarliest = 0, kLatest = 1, kAtTimestamp = 2, kLeaderEnd = 3 };

using PendingProduce = PendingBuckets<rpc::ProduceLogResponse>;

void Acknowledge(PendingProduce& pending, size_t index, const Result<client::WriteAck>& ack) {
  if (!ack.ok()) {
    return pending.Fail(
        index, rpc::FailureOf(ack.status(),
                              {{ErrorKind::kCorruption, ErrorCode::kCorruptRecord},
                               {ErrorKind::kNotFound, ErrorCode::kSchemaNotExist},
                               {ErrorKind::kOutOfRange, ErrorCode::kRecordTooLarge},
                               {ErrorKind::kInvalidArgument, ErrorCode::kOutOfOrderSequence}}));
  }
  pending.bucket(index).base_offset = ack->base_offset;
  pending.Finish();
}

Result<model::LogOffset> OffsetOf(EncodedTable& table, int bucket,
                                  const rpc::ListOffsetsRequest& request) {
  switch (request.offset_type) {
    case kEarliest: return table.LogStart(bucket);
    case kLatest:
    case kLeaderEnd: return table.LogEnd(bucket);
    case kAtTimestamp: break;
    default: return NotSupported("there is no offset type {}", request.offset_type);
  }
  if (!request.startTimestamp.has_value()) return InvalidArgument("the timestamp is missing");
  if (*request.startTimestamp > Clock::System().NowMs()) {
    return InvalidArgument("the timestamp {} is in the future", *request.startTimestamp);
  }
  return table.OffsetAt(bucket, *request.startTimestamp);
}

}  // namespace

std::optional<Failure> CheckBucket(const Result<std::shared_ptr<EncodedTable>>& table, int bucket) {
  // As a Fluss server, which tells a client to ask for the metadata again.
  Status status = table.ok() ? (*table)->CheckBucket(bucket) : table.status();
  if (status.ok()) return std::nullopt;
  return rpc::FailureOf(status, {{ErrorKind::kNotFound, ErrorCode::kUnknownTableOrBucket},
                                 {ErrorKind::kInvalidArgument, ErrorCode::kUnknownTableOrBucket}});
}

Outcome<rpc::InitWriterResponse> LogRequests::InitWriter(const rpc::InitWriterRequest&) {
  auto id = admin_.AllocateWriterId();
  if (!id.ok()) return rpc::FailureOf(id.status());
  return rpc::InitWriterResponse{*id};
}

Outcome<rpc::ListOffsetsResponse> LogRequests::ListOffsets(const rpc::ListOffsetsRequest& request) {
  auto table = OpenPart(gateway_, request.table_id, request.partition_id);
  rpc::ListOffsetsResponse response;
  for (int32_t bucket : request.bucket_id) {
    rpc::PbListOffsetsRespForBucket& answer = response.buckets_resp.emplace_back();
    answer.bucket_id = bucket;
    if (auto failure = CheckBucket(table, bucket)) {
      SetError(answer, *failure);
      continue;
    }
    auto offset = OffsetOf(**table, bucket, request);
    if (offset.ok()) {
      answer.offset = *offset;
    } else {
      SetError(answer, rpc::FailureOf(offset.status(), {{ErrorKind::kInvalidArgument,
                                                         ErrorCode::kInvalidTimestamp}}));
    }
  }
  return response;
}

Outcome<rpc::GetTableStatsResponse> LogRequests::GetTableStats(
    const rpc::GetTableStatsRequest& request) {
  rpc::GetTableStatsResponse response;
  for (const rpc::PbTableStatsReqForBucket& wanted : request.buckets_req) {
    rpc::PbTableStatsRespForBucket& answer = response.buckets_resp.emplace_back();
    answer.bucket_id = wanted.bucket_id;
    answer.partition_id = wanted.partition_id;
    auto table = OpenPart(gateway_, request.table_id, wanted.partition_id);
    if (auto failure = CheckBucket(table, wanted.bucket_id)) {
      SetError(answer, *failure);
    } else if ((*table)->HasPrimaryKey()) {
      answer.row_count = (*table)->RowCount(wanted.bucket_id);
      if (!answer.row_count.has_value()) {
        SetError(answer,
                 {ErrorCode::kInvalidTable,
                  "the rows of this table are not counted (its changelog image is WAL, or it "
                  "is from before); use SELECT COUNT(*)"});
      }
    } else {
      answer.row_count = (*table)->LogEnd(wanted.bucket_id) - (*table)->LogStart(wanted.bucket_id);
    }
  }
  return response;
}

Outcome<rpc::ListRemoteLogManifestsResponse> LogRequests::ListRemoteLogManifests(
    const rpc::ListRemoteLogManifestsRequest& request) {
  auto table = OpenPart(gateway_, request.table_id, request.partition_id);
  if (!table.ok()) return TableFailure(table.status());
  rpc::ListRemoteLogManifestsResponse response;
  for (int bucket = 0; bucket < (*table)->info().descriptor.bucket_count; ++bucket) {
    auto manifest =
        gateway_.snapshots().LogManifest(BucketOf(request.table_id, request.partition_id, bucket));
    if (!manifest.ok()) {
      return rpc::FailureOf(manifest.status(),
                            {{ErrorKind::kNotFound, ErrorCode::kPartitionNotExists}});
    }
    if (!manifest->has_value()) continue;
    response.manifests.push_back({{request.table_id, request.partition_id, bucket},
                                  (*manifest)->path,
                                  (*manifest)->end_offset});
  }
  return response;
}

void LogRequests::ProduceLog(const rpc::ProduceLogRequest& request, const Call& call) {
  if (request.buckets_req.empty()) return call.responder.Succeed(rpc::ProduceLogResponse());
  std::vector<Result<std::shared_ptr<EncodedTable>>> tables;
  for (const rpc::PbProduceLogReqForBucket& part : request.buckets_req) {
    tables.push_back(OpenPart(gateway_, request.table_id, part.partition_id));
    if (tables.back().ok() && (*tables.back())->HasPrimaryKey()) {
      return call.responder.Fail({ErrorCode::kInvalidTable,
                                  "a table with a primary key takes rows "
                                  "by PutKv, not log batches"});
    }
  }
  auto pending = std::make_shared<PendingProduce>(call.responder, request.buckets_req);
  for (size_t i = 0; i < request.buckets_req.size(); ++i) {
    const rpc::PbProduceLogReqForBucket& part = request.buckets_req[i];
    if (auto failure = CheckBucket(tables[i], part.bucket_id)) {
      pending->Fail(i, *failure);
      continue;
    }
    (*tables[i])
        ->AppendBatches(
            part.bucket_id, part.records.bytes,
            [pending, i](const Result<client::WriteAck>& ack) { Acknowledge(*pending, i, ack); });
  }
}

void LogRequests::FetchLog(rpc::FetchLogRequest request, client::TabletGateway& gateway,
                           const Call& call) {
  std::make_shared<LogFetch>(std::move(request), gateway, call)->Start();
}

}  // namespace forebay::serve
