#include "app/node.h"

#include "serve/session/batch_insert.h"

#include <filesystem>

#include "base/clock.h"
#include "base/log.h"
#include "client/local_connection.h"
#include "compute/sink/file_insert.h"
#include "compute/union_read/lake_parts.h"
#include "serve/session/session.h"

namespace forebay::app {

Result<std::unique_ptr<Node>> Node::Open(const NodeOptions& options) {
  std::unique_ptr<Node> node(new Node());
  RETURN_IF_ERROR(node->Start(options));
  return node;
}

Status Node::Start(const NodeOptions& options) {
  std::error_code error;
  data_dir_ = std::filesystem::absolute(options.data_dir, error).lexically_normal().string();
  if (error) return InvalidArgument("bad data directory {}: {}", options.data_dir, error.message());
  fs_ = io::MakePosixFileSystem();
  storage::StorageOptions storage_options;
  storage_options.data_dir = data_dir_;
  storage_options.row_cache_bytes = options.row_cache_bytes;
  storage_options.log.segment_bytes = options.segment_bytes;
  storage_options.remote = options.remote;
  storage_options.partitions_max = options.partitions_max;
  ASSIGN_OR_RETURN(storage_, storage::StorageServer::Open(storage_options, *fs_));
  connection_ = client::LocalConnection::Open(*storage_);
  network_ = rpc::ClientNetwork::Start();
  catalogs_ = std::make_unique<client::CatalogConnection>(*connection_, *network_);
  gateway_ = client::TabletGateway::Open(*storage_);
  RETURN_IF_ERROR(connection_->admin().CreateDatabase(serve::Session::kDefaultDatabase, true));
  RETURN_IF_ERROR(compute::FinishFileInserts(connection_->admin(), *fs_));
  RETURN_IF_ERROR(serve::RemoveUnfinishedTables(*connection_));
  const Clock& clock = Clock::System();
  tiering_ = std::make_unique<lake::TieringService>(*connection_, *fs_, clock, data_dir_ + "/lake",
                                                    options.tierer);
  catalog_ = std::make_unique<lake::RestCatalog>(*connection_, *fs_, clock, *tiering_);
  lake_parts_ = compute::MakeLakeParts(*tiering_, *fs_, clock);
  operators_.connection = catalogs_.get();
  environment_.connection = catalogs_.get();
  environment_.file_system = fs_.get();
  environment_.lake_parts = lake_parts_.get();
  environment_.spill_directory = data_dir_ + "/spill";
  arrangements_ = std::make_unique<compute::Arrangements>(environment_);
  environment_.arrangements = arrangements_.get();
  environment_.make_operator = [this](const sql::PlanNode& node,
                                      const compute::EvaluationContext& context) {
    return compute::MakeOperator(node, context, operators_);
  };
  ASSIGN_OR_RETURN(jobs_, compute::JobManager::Open(environment_, data_dir_ + "/jobs"));
  engine_.connection = catalogs_.get();
  engine_.catalogs = catalogs_.get();
  engine_.jobs = jobs_.get();
  engine_.environment = &environment_;
  engine_.spill_directory = data_dir_ + "/spill";
  materialized_tables_ = std::make_unique<serve::MaterializedTables>(engine_);
  engine_.materialized_tables = materialized_tables_.get();
  if (!options.run_jobs) return Status::Ok();
  ASSIGN_OR_RETURN(int resumed, jobs_->ResumeAll());
  if (resumed > 0) Log(LogLevel::kInfo, "app", "jobs resumed count={}", resumed);
  RETURN_IF_ERROR(materialized_tables_->Start());
  tiering_->Start();
  return Status::Ok();
}

Status Node::Close() {
  if (materialized_tables_ != nullptr) materialized_tables_->Stop();
  if (jobs_ != nullptr) jobs_->Shutdown();
  if (tiering_ != nullptr) tiering_->Stop();
  jobs_.reset();
  catalog_.reset();
  tiering_.reset();
  gateway_.reset();
  // Fails what still waits for other servers.
  if (network_ != nullptr) network_->Stop();
  catalogs_.reset();
  connection_.reset();
  if (storage_ == nullptr) return Status::Ok();
  Status status = storage_->Close();
  storage_.reset();
  return status;
}

Node::~Node() {
  Status status = Close();
  if (!status.ok()) Log(LogLevel::kError, "app", "closing failed: {}", status.ToString());
}

}  // namespace forebay::app
