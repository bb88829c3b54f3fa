#pragma once

#include <memory>
#include <string>

#include "client/catalog_connection.h"
#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "compute/arrangement/arrangements.h"
#include "compute/job/job_manager.h"
#include "compute/operator/operator_factory.h"
#include "compute/runtime/environment.h"
#include "compute/source/lake_part.h"
#include "io/file_system.h"
#include "lake/catalog/rest_catalog.h"
#include "lake/tiering/tiering_service.h"
#include "rpc/client.h"
#include "serve/materialized/materialized_tables.h"
#include "serve/session/engine.h"
#include "storage/storage_server.h"

namespace forebay::app {

struct NodeOptions {
  std::string data_dir = "forebay-data";
  bool run_jobs =
      true;  ///< resume stored jobs and tier tables; off for short commands on a directory
  int64_t row_cache_bytes = 64 << 20;
  /// Of logs whose table does not say otherwise.
  int64_t segment_bytes = storage::LogOptions().segment_bytes;
  storage::RemoteOptions remote;
  /// Of one table.
  int partitions_max = 1000;
  lake::TieringService::Tierer tierer = lake::TieringService::Tierer::kServer;
};

/// Everything behind the doors of one data directory: storage, the in-process connection, jobs and
/// tiering. A server is a node with listeners; an embedded command is a node without. Thread-safe
/// after Open; must outlive its sessions.
class Node {
 public:
  /// kUnavailable when another process uses the directory, kPermissionDenied, kNotSupported
  /// (written by a newer version).
  static Result<std::unique_ptr<Node>> Open(const NodeOptions& options);
  ~Node();

  /// Suspends jobs, ends tiering, closes storage. Called by the destructor, which cannot report.
  Status Close();

  serve::Engine& engine() { return engine_; }
  /// To this directory's own storage.
  client::Connection& connection() { return *connection_; }
  client::TabletGateway& gateway() { return *gateway_; }
  compute::JobManager& jobs() { return *jobs_; }
  lake::TieringService& tiering() { return *tiering_; }
  lake::RestCatalog& catalog() { return *catalog_; }
  storage::StorageServer& storage() { return *storage_; }
  io::FileSystem& file_system() { return *fs_; }
  const std::string& data_dir() const { return data_dir_; }

 private:
  Node() = default;
  Status Start(const NodeOptions& options);

  std::string data_dir_;  ///< absolute
  std::unique_ptr<io::FileSystem> fs_;
  std::unique_ptr<storage::StorageServer> storage_;
  std::unique_ptr<client::Connection> connection_;
  std::unique_ptr<rpc::ClientNetwork> network_;
  std::unique_ptr<client::CatalogConnection> catalogs_;
  std::unique_ptr<client::TabletGateway> gateway_;
  std::unique_ptr<lake::TieringService> tiering_;
  std::unique_ptr<compute::LakePartFactory> lake_parts_;
  std::unique_ptr<lake::RestCatalog> catalog_;
  compute::OperatorEnvironment operators_;
  compute::ComputeEnvironment environment_;
  std::unique_ptr<compute::Arrangements> arrangements_;
  std::unique_ptr<compute::JobManager> jobs_;
  serve::Engine engine_;
  std::unique_ptr<serve::MaterializedTables> materialized_tables_;
};

}  // namespace forebay::app
