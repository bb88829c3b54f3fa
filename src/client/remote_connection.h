#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/connection.h"
#include "rpc/client.h"

namespace forebay::client {

/// How to reach a Forebay or an Apache Fluss cluster, and how long to wait for it.
struct RemoteOptions {
  std::vector<rpc::ServerAddress> bootstrap;
  /// Where `USE CATALOG` begins.
  std::string default_database = "fluss";
  rpc::ClientOptions rpc;
  /// Of one question about tables and databases. Short: people wait for it.
  int64_t metadata_timeout_ms = 5'000;
  /// Of one request for rows.
  int64_t request_timeout_ms = 30'000;
  /// For so long rows are sent, looked up and fetched again when servers fail or move.
  int64_t retry_timeout_ms = 30'000;
  /// Rows of all writers together that are not acknowledged; more are refused.
  int64_t write_bytes_max = 64 << 20;

  /// From Fluss's client options: bootstrap.servers (host:port, several with commas),
  /// default-database, client.security.protocol (PLAINTEXT, SASL; with TLS SSL, SASL_SSL),
  /// client.security.sasl.* (mechanism PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; username and password,
  /// or jaas.config) and, as Kafka's, client.security.ssl.* (PEM files). kInvalidArgument,
  /// kNotSupported, naming the option.
  static Result<RemoteOptions> FromProperties(const std::map<std::string, std::string>& properties);
};

/// The door to a storage core on other machines, by Fluss's protocol. Thread-safe; nothing is
/// connected before it is needed, and errors name the server. `network` outlives the connection
/// and what it opened, which may outlive the connection.
///
/// Writes without an identity get one, so that what is sent again after a failure is stored once.
/// Stored objects (Admin::PutObject and the like) and lake offsets are not part of the protocol:
/// kNotSupported.
class RemoteConnection {
 public:
  static std::unique_ptr<Connection> Open(const RemoteOptions& options,
                                          rpc::ClientNetwork& network);
};

}  // namespace forebay::client
