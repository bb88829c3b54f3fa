#include "serve/fluss/row_requests.h"

#include "format/batch/kv_batch.h"
#include "serve/fluss/log_requests.h"
#include "serve/fluss/pending_buckets.h"

namespace forebay::serve {

using client::EncodedTable;
using rpc::ErrorCode;
using rpc::Failure;

namespace {

constexpr int kLimitMax = 1 << 20;
/// Of a request's agg_mode; any other number lets the merge engine do its work.
constexpr int kOverwrite = 1;
constexpr int64_t kLimitScanBytesMax = 32 << 20;
constexpr int32_t kScanBatchBytesMax = 8 << 20;

std::optional<Failure> CheckRows(const Result<std::shared_ptr<EncodedTable>>& table, int bucket) {
  auto failure = CheckBucket(table, bucket);
  if (failure.has_value() || (*table)->HasPrimaryKey()) return failure;
  return Failure{ErrorCode::kNonPrimaryKeyTable,
                 fmt::format("table '{}' has no primary key", (*table)->info().path.ToString())};
}

using PendingPut = PendingBuckets<rpc::PutKvResponse>;

Failure WriteFailure(const Status& status) {
  return rpc::FailureOf(status, {{ErrorKind::kCorruption, ErrorCode::kCorruptRecord},
                                 {ErrorKind::kNotFound, ErrorCode::kSchemaNotExist},
                                 {ErrorKind::kOutOfRange, ErrorCode::kInvalidTargetColumn},
                                 {ErrorKind::kNotSupported, ErrorCode::kDeletionDisabled},
                                 {ErrorKind::kInvalidArgument, ErrorCode::kOutOfOrderSequence}});
}

void Acknowledge(PendingPut& pending, size_t index, const Result<client::WriteAck>& ack) {
  if (!ack.ok()) return pending.Fail(index, WriteFailure(ack.status()));
  pending.bucket(index).log_end_offset = ack->next_offset;
  pending.Finish();
}

Failure ReadFailure(const Status& status) {
  return rpc::FailureOf(status, {{ErrorKind::kOutOfRange, ErrorCode::kRecordTooLarge},
                                 {ErrorKind::kCorruption, ErrorCode::kCorruptRecord}});
}

std::vector<rpc::PbValue> ValuesOf(const client::FoundRows& found) {
  std::vector<rpc::PbValue> values(found.rows.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (found.rows[i].has_value()) values[i].values = rpc::Payload::Of(*found.rows[i], found.owner);
  }
  return values;
}

/// Has `answer(table, wanted, answer)` fill in each bucket's answer; a bucket for which it gives an
/// error has that alone.
template <typename Response, typename Request, typename Answer>
Response AnswerByBucket(client::TabletGateway& gateway, const Request& request, Answer&& answer) {
  Response response;
  for (const auto& wanted : request.buckets_req) {
    auto& bucket = response.buckets_resp.emplace_back();
    auto table = OpenPart(gateway, request.table_id, wanted.partition_id);
    auto failure = CheckRows(table, wanted.bucket_id);
    if (!failure.has_value()) {
      Status status = answer(**table, wanted, bucket);
      if (!status.ok()) failure = ReadFailure(status);
    }
    if (failure.has_value()) {
      bucket = {};
      SetError(bucket, *failure);
    }
    bucket.bucket_id = wanted.bucket_id;
    bucket.partition_id = wanted.partition_id;
  }
  return response;
}

}  // namespace

void RowRequests::PutKv(const rpc::PutKvRequest& request, const Call& call) {
  if (request.buckets_req.empty()) return call.responder.Succeed(rpc::PutKvResponse());
  auto pending = std::make_shared<PendingPut>(call.responder, request.buckets_req);
  for (size_t i = 0; i < request.buckets_req.size(); ++i) {
    const rpc::PbPutKvReqForBucket& part = request.buckets_req[i];
    auto table = OpenPart(gateway_, request.table_id, part.partition_id);
    if (auto failure = CheckRows(table, part.bucket_id)) {
      pending->Fail(i, *failure);
      continue;
    }
    client::PutOptions options{request.target_columns, request.agg_mode == kOverwrite};
    (*table)->PutRows(
        part.bucket_id, part.records.bytes, options,
        [pending, i](const Result<client::WriteAck>& ack) { Acknowledge(*pending, i, ack); });
  }
}

void RowRequests::Lookup(const rpc::LookupRequest& request, const Call& call) {
  if (request.insert_if_not_exists.value_or(false)) return LookupOrInsert(request, call);
  call.responder.Succeed(AnswerByBucket<rpc::LookupResponse>(
      gateway_, request, [](EncodedTable& table, const auto& wanted, auto& answer) {
        std::vector<std::string_view> keys;
        keys.reserve(wanted.keys.size());
        for (const rpc::Payload& key : wanted.keys) keys.push_back(key.bytes);
        ASSIGN_OR_RETURN(client::FoundRows found, table.LookupRows(wanted.bucket_id, keys));
        answer.values = ValuesOf(found);
        return Status::Ok();
      }));
}

void RowRequests::LookupOrInsert(const rpc::LookupRequest& request, const Call& call) {
  if (request.buckets_req.empty()) return call.responder.Succeed(rpc::LookupResponse());
  using Pending = PendingBuckets<rpc::LookupResponse>;
  auto pending = std::make_shared<Pending>(call.responder, request.buckets_req);
  for (size_t i = 0; i < request.buckets_req.size(); ++i) {
    const rpc::PbLookupReqForBucket& wanted = request.buckets_req[i];
    auto table = OpenPart(gateway_, request.table_id, wanted.partition_id);
    if (auto failure = CheckRows(table, wanted.bucket_id)) {
      pending->Fail(i, *failure);
      continue;
    }
    std::vector<std::string> keys;
    for (const rpc::Payload& key : wanted.keys) keys.emplace_back(key.bytes);
    auto finish = [pending, i](const Result<client::FoundRows>& found) {
      if (!found.ok()) return pending->Fail(i, WriteFailure(found.status()));
      pending->bucket(i).values = ValuesOf(*found);
      pending->Finish();
    };
    (*table)->LookupOrInsert(wanted.bucket_id, std::move(keys), finish);
  }
}

Outcome<rpc::PrefixLookupResponse> RowRequests::PrefixLookup(
    const rpc::PrefixLookupRequest& request) {
  return AnswerByBucket<rpc::PrefixLookupResponse>(
      gateway_, request, [](EncodedTable& table, const auto& wanted, auto& answer) {
        for (const rpc::Payload& key : wanted.keys) {
          ASSIGN_OR_RETURN(auto rows, table.LookupPrefix(wanted.bucket_id, key.bytes));
          rpc::PbValueList& list = answer.value_lists.emplace_back();
          for (std::string& row : rows) list.values.push_back(rpc::Payload::Own(std::move(row)));
        }
        return Status::Ok();
      });
}

Outcome<rpc::LimitScanResponse> RowRequests::LimitScan(const rpc::LimitScanRequest& request) {
  auto table = OpenPart(gateway_, request.table_id, request.partition_id);
  rpc::LimitScanResponse response;
  if (auto failure = CheckBucket(table, request.bucket_id)) {
    SetError(response, *failure);
    return response;
  }
  int limit = std::clamp(request.limit, 0, kLimitMax);
  if ((*table)->HasPrimaryKey()) return LimitScanRows(**table, request.bucket_id, limit);
  return LimitScanLog(**table, request.bucket_id, limit);
}

/// The last batches that hold `limit` rows: clients count them from behind.
Outcome<rpc::LimitScanResponse> RowRequests::LimitScanLog(EncodedTable& table, int bucket,
                                                          int limit) {
  rpc::LimitScanResponse response;
  response.is_log_table = true;
  response.records = rpc::Payload();
  model::LogOffset end = table.LogEnd(bucket);
  model::LogOffset begin = std::max(table.LogStart(bucket), end - limit);
  if (begin == end) return response;
  auto read = table.ReadBatches(bucket, begin, kLimitScanBytesMax, nullptr, nullptr);
  if (read.ok()) {
    response.records = rpc::Payload::Of(read->bytes, read->owner);
    return response;
  }
  rpc::LimitScanResponse error;
  SetError(error, rpc::FailureOf(read.status()));
  return error;
}

Outcome<rpc::LimitScanResponse> RowRequests::LimitScanRows(EncodedTable& table, int bucket,
                                                           int limit) {
  rpc::LimitScanResponse response;
  auto scan = table.ScanRows(bucket);
  Status status = internal::ToStatus(scan);
  format::ValueBatchWriter values;
  while (status.ok() && values.record_count() < limit &&
         static_cast<int64_t>(values.size_bytes()) < kLimitScanBytesMax) {
    auto row = (*scan)->Next();
    status = internal::ToStatus(row);
    if (!status.ok() || !row->has_value()) break;
    values.Append(**row);
  }
  if (!status.ok()) {
    SetError(response, ReadFailure(status));
    return response;
  }
  response.is_log_table = false;
  response.records = rpc::Payload::Own(values.Finish());
  return response;
}

/// A session for a new scan, or the one the client goes on with.
Result<std::unique_ptr<ScanSession>> RowRequests::SessionOf(const rpc::ScanKvRequest& request,
                                                            rpc::ScanKvResponse& response) {
  if (!request.bucket_scan_req.has_value()) {
    auto session = sessions_.Take(std::string(request.scanner_id->bytes));
    if (session != nullptr) return session;
    return NotFound("the scan is not known, it may have been silent for too long");
  }
  const rpc::PbScanReqForBucket& wanted = *request.bucket_scan_req;
  auto table = OpenPart(gateway_, wanted.table_id, wanted.partition_id);
  if (auto failure = CheckRows(table, wanted.bucket_id)) {
    SetError(response, *failure);
    return Cancelled("{}", failure->message);
  }
  auto session = sessions_.Open();
  if (session == nullptr) return Unavailable("too many scans are under way");
  session->rows_left = wanted.limit.value_or(INT64_MAX);
  ASSIGN_OR_RETURN(session->rows, (*table)->ScanRows(wanted.bucket_id));
  response.log_offset = session->rows->log_offset();
  return session;
}

Status RowRequests::FillScan(ScanSession& session, int32_t batch_bytes,
                             rpc::ScanKvResponse& response) {
  format::ValueBatchWriter values;
  bool more = true;
  while (values.record_count() == 0 || static_cast<int32_t>(values.size_bytes()) < batch_bytes) {
    more = session.rows_left > 0;
    if (!more) break;
    if (!session.pending.has_value()) {
      ASSIGN_OR_RETURN(auto row, session.rows->Next());
      more = row.has_value();
      if (!more) break;
      session.pending = *row;
    }
    values.Append(*session.pending);
    session.pending.reset();
    --session.rows_left;
  }
  // One row ahead, so that the last answer is known to be the last.
  if (more && session.rows_left > 0) {
    ASSIGN_OR_RETURN(auto row, session.rows->Next());
    more = row.has_value();
    if (more) session.pending = *row;
  } else {
    more = false;
  }
  response.scanner_id = rpc::Payload::Own(session.id);
  response.has_more_results = more;
  response.records = rpc::Payload::Own(values.Finish());
  return {};
}

Outcome<rpc::ScanKvResponse> RowRequests::ScanKv(const rpc::ScanKvRequest& request) {
  rpc::ScanKvResponse response;
  bool is_new = request.bucket_scan_req.has_value();
  bool closes = request.close_scanner.value_or(false);
  bool one_of_both = is_new != request.scanner_id.has_value();
  if (!one_of_both || (is_new && closes) ||
      (!closes && request.batch_size_bytes.value_or(0) <= 0)) {
    SetError(response, {ErrorCode::kInvalidScanRequest,
                        "a scan needs either a bucket or a scanner id, and a batch size"});
    return response;
  }
  auto session = SessionOf(request, response);
  if (closes) {
    response.scanner_id = rpc::Payload::Own(std::string(request.scanner_id->bytes));
    response.has_more_results = false;
    return response;
  }
  Status status = internal::ToStatus(session);
  if (status.ok() && request.call_seq_id != (*session)->last_call + 1) {
    SetError(response, {ErrorCode::kInvalidScanRequest, "the scan's requests are out of order"});
    return response;
  }
  if (status.ok()) {
    (*session)->last_call = *request.call_seq_id;
    status = FillScan(**session, std::min(*request.batch_size_bytes, kScanBatchBytesMax), response);
  }
  if (status.ok()) {
    if (*response.has_more_results) sessions_.Put(std::move(*session));
  } else if (!response.error_code.has_value()) {
    SetError(response,
             rpc::FailureOf(status, {{ErrorKind::kNotFound, ErrorCode::kUnknownScannerId},
                                     {ErrorKind::kUnavailable, ErrorCode::kTooManyScanners}}));
  }
  return response;
}

}  // namespace forebay::serve
