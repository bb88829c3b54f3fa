#include "client/remote_cluster.h"

#include <algorithm>
#include <future>

namespace forebay::client {

using model::TablePath;
using rpc::ErrorCode;

bool MayTryAgain(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kIoError ||
         kind == ErrorKind::kTimeout;
}

bool MayTryAgain(int32_t error_code) {
  switch (static_cast<ErrorCode>(error_code)) {
    // The leader moved, or does not know yet that it leads.
    case ErrorCode::kUnknownTableOrBucket:
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kDiskWriteLocked: return true;
    default: return MayTryAgain(rpc::KindOf(error_code));
  }
}

Error BucketError(int32_t error_code, const std::optional<std::string>& message) {
  return MakeError(rpc::KindOf(error_code), "{} ({})", message.value_or("request failed"),
                   rpc::ErrorCodeName(error_code));
}

Result<std::vector<model::PartitionInfo>> PartitionsOf(
    const model::TableDescriptor& table, const rpc::ListPartitionInfosResponse& listed) {
  std::vector<model::PartitionInfo> partitions;
  for (const rpc::PbPartitionInfo& one : listed.partitions_info) {
    model::PartitionInfo& partition = partitions.emplace_back();
    partition.id = model::PartitionId(one.partition_id);
    for (const std::string& key : table.partition_keys) {
      const auto& pairs = one.partition_spec.partition_key_values;
      auto value = std::find_if(pairs.begin(), pairs.end(),
                                [&](const rpc::PbKeyValue& pair) { return pair.key == key; });
      if (value == pairs.end()) return Corruption("a partition without a value of '{}'", key);
      partition.values.push_back(value->value);
    }
  }
  std::sort(partitions.begin(), partitions.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return partitions;
}

RemoteCluster::RemoteCluster(RemoteOptions options, rpc::ClientNetwork& network)
    : options_(std::move(options)), network_(network), write_budget_(options_.write_bytes_max) {}

std::shared_ptr<rpc::Channel> RemoteCluster::Open(const rpc::ServerAddress& address) {
  std::lock_guard lock(mutex_);
  auto& channel = channels_[address];
  if (channel == nullptr) channel = network_.Open(address, options_.rpc);
  return channel;
}

RemoteCluster::Channels RemoteCluster::TabletServers() {
  std::vector<rpc::ServerAddress> addresses;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, address] : tablet_servers_) addresses.push_back(address);
  }
  Channels channels;
  for (const auto& address : addresses) channels.push_back(Open(address));
  return channels;
}

RemoteCluster::Channels RemoteCluster::BootstrapServers() {
  Channels channels;
  for (const auto& address : options_.bootstrap) channels.push_back(Open(address));
  return channels;
}

Result<std::shared_ptr<rpc::Channel>> RemoteCluster::Server(int id) {
  std::optional<rpc::ServerAddress> address;
  {
    std::lock_guard lock(mutex_);
    auto found = tablet_servers_.find(id);
    if (found != tablet_servers_.end()) address = found->second;
  }
  if (address.has_value()) return Open(*address);
  return Unavailable("no server leads the bucket now, or it is not known where server {} is", id);
}

Result<std::shared_ptr<rpc::Channel>> RemoteCluster::Coordinator() {
  for (bool again : {false, true}) {
    std::optional<rpc::ServerAddress> address;
    {
      std::lock_guard lock(mutex_);
      address = coordinator_;
    }
    if (address.has_value()) return Open(*address);
    if (again) break;
    auto found = std::make_shared<std::promise<Status>>();
    FindServers([found](Status status) { found->set_value(std::move(status)); });
    RETURN_IF_ERROR(found->get_future().get());
  }
  return Unavailable("the cluster at {} has no coordinator now",
                     options_.bootstrap.front().ToString());
}

void RemoteCluster::TakeServers(const rpc::MetadataResponse& metadata) {
  auto address = [](const rpc::PbServerNode& node) {
    return rpc::ServerAddress{node.host, static_cast<uint16_t>(node.port)};
  };
  std::lock_guard lock(mutex_);
  if (metadata.coordinator_server.has_value()) {
    coordinator_ = address(*metadata.coordinator_server);
  }
  if (metadata.tablet_servers.empty()) return;
  tablet_servers_.clear();
  for (const auto& node : metadata.tablet_servers) tablet_servers_[node.node_id] = address(node);
}

void RemoteCluster::FindServers(std::function<void(Status)> done) {
  AskEach<rpc::MetadataResponse>(BootstrapServers(), 0, rpc::ApiKey::kGetMetadata,
                                 rpc::MetadataRequest(),
                                 [self = shared_from_this(), done = std::move(done)](auto reply) {
                                   if (reply.ok()) self->TakeServers(reply->message);
                                   done(internal::ToStatus(reply));
                                 });
}

