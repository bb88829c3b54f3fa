#include "serve/fluss/producer_requests.h"

#include "serve/fluss/snapshot_requests.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

/// How clients know whether theirs were taken.
constexpr int32_t kCreated = 0;
constexpr int32_t kAlreadyExists = 1;

rpc::Failure FailureOf(const Status& status) {
  return rpc::FailureOf(status, {{ErrorKind::kInvalidArgument, ErrorCode::kInvalidProducerId}});
}

}  // namespace

Outcome<rpc::RegisterProducerOffsetsResponse> ProducerRequests::Register(
    const rpc::RegisterProducerOffsetsRequest& request) {
  client::ProducerOffsets offsets;
  for (const rpc::PbProducerTableOffsets& table : request.table_offsets) {
    for (const rpc::PbBucketOffset& entry : table.bucket_offsets) {
      offsets.offsets[BucketOf(table.table_id, entry.partition_id, entry.bucket_id)] =
          entry.log_end_offset.value_or(0);
    }
  }
  auto taken = gateway_.snapshots().RegisterProducer(request.producer_id, offsets, request.ttl_ms);
  if (!taken.ok()) return FailureOf(taken.status());
  return rpc::RegisterProducerOffsetsResponse{*taken ? kCreated : kAlreadyExists};
}

Outcome<rpc::GetProducerOffsetsResponse> ProducerRequests::Get(
    const rpc::GetProducerOffsetsRequest& request) {
  auto found = gateway_.snapshots().GetProducer(request.producer_id);
  if (!found.ok()) return FailureOf(found.status());
  rpc::GetProducerOffsetsResponse response;
  if (!found->has_value()) return response;
  response.producer_id = request.producer_id;
  response.expiration_time = (*found)->expires_ms;
  // They come by table.
  for (const auto& [bucket, offset] : (*found)->offsets) {
    auto& tables = response.table_offsets;
    if (tables.empty() || tables.back().table_id != bucket.table_id.value()) {
      tables.emplace_back().table_id = bucket.table_id.value();
    }
    rpc::PbBucketOffset& entry = tables.back().bucket_offsets.emplace_back();
    if (bucket.partition_id.has_value()) entry.partition_id = bucket.partition_id->value();
    entry.bucket_id = bucket.bucket;
    entry.log_end_offset = offset;
  }
  return response;
}

Outcome<rpc::DeleteProducerOffsetsResponse> ProducerRequests::Delete(
    const rpc::DeleteProducerOffsetsRequest& request) {
  Status deleted = gateway_.snapshots().DeleteProducer(request.producer_id);
  if (!deleted.ok()) return FailureOf(deleted);
  return rpc::DeleteProducerOffsetsResponse();
}

}  // namespace forebay::serve
