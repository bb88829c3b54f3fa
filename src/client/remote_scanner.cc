#include "client/remote_scanner.h"

#include <algorithm>

#include "base/clock.h"
#include "client/remote_admin.h"
#include "client/remote_segment.h"
#include "format/batch/log_batch.h"

namespace forebay::client {

using model::LogOffset;
using rpc::ErrorCode;

namespace {

constexpr int32_t kNoFollower = -1;
constexpr int32_t kEarliest = 0;
constexpr int32_t kLatest = 1;
/// A fetch waits at most so long at the server.
constexpr int64_t kWaitMs = 500;
constexpr int64_t kFetchBytesMax = 16 << 20;
constexpr int64_t kBucketBytesMax = 1 << 20;
constexpr int64_t kPauseMsMin = 20;
constexpr int64_t kPauseMsMax = 1000;

std::vector<model::DataType> TypesOf(const RemoteTable& table,
                                     const std::optional<std::vector<int>>& projection) {
  if (!projection.has_value()) return table.types;
  std::vector<model::DataType> types;
  for (int index : *projection) types.push_back(table.types[static_cast<size_t>(index)]);
  return types;
}

}  // namespace

RemoteLogScanner::RemoteLogScanner(std::shared_ptr<RemoteCluster> cluster,
                                   std::shared_ptr<const RemoteTable> table,
                                   std::optional<std::vector<int>> projection)
    : state_(std::move(cluster), table),
      projection_(std::move(projection)),
      pushes_projection_(projection_.has_value() && table->log_format == format::LogFormat::kArrow),
      wanted_types_(TypesOf(*table, projection_)) {}

Status RemoteLogScanner::Subscribe(const model::BucketId& bucket, LogOffset offset) {
  Status valid = state_.table()->CheckBucket(bucket);
  if (!valid.ok() && valid.kind() == ErrorKind::kNotFound) {
    // The partition may be younger than what is known of the table.
    RETURN_IF_ERROR(state_.Refresh());
    valid = state_.table()->CheckBucket(bucket);
  }
  if (!valid.ok()) return valid;
  if (offset == model::kEarliestOffset || offset == model::kLatestOffset) {
    int32_t type = offset == model::kEarliestOffset ? kEarliest : kLatest;
    ASSIGN_OR_RETURN(auto offsets, AskBucketOffsets(state_, {bucket}, type, std::nullopt));
    offset = offsets.front();
  }
  if (offset < 0) return InvalidArgument("there is no offset {}", offset);
  positions_[bucket] = {offset, next_subscription_++};
  return {};
}

Status RemoteLogScanner::Unsubscribe(const model::BucketId& bucket) {
  positions_.erase(bucket);
  NoteSuccess(bucket);
  return {};
}

void RemoteLogScanner::Wakeup() {
  woken_ = true;
  inbox_->news.Raise();
}

Result<std::vector<ScanRecords>> RemoteLogScanner::Poll(int timeout_ms, int64_t max_bytes) {
  int64_t deadline_ms = MonotonicMs() + timeout_ms;
  std::vector<ScanRecords> records;
  for (bool asked = false;; asked = true) {
    Status taken = Take(records);
    TakeDropped(records);
    // What other buckets gave is not lost: the error comes again with the next call.
    if (records.empty() && !taken.ok()) return taken;
    int64_t left_ms = deadline_ms - MonotonicMs();
    if (!records.empty()) {
      if (timeout_ms > 0) RETURN_IF_ERROR(Ask(kWaitMs, max_bytes));
      return records;
    }
    if (woken_) return records;
    if (timeout_ms > 0 ? left_ms <= 0 : asked && !IsAnythingUnderWay()) {
      // Whoever does not wait wants to know whether there is nothing.
      if (timeout_ms <= 0) RETURN_IF_ERROR(failure_);
      return records;
    }
    RETURN_IF_ERROR(Ask(std::clamp<int64_t>(left_ms, 0, kWaitMs), max_bytes));
    if (timeout_ms <= 0) left_ms = kWaitMs;
    if (!failure_.ok()) left_ms = std::min(left_ms, pause_ms_);
    inbox_->news.WaitFor(std::chrono::milliseconds(left_ms + 1));
  }
}

void RemoteLogScanner::NoteSuccess(const model::BucketId& bucket) {
  failing_.erase(bucket);
  if (!failing_.empty()) return;
  failure_ = {};
  pause_ms_ = 0;
}

bool RemoteLogScanner::IsAnythingUnderWay() {
  std::lock_guard lock(inbox_->mutex);
  return !inbox_->under_way.empty() || !inbox_->answers.empty();
}

void RemoteLogScanner::NoteFailure(const Status& failure) {
  int64_t now = MonotonicMs();
  if (failure_.ok()) failing_since_ms_ = now;
  failure_ = failure;
  pause_ms_ = std::clamp(2 * pause_ms_, kPauseMsMin, kPauseMsMax);
  retry_at_ms_ = now + pause_ms_;
}

/// After a failure buckets may have moved; `is_due` becomes false while it is too early to look.
Status RemoteLogScanner::RefreshWhenDue(bool& is_due) {
  int64_t now = MonotonicMs();
  int64_t patience_ms = state_.cluster().options().retry_timeout_ms;
  if (now - failing_since_ms_ > patience_ms) {
    return Unavailable("nothing could be read for {} ms: {}", patience_ms, failure_.message());
  }
  is_due = now >= retry_at_ms_;
  if (!is_due) return {};
  Status refreshed = state_.Refresh();
  if (refreshed.ok() || !MayTryAgain(refreshed.kind())) return refreshed;
  NoteFailure(refreshed);
  is_due = false;
  return {};
}

void RemoteLogScanner::TakeDropped(std::vector<ScanRecords>& out) {
  auto table = state_.table();
  if (!table->IsPartitioned()) return;
  for (auto next = positions_.begin(); next != positions_.end();) {
    if (table->HasPartitionOf(next->first)) {
      ++next;
      continue;
    }
    ScanRecords& last = out.emplace_back();
    last.bucket = {table->info.id, next->first.partition, next->first.bucket};
    last.dropped = true;
    NoteSuccess(next->first);
    next = positions_.erase(next);
  }
}

Status RemoteLogScanner::Ask(int64_t wait_ms, int64_t max_bytes) {
  bool is_due = true;
  if (!failure_.ok()) RETURN_IF_ERROR(RefreshWhenDue(is_due));
  if (!is_due) return {};
  auto table = state_.table();
  std::map<int, std::map<model::BucketId, Position>> by_leader;
  for (const auto& [bucket, position] : positions_) {
    by_leader[table->LeaderOf(bucket)][bucket] = position;
  }
  for (auto& [leader, buckets] : by_leader) {
    AskLeader(leader, std::move(buckets), wait_ms, max_bytes);
  }
  return {};
}

void RemoteLogScanner::AskLeader(int leader, std::map<model::BucketId, Position> buckets,
                                 int64_t wait_ms, int64_t max_bytes) {
  {
    std::lock_guard lock(inbox_->mutex);
    // An answer that has come since moves the positions first.
    bool answered = std::any_of(inbox_->answers.begin(), inbox_->answers.end(),
                                [leader](const Answer& one) { return one.leader == leader; });
    if (answered || !inbox_->under_way.insert(leader).second) return;
  }
  auto give = [inbox = inbox_](Answer answer) {
    {
      std::lock_guard lock(inbox->mutex);
      inbox->under_way.erase(answer.leader);
      inbox->answers.push_back(std::move(answer));
    }
    inbox->news.Raise();
  };
  auto server = state_.cluster().Server(leader);
  if (!server.ok()) return give({leader, std::move(buckets), server.status()});
  rpc::FetchLogRequest request = RequestFor(buckets, wait_ms, max_bytes);
  (*server)->Call<rpc::FetchLogResponse>(rpc::ApiKey::kFetchLog, request,
                                         wait_ms + state_.cluster().options().request_timeout_ms,
                                         [give, leader, buckets = std::move(buckets)](auto reply) {
                                           give({leader, buckets, std::move(reply)});
                                         });
}

rpc::FetchLogRequest RemoteLogScanner::RequestFor(
    const std::map<model::BucketId, Position>& buckets, int64_t wait_ms, int64_t max_bytes) const {
  rpc::FetchLogRequest request;
  request.follower_server_id = kNoFollower;
  request.max_bytes = static_cast<int32_t>(std::clamp<int64_t>(max_bytes, 1, kFetchBytesMax));
  request.max_wait_ms = static_cast<int32_t>(wait_ms);
  request.min_bytes = 1;
  rpc::PbFetchLogReqForTable& table = request.tables_req.emplace_back();
  table.table_id = state_.table()->info.id.value();
  table.projection_pushdown_enabled = pushes_projection_;
  if (pushes_projection_) table.projected_fields = *projection_;
  for (const auto& [bucket, position] : buckets) {
    rpc::PbFetchLogReqForBucket& part = table.buckets_req.emplace_back();
    part.bucket_id = bucket.bucket;
    if (bucket.partition) part.partition_id = bucket.partition->value();
    part.fetch_offset = position.offset;
    part.max_fetch_bytes =
        static_cast<int32_t>(std::min<int64_t>(request.max_bytes, kBucketBytesMax));
  }
  return request;
}

Status RemoteLogScanner::Take(std::vector<ScanRecords>& out) {
  std::vector<Answer> answers;
  {
    std::lock_guard lock(inbox_->mutex);
    answers.swap(inbox_->answers);
  }
  Status failure;
  for (const Answer& answer : answers) {
    if (!answer.reply.ok()) {
      // A server that has just been started may not know the table yet; a refresh tells.
      bool may_pass =
          MayTryAgain(answer.reply.kind()) || answer.reply.kind() == ErrorKind::kNotFound;
      if (may_pass) {
        NoteFailure(answer.reply.status());
        for (const auto& [bucket, position] : answer.asked) {
          if (positions_.contains(bucket)) failing_.insert(bucket);
        }
      }
      if (!may_pass && failure.ok()) failure = answer.reply.status();
      continue;
    }
    for (const auto& table : answer.reply->message.tables_resp) {
      for (const auto& part : table.buckets_resp) {
        Status taken = TakeBucket(part, answer, out);
        if (failure.ok()) failure = taken;
      }
    }
  }
  return failure;
}

Status RemoteLogScanner::TakeBucket(const rpc::PbFetchLogRespForBucket& part, const Answer& answer,
                                    std::vector<ScanRecords>& out) {
  model::BucketId bucket(part.bucket_id);
  if (part.partition_id) bucket.partition = model::PartitionId(*part.partition_id);
  auto asked = answer.asked.find(bucket);
  auto position = positions_.find(bucket);
  bool wanted = asked != answer.asked.end() && position != positions_.end() &&
                position->second.subscription == asked->second.subscription;
  if (!wanted) return {};
  int32_t code = part.error_code.value_or(0);
  if (code != 0) {
    Error error = BucketError(code, part.error_message);
    // Whether the partition was dropped is seen by looking again.
    bool is_gone = code == static_cast<int32_t>(ErrorCode::kPartitionNotExists);
    if (!MayTryAgain(code) && !is_gone) return error;
    NoteFailure(error);
    failing_.insert(bucket);
    return {};
  }
  NoteSuccess(bucket);
  if (part.remote_log_fetch_info.has_value()) {
    ASSIGN_OR_RETURN(auto bytes, ReadRemoteSegment(*part.remote_log_fetch_info));
    return TakeRecords(bucket, {*bytes, bytes, false}, position->second, out);
  }
  if (!part.records.has_value()) return {};
  return TakeRecords(bucket, {part.records->bytes, answer.reply->frame, pushes_projection_},
                     position->second, out);
}

Status RemoteLogScanner::TakeRecords(const model::BucketId& bucket, Records records,
                                     Position& position, std::vector<ScanRecords>& out) {
  std::string_view& rest = records.bytes;
  while (rest.size() >= format::LogBatchHeader::kBytes) {
    ASSIGN_OR_RETURN(auto header, format::ParseLogBatchHeader(rest));
    // Servers cut the last batch off where the answer is full.
    if (header.size_bytes() > rest.size()) break;
    std::string_view bytes = rest.substr(0, header.size_bytes());
    rest.remove_prefix(header.size_bytes());
    if (header.next_offset() <= position.offset) continue;
    // Without its other columns a batch has another checksum than its header says.
    if (!records.projected) RETURN_IF_ERROR(format::VerifyLogBatch(bytes));
    ASSIGN_OR_RETURN(model::Batch batch, Decode(bytes, header, records));
    ScanRecords& part = out.emplace_back();
    part.bucket = {state_.table()->info.id, bucket.partition, bucket.bucket};
    part.timestamp_ms = header.commit_timestamp_ms;
    part.next_offset = header.next_offset();
    // A subscription may begin inside of a batch.
    int skipped = static_cast<int>(
        std::clamp<LogOffset>(position.offset - header.base_offset, 0, batch.num_rows));
    part.base_offset = header.base_offset + skipped;
    part.batch = skipped == 0 ? std::move(batch) : batch.Slice(skipped, batch.num_rows - skipped);
    position.offset = header.next_offset();
  }
  return {};
}

Result<model::Batch> RemoteLogScanner::Decode(std::string_view bytes,
                                              const format::LogBatchHeader& header,
                                              const Records& records) {
  auto table = state_.table();
  if (header.schema_id != table->info.schema_id) return DecodeOtherSchema(bytes, header, records);
  if (records.projected) {
    return format::DecodeLogBatch(bytes, wanted_types_, nullptr, records.owner, table->log_format);
  }
  return format::DecodeLogBatch(bytes, table->types, projection_ ? &*projection_ : nullptr,
                                records.owner, table->log_format);
}

/// The table has got columns since the batch was written, or since this scanner was opened: what it
/// has not is NULL. Columns are only ever added behind the others.
Result<model::Batch> RemoteLogScanner::DecodeOtherSchema(std::string_view bytes,
                                                         const format::LogBatchHeader& header,
                                                         const Records& records) {
  auto table = state_.table();
  ASSIGN_OR_RETURN(auto schema, state_.Schema(header.schema_id));
  std::vector<model::DataType> stored = schema->Types();
  std::vector<int> wanted;
  for (int i = 0; i < std::ssize(wanted_types_); ++i) {
    int column = projection_ ? (*projection_)[static_cast<size_t>(i)] : i;
    if (column < std::ssize(stored)) wanted.push_back(column);
  }
  const std::vector<int>* cut = &wanted;
  if (records.projected) {
    std::vector<model::DataType> sent;
    for (int column : wanted) sent.push_back(stored[static_cast<size_t>(column)]);
    stored = std::move(sent);
    cut = nullptr;
  }
  ASSIGN_OR_RETURN(model::Batch batch,
                   format::DecodeLogBatch(bytes, stored, cut, records.owner, table->log_format));
  for (size_t i = batch.columns.size(); i < wanted_types_.size(); ++i) {
    batch.columns.push_back(model::Column::AllNull(wanted_types_[i], batch.num_rows));
  }
  return batch;
}

}  // namespace forebay::client
