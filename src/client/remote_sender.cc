#include "client/remote_sender.h"

#include <algorithm>

#include "base/clock.h"
#include "format/batch/kv_batch.h"
#include "format/batch/log_batch.h"

namespace forebay::client {

using rpc::ErrorCode;

namespace {

/// Servers remember as many batches of a writer, so that they recognise those that come again.
constexpr int kInFlightMax = 5;
constexpr int64_t kPauseMsMin = 20;
constexpr int64_t kPauseMsMax = 1000;
/// Acknowledged by all replicas that are in sync.
constexpr int32_t kAcksAll = -1;
/// One request takes no more rows of several buckets.
constexpr int64_t kShipmentBytes = 8 << 20;

void SetWriter(bool rows, std::string& bytes, const WriterIdentity& identity) {
  if (rows) {
    format::SetKvBatchWriter(bytes, identity.writer_id, identity.sequence);
  } else {
    format::SetLogBatchWriter(bytes, identity.writer_id, identity.sequence);
  }
}

}  // namespace

void RemoteSender::Send(const model::BucketId& bucket, EncodedWrite data) {
  int64_t bytes = std::ssize(data.bytes);
  if (!cluster_->write_budget().TryTake(bytes)) {
    return data.done(Unavailable("rows of {} bytes wait for acknowledgements of another server",
                                 cluster_->options().write_bytes_max));
  }
  auto write = std::make_shared<Write>();
  write->own_identity = data.identity.writer_id < 0;
  if (!write->own_identity) SetWriter(state_.table()->HasPrimaryKey(), data.bytes, data.identity);
  write->data = std::move(data);
  write->deadline_ms = MonotonicMs() + cluster_->options().retry_timeout_ms;
  {
    std::lock_guard lock(mutex_);
    lanes_[bucket].writes.push_back(std::move(write));
  }
  Advance();
}

void RemoteSender::Advance() {
  Todo todo;
  {
    std::lock_guard lock(mutex_);
    for (auto& [bucket, lane] : lanes_) Prepare(bucket, lane, todo);
  }
  for (Shipment& shipment : todo.shipments) Ship(std::move(shipment));
  for (const auto& bucket : todo.ids) AskForId(bucket);
  Finish(std::move(todo.finished));
}

void RemoteSender::Finish(Finished finished) {
  for (auto& [write, result] : finished) {
    cluster_->write_budget().Give(std::ssize(write->data.bytes));
    write->data.done(std::move(result));
  }
}

/// Whether the lane's next writes can be sent now.
bool RemoteSender::IsReady(const model::BucketId& bucket, Lane& lane, Todo& todo) {
  if (lane.recovering) {
    if (lane.in_flight > 0) return false;
    if (lane.gap) CloseGap(lane, todo.finished);
    int64_t now = MonotonicMs();
    while (!lane.writes.empty() && lane.writes.front()->deadline_ms <= now) {
      WritePtr late = lane.writes.front();
      GiveUp(lane, late,
             late->failure.WithContext(fmt::format("rows were not stored within {} ms",
                                                   cluster_->options().retry_timeout_ms)),
             todo.finished);
      CloseGap(lane, todo.finished);
    }
    if (now < lane.retry_at_ms) return false;
    lane.recovering = false;
  }
  if (lane.writes.empty()) return false;
  bool needs_id = std::any_of(lane.writes.begin(), lane.writes.end(),
                              [](const WritePtr& write) { return write->own_identity; });
  if (!needs_id || lane.writer_id >= 0) return true;
  if (!std::exchange(lane.asks_for_id, true)) todo.ids.push_back(bucket);
  return false;
}

void RemoteSender::Prepare(const model::BucketId& bucket, Lane& lane, Todo& todo) {
  if (!IsReady(bucket, lane, todo)) return;
  auto table = state_.table();
  for (int place = lane.in_flight; place < std::min<int>(kInFlightMax, std::ssize(lane.writes));
       ++place) {
    WritePtr write = lane.writes[place];
    auto server = cluster_->Server(table->LeaderOf(bucket));
    if (!server.ok()) {
      write->failure = server.status();
      return Recover(lane);
    }
    if (write->own_identity && write->data.identity.sequence < 0) {
      write->data.identity = {lane.writer_id, lane.next_sequence};
      lane.next_sequence = (lane.next_sequence + 1) & INT32_MAX;
      SetWriter(table->HasPrimaryKey(), write->data.bytes, write->data.identity);
    }
    write->in_flight = true;
    lane.in_flight += 1;
    Load(bucket, write, place, std::move(*server), todo.shipments);
  }
}

void RemoteSender::Load(const model::BucketId& bucket, const WritePtr& write, int place,
                        std::shared_ptr<rpc::Channel> server, std::vector<Shipment>& shipments) {
  int64_t bytes = std::ssize(write->data.bytes);
  auto fits = [&](const Shipment& one) {
    return one.server == server && one.place == place && one.bytes + bytes <= kShipmentBytes;
  };
  auto found = std::find_if(shipments.begin(), shipments.end(), fits);
  if (found == shipments.end()) {
    found = shipments.insert(shipments.end(), Shipment{std::move(server), place, 0, {}});
  }
  found->bytes += bytes;
  found->writes.emplace_back(bucket, write);
}

void RemoteSender::AskForId(const model::BucketId& bucket) {
  cluster_->AllocateWriterId(state_.table()->info.path,
                             [self = shared_from_this(), bucket](Result<int64_t> id) {
                               {
                                 std::lock_guard lock(self->mutex_);
                                 Lane& lane = self->lanes_[bucket];
                                 lane.asks_for_id = false;
                                 if (id.ok()) {
                                   lane.writer_id = *id;
                                   lane.next_sequence = 0;
                                 } else if (!lane.writes.empty()) {
                                   lane.writes.front()->failure = id.status();
                                   if (!MayTryAgain(id.kind()))
                                     lane.writes.front()->deadline_ms = 0;
                                   self->Recover(lane);
                                 }
                               }
                               self->Advance();
                             });
}

void RemoteSender::Recover(Lane& lane) {
  lane.recovering = true;
  lane.pause_ms = std::clamp(2 * lane.pause_ms, kPauseMsMin, kPauseMsMax);
  lane.retry_at_ms = MonotonicMs() + lane.pause_ms;
  SetTimer(lane.pause_ms);
}

void RemoteSender::SetTimer(int64_t delay_ms) {
  if (std::exchange(timer_set_, true)) return;
  // A little later than what it is set for.
  bool will_run =
      cluster_->network().PostAfter(delay_ms + 1, [self = shared_from_this()] { self->OnTimer(); });
  if (will_run) return;
  timer_set_ = false;
  for (auto& [bucket, lane] : lanes_) {
    for (const WritePtr& write : lane.writes) write->deadline_ms = 0;
    lane.retry_at_ms = 0;
  }
}

void RemoteSender::OnTimer() {
  // Buckets may have moved.
  state_.Refresh([self = shared_from_this()](const Status& refreshed) {
    {
      std::lock_guard lock(self->mutex_);
      self->timer_set_ = false;
    }
    if (refreshed.ok()) self->FailDropped();
    if (!refreshed.ok() && !MayTryAgain(refreshed.kind())) self->FailAll(refreshed);
    self->Advance();
    // Lanes whose time has not come yet.
    std::lock_guard lock(self->mutex_);
    int64_t now = MonotonicMs();
    int64_t next_ms = INT64_MAX;
    for (auto& [bucket, lane] : self->lanes_) {
      // Answers that are awaited advance their lane themselves.
      bool waits = lane.recovering && !lane.writes.empty() &&
                   (lane.in_flight == 0 || lane.retry_at_ms > now);
      if (waits) next_ms = std::min(next_ms, lane.retry_at_ms);
    }
    if (next_ms != INT64_MAX) self->SetTimer(std::max<int64_t>(next_ms - now, 0));
  });
}

void RemoteSender::FailLane(Lane& lane, const Status& error, Finished& finished) {
  auto writes = lane.writes;
  for (const WritePtr& write : writes) {
    if (!write->in_flight) GiveUp(lane, write, error, finished);
  }
}

void RemoteSender::FailAll(const Status& error) {
  Finished finished;
  {
    std::lock_guard lock(mutex_);
    for (auto& [bucket, lane] : lanes_) FailLane(lane, error, finished);
  }
  Finish(std::move(finished));
}

void RemoteSender::FailDropped() {
  Finished finished;
  {
    std::lock_guard lock(mutex_);
    auto table = state_.table();
    for (auto& [bucket, lane] : lanes_) {
      if (!table->HasPartitionOf(bucket)) FailLane(lane, table->CheckBucket(bucket), finished);
    }
  }
  Finish(std::move(finished));
}

/// After a write that was given up the server expects its sequence for ever. What came behind it
/// gets a new id, unless it may be stored already.
void RemoteSender::CloseGap(Lane& lane, Finished& finished) {
  if (!std::exchange(lane.gap, false)) return;
  lane.writer_id = -1;
  auto writes = lane.writes;
  for (const WritePtr& write : writes) {
    if (!write->own_identity) continue;
    if (write->may_be_stored) {
      GiveUp(lane, write, write->failure, finished);
    } else {
      write->data.identity = {};
    }
  }
  lane.gap = false;
}

void RemoteSender::GiveUp(Lane& lane, const WritePtr& write, const Status& error,
                          Finished& finished) {
  lane.writes.erase(std::find(lane.writes.begin(), lane.writes.end(), write));
  if (write->own_identity && write->data.identity.sequence >= 0) {
    lane.gap = true;
    lane.recovering = true;
  }
  Status status = error;
  if (status.ok()) status = Unavailable("rows were not sent in time");
  // Writers try again what is unavailable.
  if (MayTryAgain(status.kind())) status = Unavailable("{}", status.message());
  finished.emplace_back(write, status);
}

void RemoteSender::Ship(Shipment shipment) {
  auto table = state_.table();
  auto timeout_ms = static_cast<int32_t>(cluster_->options().request_timeout_ms);
  auto fill = [&](auto& request) {
    request.acks = kAcksAll;
    request.table_id = table->info.id.value();
    request.timeout_ms = timeout_ms;
    for (const auto& [bucket, write] : shipment.writes) {
      auto& part = request.buckets_req.emplace_back();
      part.bucket_id = bucket.bucket;
      if (bucket.partition) part.partition_id = bucket.partition->value();
      part.records = rpc::Payload::Of(write->data.bytes, write);
    }
  };
  if (table->HasPrimaryKey()) {
    rpc::PutKvRequest request;
    fill(request);
    request.target_columns = target_columns_;
    return ShipAs<rpc::PutKvRequest, rpc::PutKvResponse>(rpc::ApiKey::kPutKv, std::move(request),
                                                         std::move(shipment));
  }
  rpc::ProduceLogRequest request;
  fill(request);
  ShipAs<rpc::ProduceLogRequest, rpc::ProduceLogResponse>(rpc::ApiKey::kProduceLog,
                                                          std::move(request), std::move(shipment));
}

template <typename Request, typename Response>
void RemoteSender::ShipAs(rpc::ApiKey api, Request request, Shipment shipment) {
  auto server = shipment.server;
  server->Call<Response>(
      api, request, cluster_->options().request_timeout_ms,
      [self = shared_from_this(),
       shipment = std::move(shipment)](Result<rpc::Reply<Response>> reply) {
        std::map<model::BucketId, Outcome> outcomes;
        for (const auto& [bucket, write] : shipment.writes) {
          Outcome& outcome = outcomes[bucket];
          outcome.code = static_cast<int32_t>(ErrorCode::kUnknownServerError);
          outcome.error = reply.ok()
                              ? Status(Corruption("bucket {} was not answered", bucket.ToString()))
                              : reply.status();
          outcome.may_be_stored = outcome.error.kind() != ErrorKind::kUnavailable;
        }
        if (!reply.ok()) return self->Deliver(shipment, outcomes);
        for (const auto& part : reply->message.buckets_resp) {
          model::BucketId bucket(part.bucket_id);
          if (part.partition_id) bucket.partition = model::PartitionId(*part.partition_id);
          auto found = outcomes.find(bucket);
          if (found == outcomes.end()) continue;
          Outcome& outcome = found->second;
          outcome.code = part.error_code.value_or(0);
          outcome.error = outcome.code == 0 ? Status::Ok()
                                            : Status(BucketError(outcome.code, part.error_message));
          if constexpr (std::is_same_v<Response, rpc::PutKvResponse>) {
            outcome.next_offset = part.log_end_offset.value_or(-1);
          } else {
            outcome.base_offset = part.base_offset.value_or(-1);
          }
        }
        self->Deliver(shipment, outcomes);
      });
}

void RemoteSender::Deliver(const Shipment& shipment,
                           const std::map<model::BucketId, Outcome>& outcomes) {
  Finished finished;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [bucket, write] : shipment.writes) {
      Take(bucket, write, outcomes.at(bucket), finished);
    }
  }
  Finish(std::move(finished));
  Advance();
}

