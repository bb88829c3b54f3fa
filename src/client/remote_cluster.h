#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "client/remote_connection.h"
#include "client/remote_table.h"
#include "client/waiting_room.h"
#include "rpc/client.h"
#include "rpc/messages.h"

namespace forebay::client {

/// Bytes that may be taken up to a limit. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}
  /// One that is too large is let through alone.
  bool TryTake(int64_t bytes) {
    int64_t before = taken_.fetch_add(bytes);
    if (before == 0 || before + bytes <= bytes_max_) return true;
    taken_ -= bytes;
    return false;
  }
  void Give(int64_t bytes) { taken_ -= bytes; }

 private:
  const int64_t bytes_max_;
  std::atomic<int64_t> taken_ = 0;
};

/// Whether the same may be asked again, of the same server later or of another one at once: the
/// server could not be reached, fell silent, or has not got what it takes now.
bool MayTryAgain(ErrorKind kind);
/// The same for the code in a bucket's part of an answer.
bool MayTryAgain(int32_t error_code);
/// A bucket's failure as an error.
Error BucketError(int32_t error_code, const std::optional<std::string>& message);

/// The partitions that a server listed, oldest first. kCorruption.
Result<std::vector<model::PartitionInfo>> PartitionsOf(
    const model::TableDescriptor& table, const rpc::ListPartitionInfosResponse& listed);

/// The servers of one cluster: which there are, connections to them, which tables they have.
/// Thread-safe.
class RemoteCluster : public std::enable_shared_from_this<RemoteCluster> {
 public:
  template <typename M>
  using Callback = rpc::Channel::Callback<M>;
  using TableCallback = std::function<void(Result<std::shared_ptr<const RemoteTable>>)>;

  /// `network` outlives the cluster.
  RemoteCluster(RemoteOptions options, rpc::ClientNetwork& network);

  const RemoteOptions& options() const { return options_; }
  rpc::ClientNetwork& network() { return network_; }
  ByteBudget& write_budget() { return write_budget_; }
  /// For threads that wait until rows are stored.
  Result<WaitingRoom::Seat> EnterWriteWaitingRoom() {
    return write_waiting_room_.Enter(options_.bootstrap.front().ToString());
  }
  /// Rises with every call: writers of tables without bucket keys take turns by it.
  uint32_t NextTurn() { return next_turn_++; }

  /// A description of the table that is new. kNotFound.
  void FetchTable(const model::TablePath& path, TableCallback done);
  Result<std::shared_ptr<const RemoteTable>> FetchTable(const model::TablePath& path);
  /// The server with this id. kUnavailable when it is not known.
  Result<std::shared_ptr<rpc::Channel>> Server(int id);

  /// Asks the coordinator, or any server at all, and waits. What changes something must not be
  /// asked twice, so it is not repeated once it was sent.
  template <typename Response, typename Request>
  Result<rpc::Reply<Response>> AskCoordinator(rpc::ApiKey api, const Request& request);

  /// A fresh id for an idempotent writer; `path` says of which table, if that is known.
  void AllocateWriterId(const std::optional<model::TablePath>& path,
                        std::function<void(Result<int64_t>)> done);

 private:
  static constexpr int64_t kSlowAnswerMs = 200;
  static constexpr int64_t kSlowWriteMs = 2'000;

  using Channels = std::vector<std::shared_ptr<rpc::Channel>>;

  Result<WaitingRoom::Seat> EnterWaitingRoom() {
    return waiting_room_.Enter(options_.bootstrap.front().ToString());
  }
  std::shared_ptr<rpc::Channel> Open(const rpc::ServerAddress& address);
  Channels TabletServers();
  Channels BootstrapServers();
  Result<std::shared_ptr<rpc::Channel>> Coordinator();
  void FindServers(std::function<void(Status)> done);
  void AskForTable(const Channels& channels, const model::TablePath& path, TableCallback done);
  /// Completes the description of a partitioned table.
  void AskForPartitions(const Channels& channels, std::shared_ptr<RemoteTable> table,
                        TableCallback done);
  void AskForPartitionLeaders(const Channels& channels, std::shared_ptr<RemoteTable> table,
                              std::vector<model::PartitionInfo> partitions, TableCallback done);
  Result<std::shared_ptr<RemoteTable>> TakeTable(
      const model::TablePath& path, const Result<rpc::Reply<rpc::MetadataResponse>>& reply);
  void TakeServers(const rpc::MetadataResponse& metadata);
  /// The first answer that is none of a server that cannot give one.
  template <typename Response, typename Request>
  void AskEach(const Channels& channels, size_t first, rpc::ApiKey api, const Request& request,
               Callback<Response> done);

  const RemoteOptions options_;
  rpc::ClientNetwork& network_;
  ByteBudget write_budget_;
  WaitingRoom waiting_room_{kSlowAnswerMs};
  WaitingRoom write_waiting_room_{kSlowWriteMs};
  std::atomic<uint32_t> next_turn_ = 0;
  std::mutex mutex_;
  std::map<rpc::ServerAddress, std::shared_ptr<rpc::Channel>> channels_;  ///< guarded by mutex_
  std::map<int, rpc::ServerAddress> tablet_servers_;                      ///< guarded by mutex_
  std::optional<rpc::ServerAddress> coordinator_;                         ///< guarded by mutex_
};

template <typename Response, typename Request>
Result<rpc::Reply<Response>> RemoteCluster::AskCoordinator(rpc::ApiKey api,
                                                           const Request& request) {
  Result<rpc::Reply<Response>> reply = Unavailable("not asked");
  // The coordinator may have moved: its address is looked up again, once.
  ASSIGN_OR_RETURN(auto seat, EnterWaitingRoom());
  for (bool again : {false, true}) {
    ASSIGN_OR_RETURN(auto coordinator, Coordinator());
    reply = coordinator->CallAndWait<Response>(api, request, options_.metadata_timeout_ms);
    if (reply.ok() || reply.kind() != ErrorKind::kUnavailable || again) break;
    std::lock_guard lock(mutex_);
    coordinator_.reset();
  }
  return reply;
}

template <typename Response, typename Request>
void RemoteCluster::AskEach(const Channels& channels, size_t first, rpc::ApiKey api,
                            const Request& request, Callback<Response> done) {
  if (first >= channels.size()) return done(Unavailable("no server of the cluster is known"));
  channels[first]->Call<Response>(
      api, request, options_.metadata_timeout_ms,
      [self = shared_from_this(), channels, first, api, request,
       done = std::move(done)](Result<rpc::Reply<Response>> reply) {
        bool elsewhere = !reply.ok() && MayTryAgain(reply.kind()) && first + 1 < channels.size();
        if (elsewhere)
          return self->template AskEach<Response>(channels, first + 1, api, request, done);
        done(std::move(reply));
      });
}

}  // namespace forebay::client
