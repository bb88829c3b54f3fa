#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/connection.h"
#include "client/remote_table_state.h"

namespace forebay::client {

/// Encoded rows for one bucket, to be stored as one batch.
struct EncodedWrite {
  std::string bytes;
  int rows = 0;
  WriterIdentity identity;
  WriteCallback done;
};

/// Sends one writer's batches to the servers that lead their buckets. The batches of a bucket are
/// stored in their order; a few are under way at once. What fails for a while is sent again, under
/// the writer id and sequence it had, until its time is over, so that it is stored once. Writes
/// without an identity get one of the bucket's own. Thread-safe; lives until its last callback ran.
class RemoteSender : public std::enable_shared_from_this<RemoteSender> {
 public:
  /// `target_columns`: see Connection::OpenWriter.
  RemoteSender(std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
               std::vector<int> target_columns)
      : cluster_(cluster),
        state_(std::move(cluster), std::move(table)),
        target_columns_(target_columns.begin(), target_columns.end()) {}

  /// Refuses with kUnavailable when too much waits.
  void Send(const model::BucketId& bucket, EncodedWrite write);

 private:
  struct Write {
    EncodedWrite data;
    bool own_identity = false;
    int64_t deadline_ms = 0;
    bool in_flight = false;
    /// It was sent and may be stored, although no answer came.
    bool may_be_stored = false;
    Status failure;
  };
  using WritePtr = std::shared_ptr<Write>;
  /// The writes of one bucket that have no answer, in order. Those in flight are the first.
  struct Lane {
    std::deque<WritePtr> writes;
    int in_flight = 0;
    /// A write failed: all answers are awaited, then it goes on from the first.
    bool recovering = false;
    int64_t retry_at_ms = 0;
    int64_t pause_ms = 0;
    int64_t writer_id = -1;
    bool asks_for_id = false;
    int32_t next_sequence = 0;
    /// A write of writer_id was given up: the ones behind it need another id.
    bool gap = false;
  };
  /// A write of each of some buckets, all led by one server.
  struct Shipment {
    std::shared_ptr<rpc::Channel> server;
    int place = 0;  ///< in their lanes
    int64_t bytes = 0;
    std::vector<std::pair<model::BucketId, WritePtr>> writes;
  };
  /// Callbacks to run when the mutex is free.
  using Finished = std::vector<std::pair<WritePtr, Result<WriteAck>>>;
  /// What Advance does when it has let the mutex go.
  struct Todo {
    std::vector<Shipment> shipments;
    std::vector<model::BucketId> ids;  ///< buckets that need a writer id
    Finished finished;
  };
  /// A bucket's part of an answer.
  struct Outcome {
    int32_t code = 0;
    Status error;
    bool may_be_stored = false;
    model::LogOffset base_offset = -1;
    model::LogOffset next_offset = -1;
  };

  // With mutex_ held.
  void Prepare(const model::BucketId& bucket, Lane& lane, Todo& todo);
  bool IsReady(const model::BucketId& bucket, Lane& lane, Todo& todo);
  void Load(const model::BucketId& bucket, const WritePtr& write, int place,
            std::shared_ptr<rpc::Channel> server, std::vector<Shipment>& shipments);
  void CloseGap(Lane& lane, Finished& finished);
  void Recover(Lane& lane);
  void GiveUp(Lane& lane, const WritePtr& write, const Status& error, Finished& finished);
  void Take(const model::BucketId& bucket, const WritePtr& write, const Outcome& outcome,
            Finished& finished);
  bool IsRepeatable(const Lane& lane, const WritePtr& write, const Outcome& outcome) const;
  void SetTimer(int64_t delay_ms);

  /// Sends what can be sent.
  void Advance();
  void AskForId(const model::BucketId& bucket);
  void OnTimer();
  /// Fails the writes that are not under way, of all lanes or of those whose partition is gone.
  void FailAll(const Status& error);
  void FailDropped();
  void FailLane(Lane& lane, const Status& error, Finished& finished);
  void Ship(Shipment shipment);
  template <typename Request, typename Response>
  void ShipAs(rpc::ApiKey api, Request request, Shipment shipment);
  void Deliver(const Shipment& shipment, const std::map<model::BucketId, Outcome>& outcomes);
  void Finish(Finished finished);

  const std::shared_ptr<RemoteCluster> cluster_;
  RemoteTableState state_;
  const std::vector<int32_t> target_columns_;
  std::mutex mutex_;
  std::map<model::BucketId, Lane> lanes_;  ///< guarded by mutex_
  bool timer_set_ = false;                 ///< guarded by mutex_
};

}  // namespace forebay::client