/// Whether a write that was not acknowledged may be sent again.
bool RemoteSender::IsRepeatable(const Lane& lane, const WritePtr& write,
                                const Outcome& outcome) const {
  if (outcome.code == static_cast<int32_t>(ErrorCode::kOutOfOrderSequence)) {
    // A batch before it failed and comes again.
    return write != lane.writes.front();
  }
  bool bucket_failed = outcome.code != static_cast<int32_t>(ErrorCode::kUnknownServerError);
  return bucket_failed ? MayTryAgain(outcome.code) : MayTryAgain(outcome.error.kind());
}

void RemoteSender::Take(const model::BucketId& bucket, const WritePtr& write,
                        const Outcome& outcome, Finished& finished) {
  Lane& lane = lanes_[bucket];
  write->in_flight = false;
  lane.in_flight -= 1;
  bool duplicate = outcome.code == static_cast<int32_t>(ErrorCode::kDuplicateSequence);
  if (outcome.error.ok() || duplicate) {
    lane.writes.erase(std::find(lane.writes.begin(), lane.writes.end(), write));
    lane.pause_ms = 0;
    WriteAck ack;
    ack.bucket = {state_.table()->info.id, bucket.partition, bucket.bucket};
    ack.base_offset = outcome.base_offset;
    ack.next_offset =
        outcome.base_offset >= 0 ? outcome.base_offset + write->data.rows : outcome.next_offset;
    ack.duplicate = duplicate;
    finished.emplace_back(write, ack);
    return;
  }
  write->failure = outcome.error;
  if (!IsRepeatable(lane, write, outcome)) return GiveUp(lane, write, outcome.error, finished);
  write->may_be_stored |= outcome.may_be_stored;
  Recover(lane);
}

}  // namespace forebay::client
