#include "serve/fluss/log_fetch.h"

#include "model/table.h"
#include "serve/fluss/log_filter.h"
#include "serve/fluss/log_requests.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

constexpr int32_t kMaxWaitMsMax = 60'000;
/// Of one answer, whatever the client would take.
constexpr int64_t kAnswerBytesMax = 32 << 20;

std::optional<rpc::Failure> CheckProjection(const rpc::PbFetchLogReqForTable& wanted,
                                            const client::EncodedTable& table) {
  if (!wanted.projection_pushdown_enabled) return std::nullopt;
  if (table.log_format() != format::LogFormat::kArrow) {
    return rpc::Failure{
        ErrorCode::kInvalidColumnProjection,
        fmt::format("Only Arrow log format supports column projection, but is: {}",
                    table.log_format() == format::LogFormat::kIndexed ? "INDEXED" : "COMPACTED")};
  }
  int columns = static_cast<int>(table.info().descriptor.schema.columns.size());
  int last = -1;
  for (int32_t index : wanted.projected_fields) {
    if (index <= last || index >= columns) {
      return rpc::Failure{ErrorCode::kInvalidColumnProjection,
                          fmt::format("projected columns must rise and lie below {}", columns)};
    }
    last = index;
  }
  if (last >= 0) return std::nullopt;
  return rpc::Failure{ErrorCode::kInvalidColumnProjection, "no column is projected"};
}

rpc::PbRemoteLogFetchInfo RemoteInfoOf(const client::RemoteLogPart& part) {
  rpc::PbRemoteLogFetchInfo info;
  info.remote_log_tablet_dir = part.directory;
  if (!part.partition.empty()) info.partition_name = part.partition;
  for (const auto& segment : part.segments) {
    rpc::PbRemoteLogSegment& added = info.remote_log_segments.emplace_back();
    added.remote_log_segment_id = segment.id;
    added.remote_log_start_offset = segment.start;
    added.remote_log_end_offset = segment.end;
    added.segment_size_in_bytes = static_cast<int32_t>(segment.size_bytes);
    added.max_timestamp = segment.max_timestamp_ms;
  }
  info.first_start_pos = static_cast<int32_t>(part.first_position);
  return info;
}

}  // namespace

LogFetch::LogFetch(rpc::FetchLogRequest request, client::TabletGateway& gateway, const Call& call)
    : request_(std::move(request)), call_(call) {
  OpenTables(gateway);
}

void LogFetch::OpenTables(client::TabletGateway& gateway) {
  for (const auto& table : request_.tables_req) {
    for (const auto& bucket : table.buckets_req) {
      PartKey key(table.table_id, bucket.partition_id);
      auto [opened, is_new] = tables_.try_emplace(key, forebay::Unavailable("not opened"));
      if (!is_new) continue;
      opened->second = OpenPart(gateway, table.table_id, bucket.partition_id);
      if (!opened->second.ok() || !table.filter_predicate.has_value()) continue;
      auto schema =
          (*opened->second)->SchemaOf(model::SchemaId(table.filter_schema_id.value_or(-1)));
      auto filter = schema.ok() ? FilterOf(*table.filter_predicate, **schema) : std::nullopt;
      if (filter.has_value()) filters_.try_emplace(table.table_id, std::move(*filter));
    }
  }
}

void LogFetch::Start() {
  int32_t wait_ms = request_.min_bytes.value_or(0) > 0 ? request_.max_wait_ms.value_or(500) : 0;
  if (wait_ms <= 0) return TryAnswer(true);
  TryAnswer(false);
  if (answered_) return;
  Listen();
  auto self = shared_from_this();
  call_.scheduler.PostAfter(std::min(wait_ms, kMaxWaitMsMax), [self] { self->TryAnswer(true); });
  // What came before Listen has raised nobody.
  TryAnswer(false);
}

void LogFetch::Listen() {
  for (const auto& wanted : request_.tables_req) {
    for (const auto& bucket : wanted.buckets_req) {
      const Result<Table>& table = tables_.at({wanted.table_id, bucket.partition_id});
      if (CheckBucket(table, bucket.bucket_id)) continue;
      (*table)->Listen(bucket.bucket_id, weak_from_this());
    }
  }
}

