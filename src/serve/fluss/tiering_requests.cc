#include "serve/fluss/tiering_requests.h"

#include <algorithm>

#include "base/clock.h"
#include "serve/fluss/admin_requests.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

/// Of the one coordinator there is; whether a round is still the job's is seen by its own epoch.
constexpr int32_t kCoordinatorEpoch = 0;

rpc::Failure FailureOf(const Status& status) {
  return rpc::FailureOf(status, {{ErrorKind::kNotFound, ErrorCode::kTableNotExist},
                                 {ErrorKind::kConflict, ErrorCode::kFencedTieringEpoch}});
}

rpc::PbHeartbeatRespForTable AnswerFor(int64_t table_id, const Status& status) {
  rpc::PbHeartbeatRespForTable answer;
  answer.table_id = table_id;
  if (status.ok()) return answer;
  rpc::Failure failure = FailureOf(status);
  answer.error.emplace();
  answer.error->error_code = static_cast<int32_t>(failure.code);
  answer.error->error_message = failure.message;
  return answer;
}

}  // namespace

TieringRequests::TieringRequests(client::Admin& admin, client::TabletGateway& gateway,
                                 const LakeView& lake)
    : admin_(admin), gateway_(gateway) {
  bool is_on =
      lake.tiering != nullptr && lake.tiering->tierer() == lake::TieringService::Tierer::kFluss;
  if (is_on) {
    tiering_ = std::make_unique<lake::OutsideTiering>(admin, *lake.tiering, Clock::System());
  }
}

Outcome<rpc::LakeTieringHeartbeatResponse> TieringRequests::Heartbeat(
    const rpc::LakeTieringHeartbeatRequest& request) {
  rpc::LakeTieringHeartbeatResponse response;
  response.coordinator_epoch = kCoordinatorEpoch;
  for (const auto& table : request.tiering_tables) {
    Status renewed = tiering_->Renew(model::TableId(table.table_id), table.tiering_epoch);
    response.tiering_table_resp.push_back(AnswerFor(table.table_id, renewed));
  }
  const auto& forced = request.force_finished_tables;
  for (const auto& table : request.finished_tables) {
    bool at_once = std::find(forced.begin(), forced.end(), table.table_id) != forced.end();
    Status finished =
        tiering_->Finish(model::TableId(table.table_id), table.tiering_epoch, at_once);
    response.finished_table_resp.push_back(AnswerFor(table.table_id, finished));
  }
  for (const auto& table : request.failed_tables) {
    Status failed = tiering_->Fail(model::TableId(table.table_id), table.tiering_epoch);
    response.failed_table_resp.push_back(AnswerFor(table.table_id, failed));
  }
  if (!request.request_table.value_or(false)) return response;
  auto due = tiering_->Request();
  if (!due.ok()) return rpc::FailureOf(due.status());
  if (due->has_value()) {
    auto& table = response.tiering_table.emplace();
    table.table_id = (*due)->table.value();
    table.table_path = {(*due)->path.database, (*due)->path.table};
    table.tiering_epoch = (*due)->epoch;
  }
  return response;
}

Result<std::string> TieringRequests::MergeOffsets(const rpc::PbTableOffsets& wanted) {
  ASSIGN_OR_RETURN(model::TableInfo table, admin_.GetTable(PathOf(wanted.table_path)));
  if (table.id.value() != wanted.table_id) {
    return NotFound("table {} has been made anew", table.path.ToString());
  }
  std::map<model::BucketId, model::LogOffset> ends;
  for (const rpc::PbBucketOffset& entry : wanted.bucket_offsets) {
    std::optional<model::PartitionId> partition;
    if (entry.partition_id.has_value()) partition = model::PartitionId(*entry.partition_id);
    bool possible = partition.has_value() == table.descriptor.IsPartitioned() &&
                    entry.bucket_id >= 0 && entry.bucket_id < table.descriptor.bucket_count;
    if (!possible) return InvalidArgument("there is no bucket {}", entry.bucket_id);
    ends[{partition, entry.bucket_id}] = entry.log_end_offset.value_or(0);
  }
  return tiering_->MergeOffsets(table, ends);
}

Outcome<rpc::PrepareLakeTableSnapshotResponse> TieringRequests::Prepare(
    const rpc::PrepareLakeTableSnapshotRequest& request) {
  rpc::PrepareLakeTableSnapshotResponse response;
  for (const rpc::PbTableOffsets& table : request.bucket_offsets) {
    auto& answer = response.prepare_lake_table_resp.emplace_back();
    answer.table_id = table.table_id;
    auto merged = MergeOffsets(table);
    if (merged.ok()) {
      answer.lake_table_offsets_path = *merged;
    } else {
      SetError(answer, FailureOf(merged.status()));
    }
  }
  return response;
}

Status TieringRequests::CommitTable(const rpc::PbLakeTableSnapshotMetadata& metadata) {
  ASSIGN_OR_RETURN(model::TablePath path, gateway_.PathOf(model::TableId(metadata.table_id)));
  ASSIGN_OR_RETURN(model::TableInfo table, admin_.GetTable(path));
  return tiering_->Committed(table, metadata.snapshot_id);
}

Outcome<rpc::CommitLakeTableSnapshotResponse> TieringRequests::Commit(
    const rpc::CommitLakeTableSnapshotRequest& request) {
  rpc::CommitLakeTableSnapshotResponse response;
  for (const auto& metadata : request.lake_table_snapshot_metadata) {
    auto& answer = response.table_resp.emplace_back();
    answer.table_id = metadata.table_id;
    Status committed = CommitTable(metadata);
    if (!committed.ok()) SetError(answer, FailureOf(committed));
  }
  return response;
}

}  // namespace forebay::serve
