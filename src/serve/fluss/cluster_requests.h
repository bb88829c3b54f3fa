#pragma once

#include <atomic>
#include <string>

#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"
#include "serve/fluss/lake_requests.h"
#include "serve/fluss/session_keys.h"

namespace forebay::serve {

/// The part a port plays. Fluss's clients insist on one port for each.
enum class FlussRole : int { kCoordinator = 1, kTablet = 2 };

/// How clients read what is in remote storage. An object store's keys are given to every client
/// that asks, so they should be for reading and for the remote directory only, or hold for some
/// time only.
struct RemoteAccess {
  bool is_object_store = false;  ///< else a directory that clients see under the same path
  std::string endpoint;          ///< empty: Amazon's
  std::string region;
  std::string access_key;  ///< empty: clients get none
  std::string secret_key;
  /// Unless both are empty: clients get keys of a session, which the ones above ask for.
  std::string sts_endpoint;
  std::string role_arn;

  bool has_sessions() const { return !sts_endpoint.empty() || !role_arn.empty(); }
};

/// Where clients find the two ports, and files.
struct FlussAddresses {
  /// Empty: the address by which the client came.
  std::string advertised_host;
  uint16_t coordinator_port = 0;
  uint16_t tablet_port = 0;
  RemoteAccess remote;
  SessionKeys* session_keys = nullptr;  ///< null: the keys of `remote` are given as they are
};

/// Answers Fluss's requests about the cluster, which is this server. Thread-safe.
class ClusterRequests {
 public:
  /// All outlive the object.
  ClusterRequests(client::Admin& admin, client::TabletGateway& gateway,
                  const FlussAddresses& addresses, const LakeView& lake)
      : admin_(admin), gateway_(gateway), addresses_(addresses), lake_(lake) {}

  Outcome<rpc::MetadataResponse> GetMetadata(const rpc::MetadataRequest& request, const Call& call);
  Outcome<rpc::GetClusterHealthResponse> GetClusterHealth(
      const rpc::GetClusterHealthRequest& request);
  Outcome<rpc::DescribeClusterConfigsResponse> DescribeClusterConfigs(
      const rpc::DescribeClusterConfigsRequest& request);
  void GetSecurityToken(const rpc::GetFileSystemSecurityTokenRequest& request, const Call& call);

 private:
  std::optional<rpc::Failure> AddPartitions(const rpc::MetadataRequest& request,
                                            rpc::MetadataResponse& response);

  client::Admin& admin_;
  client::TabletGateway& gateway_;
  const FlussAddresses& addresses_;
  const LakeView& lake_;
};

}  // namespace forebay::serve