void LogFetch::Raise() {
  if (answered_ || posted_.exchange(true)) return;
  call_.scheduler.Post([self = shared_from_this()] {
    self->posted_ = false;
    self->TryAnswer(false);
  });
}

void LogFetch::TryAnswer(bool at_any_rate) {
  if (answered_) return;
  int64_t bytes = 0;
  bool is_due = at_any_rate;
  rpc::FetchLogResponse response = Collect(bytes, is_due);
  if (!is_due && bytes < request_.min_bytes.value_or(1)) return;
  if (!answered_.exchange(true)) call_.responder.Succeed(response);
}

rpc::FetchLogResponse LogFetch::Collect(int64_t& bytes, bool& is_due) {
  rpc::FetchLogResponse response;
  int64_t bytes_max = std::min<int64_t>(request_.max_bytes, kAnswerBytesMax);
  for (const auto& wanted : request_.tables_req) {
    rpc::PbFetchLogRespForTable& table = response.tables_resp.emplace_back();
    table.table_id = wanted.table_id;
    for (const auto& bucket : wanted.buckets_req) {
      table.buckets_resp.push_back(Read(wanted, tables_.at({wanted.table_id, bucket.partition_id}),
                                        bucket, bytes_max - bytes));
      const auto& answer = table.buckets_resp.back();
      // What a client reads elsewhere is not to be waited for either; and one whose filter nothing
      // matched goes on behind what was looked at.
      is_due |= answer.error_code.has_value() || answer.remote_log_fetch_info.has_value() ||
                answer.filtered_end_offset.has_value();
      if (answer.records.has_value()) bytes += std::ssize(answer.records->bytes);
    }
  }
  return response;
}

rpc::PbFetchLogRespForBucket LogFetch::Read(const rpc::PbFetchLogReqForTable& wanted,
                                            const Result<Table>& table,
                                            const rpc::PbFetchLogReqForBucket& bucket,
                                            int64_t bytes_left) const {
  rpc::PbFetchLogRespForBucket answer;
  answer.bucket_id = bucket.bucket_id;
  answer.partition_id = bucket.partition_id;
  auto failure = CheckBucket(table, bucket.bucket_id);
  if (!failure.has_value()) failure = CheckProjection(wanted, **table);
  if (failure.has_value()) {
    SetError(answer, *failure);
    return answer;
  }
  client::EncodedTable& log = **table;
  model::LogOffset offset = bucket.fetch_offset;
  if (offset == model::kEarliestOffset) offset = log.LogStart(bucket.bucket_id);
  answer.high_watermark = log.LogEnd(bucket.bucket_id);
  answer.log_start_offset = 0;  // as a Fluss server says
  auto remote = log.RemotePart(bucket.bucket_id, offset);
  if (remote.ok() && remote->has_value()) {
    // Its records stay unset, as a Fluss server has it.
    answer.remote_log_fetch_info = RemoteInfoOf(**remote);
    return answer;
  }
  // Clients lose the whole answer, silently, when one bucket has no records at all.
  answer.records = rpc::Payload();
  if (bytes_left <= 0) return answer;
  const auto* projection = wanted.projection_pushdown_enabled ? &wanted.projected_fields : nullptr;
  auto filter = filters_.find(wanted.table_id);
  auto read = log.ReadBatches(bucket.bucket_id, offset,
                              std::min<int64_t>(bucket.max_fetch_bytes, bytes_left), projection,
                              filter == filters_.end() ? nullptr : &filter->second);
  if (read.ok()) {
    answer.records = rpc::Payload::Of(read->bytes, read->owner);
    if (read->filtered_end >= 0) answer.filtered_end_offset = read->filtered_end;
    return answer;
  }
  rpc::PbFetchLogRespForBucket error;
  error.bucket_id = bucket.bucket_id;
  error.partition_id = bucket.partition_id;
  SetError(error, rpc::FailureOf(read.status()));
  return error;
}

}  // namespace forebay::serve