void RemoteCluster::FetchTable(const TablePath& path, TableCallback done) {
  auto afresh = [self = shared_from_this(), path, done] {
    self->FindServers([self, path, done](const Status& found) {
      if (!found.ok()) return done(found);
      self->AskForTable(self->TabletServers(), path, done);
    });
  };
  Channels known = TabletServers();
  if (known.empty()) return afresh();
  AskForTable(known, path, [afresh, done](Result<std::shared_ptr<const RemoteTable>> table) {
    // They may all have gone elsewhere.
    if (!table.ok() && MayTryAgain(table.kind())) return afresh();
    done(std::move(table));
  });
}

void RemoteCluster::AskForTable(const Channels& channels, const TablePath& path,
                                TableCallback done) {
  rpc::MetadataRequest request;
  request.table_path.push_back({path.database, path.table});
  AskEach<rpc::MetadataResponse>(
      channels, 0, rpc::ApiKey::kGetMetadata, request,
      [self = shared_from_this(), channels, path, done = std::move(done)](auto reply) {
        if (reply.ok()) self->TakeServers(reply->message);
        auto table = self->TakeTable(path, reply);
        if (!table.ok()) return done(table.status());
        if (!(*table)->IsPartitioned()) return done(std::shared_ptr<const RemoteTable>(*table));
        self->AskForPartitions(channels, std::move(*table), done);
      });
}

void RemoteCluster::AskForPartitions(const Channels& channels, std::shared_ptr<RemoteTable> table,
                                     TableCallback done) {
  rpc::ListPartitionInfosRequest request;
  request.table_path = {table->info.path.database, table->info.path.table};
  AskEach<rpc::ListPartitionInfosResponse>(
      channels, 0, rpc::ApiKey::kListPartitionInfos, request,
      [self = shared_from_this(), channels, table, done = std::move(done)](auto reply) {
        if (!reply.ok()) return done(reply.status());
        auto partitions = PartitionsOf(table->info.descriptor, reply->message);
        if (!partitions.ok()) return done(partitions.status());
        if (partitions->empty()) return done(std::shared_ptr<const RemoteTable>(table));
        self->AskForPartitionLeaders(channels, table, std::move(*partitions), done);
      });
}

void RemoteCluster::AskForPartitionLeaders(const Channels& channels,
                                           std::shared_ptr<RemoteTable> table,
                                           std::vector<model::PartitionInfo> partitions,
                                           TableCallback done) {
  rpc::MetadataRequest request;
  for (const auto& partition : partitions) request.partitions_id.push_back(partition.id.value());
  AskEach<rpc::MetadataResponse>(
      channels, 0, rpc::ApiKey::kGetMetadata, request,
      [table, partitions = std::move(partitions), done = std::move(done)](auto reply) {
        // One was dropped just now.
        if (!reply.ok() && reply.kind() == ErrorKind::kNotFound) {
          return done(Unavailable("{}", reply.message()));
        }
        if (!reply.ok()) return done(reply.status());
        for (const auto& found : reply->message.partition_metadata) {
          auto known = std::find_if(partitions.begin(), partitions.end(), [&](const auto& one) {
            return one.id.value() == found.partition_id;
          });
          if (known == partitions.end()) continue;
          Status added = table->AddPartition(*known, found.bucket_metadata);
          if (!added.ok()) return done(added);
        }
        done(std::shared_ptr<const RemoteTable>(table));
      });
}

Result<std::shared_ptr<RemoteTable>> RemoteCluster::TakeTable(
    const TablePath& path, const Result<rpc::Reply<rpc::MetadataResponse>>& reply) {
  if (!reply.ok()) return reply.status();
  for (const rpc::PbTableMetadata& table : reply->message.table_metadata) {
    bool wanted = table.table_path.database_name == path.database &&
                  table.table_path.table_name == path.table;
    if (wanted) return RemoteTable::Make(table);
  }
  return NotFound("table {} does not exist", path.ToString());
}

void RemoteCluster::AllocateWriterId(const std::optional<TablePath>& path,
                                     std::function<void(Result<int64_t>)> done) {
  auto ask = [self = shared_from_this(), path, done] {
    rpc::InitWriterRequest request;
    if (path) request.table_path.push_back({path->database, path->table});
    self->AskEach<rpc::InitWriterResponse>(self->TabletServers(), 0, rpc::ApiKey::kInitWriter,
                                           request, [done](auto reply) {
                                             if (!reply.ok()) return done(reply.status());
                                             done(reply->message.writer_id);
                                           });
  };
  if (!TabletServers().empty()) return ask();
  FindServers([ask, done](const Status& found) { found.ok() ? ask() : done(found.error()); });
}

Result<std::shared_ptr<const RemoteTable>> RemoteCluster::FetchTable(const TablePath& path) {
  ASSIGN_OR_RETURN(auto seat, EnterWaitingRoom());
  auto fetched = std::make_shared<std::promise<Result<std::shared_ptr<const RemoteTable>>>>();
  FetchTable(path, [fetched](auto table) { fetched->set_value(std::move(table)); });
  return fetched->get_future().get();
}

}  // namespace forebay::client
