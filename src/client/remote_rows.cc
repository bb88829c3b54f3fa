#include "client/remote_rows.h"

#include <algorithm>
#include <numeric>

#include "format/partition_name.h"
#include "format/row_format.h"

namespace forebay::client {

using rpc::ApiKey;

namespace {

constexpr int32_t kScanBatchBytes = 1 << 20;

}  // namespace

RemoteRowReader::RemoteRowReader(RemoteTableState& state,
                                 const std::optional<std::vector<int>>& projection)
    : state_(state) {
  auto table = state.table();
  wanted_.resize(table->types.size());
  std::iota(wanted_.begin(), wanted_.end(), 0);
  if (projection.has_value()) wanted_ = *projection;
  for (int column : wanted_) wanted_types_.push_back(table->types[static_cast<size_t>(column)]);
  stored_types_[table->info.schema_id] = table->types;
}

Status RemoteRowReader::Read(const format::ValueRecord& value, model::BatchBuilder& builder) {
  auto known = stored_types_.find(value.schema_id);
  if (known == stored_types_.end()) {
    ASSIGN_OR_RETURN(auto schema, state_.Schema(value.schema_id));
    known = stored_types_.emplace(value.schema_id, schema->Types()).first;
  }
  const std::vector<model::DataType>& stored = known->second;
  model::BatchBuilder row(stored, 1);
  RETURN_IF_ERROR(
      format::ReadRow(state_.table()->row_format, value.row, stored, format::RowTarget(row)));
  row.FinishRow();
  model::Batch whole = row.Finish();
  for (size_t i = 0; i < wanted_.size(); ++i) {
    auto column = static_cast<size_t>(wanted_[i]);
    model::ColumnBuilder& target = builder.column(static_cast<int>(i));
    // The row may be older than the column.
    if (column < whole.columns.size()) {
      target.AppendFrom(whole.columns[column], 0);
    } else {
      target.AppendNull();
    }
  }
  builder.FinishRow();
  return {};
}

RemoteLookuper::RemoteLookuper(std::shared_ptr<RemoteCluster> cluster,
                               std::shared_ptr<const RemoteTable> table,
                               std::optional<std::vector<int>> projection)
    : state_(std::move(cluster), table),
      table_(std::move(table)),
      projection_(std::move(projection)),
      keys_(table_->info) {}

Result<std::vector<std::optional<model::PartitionId>>> RemoteLookuper::PartitionsOfKeys(
    const model::Batch& keys) {
  std::vector<std::optional<model::PartitionId>> of_row(static_cast<size_t>(keys.num_rows));
  ASSIGN_OR_RETURN(auto rows, format::PartitionRows(keys, keys_.partition_places));
  bool refreshed = false;
  std::vector<std::optional<model::PartitionId>> ids;
  for (const auto& values : rows.values) {
    std::string name = model::PartitionInfo{{}, values}.Name();
    auto table = state_.table();
    const model::PartitionInfo* found = table->FindPartition(name);
    if (found == nullptr && !std::exchange(refreshed, true)) {
      RETURN_IF_ERROR(state_.Refresh());
      table = state_.table();
      found = table->FindPartition(name);
    }
    ids.emplace_back();
    if (found != nullptr) ids.back() = found->id;
  }
  for (size_t row = 0; row < of_row.size(); ++row) {
    of_row[row] = ids[static_cast<size_t>(rows.partition_of_row[row])];
  }
  return of_row;
}

Result<std::map<model::BucketId, RemoteLookuper::BucketKeys>> RemoteLookuper::ByBucket(
    const model::Batch& keys, const format::EncodedKeys& encoded) {
  ASSIGN_OR_RETURN(std::vector<int> buckets,
                   table_->Buckets(LookupKeys::ColumnsAt(keys, keys_.bucket_places)));
  std::vector<std::optional<model::PartitionId>> partitions;
  if (table_->IsPartitioned()) {
    ASSIGN_OR_RETURN(partitions, PartitionsOfKeys(keys));
  }
  std::map<model::BucketId, BucketKeys> by_bucket;
  for (int row = 0; row < keys.num_rows; ++row) {
    auto index = static_cast<size_t>(row);
    model::BucketId bucket(buckets[index]);
    if (table_->IsPartitioned()) {
      if (!partitions[index].has_value()) continue;
      bucket.partition = partitions[index];
    }
    BucketKeys& part = by_bucket[bucket];
    part.rows.push_back(row);
    part.keys.push_back(encoded[row]);
  }
  return by_bucket;
}

Status RemoteLookuper::Ask(const std::map<model::BucketId, BucketKeys>& buckets, Found& found) {
  BucketCalls<rpc::LookupRequest, rpc::LookupResponse> calls(
      state_, ApiKey::kLookup, state_.cluster().options().retry_timeout_ms,
      [&](const RemoteTable& table, const std::vector<model::BucketId>& wanted) {
        rpc::LookupRequest request;
        request.table_id = table.info.id.value();
        for (const auto& bucket : wanted) {
          rpc::PbLookupReqForBucket& part = request.buckets_req.emplace_back();
          part.bucket_id = bucket.bucket;
          if (bucket.partition) part.partition_id = bucket.partition->value();
          for (std::string_view key : buckets.at(bucket).keys) {
            part.keys.push_back(rpc::Payload::Of(key, nullptr));
          }
        }
        return request;
      },
      [&](const model::BucketId& bucket, rpc::PbLookupRespForBucket& part,
          const auto& reply) -> Status {
        const std::vector<int>& rows = buckets.at(bucket).rows;
        if (part.values.size() != rows.size()) {
          return Corruption("{} keys were looked up, {} answered", rows.size(), part.values.size());
        }
        for (size_t i = 0; i < rows.size(); ++i) {
          const auto& value = part.values[i].values;
          if (value.has_value()) found.values[static_cast<size_t>(rows[i])] = value->bytes;
        }
        found.frames.push_back(reply.frame);
        return {};
      });
  std::vector<model::BucketId> wanted;
  for (const auto& [bucket, part] : buckets) wanted.push_back(bucket);
  return calls.Run(std::move(wanted));
}

Result<Lookuper::Rows> RemoteLookuper::Lookup(const model::Batch& keys) {
  RETURN_IF_ERROR(keys_.Check(keys));
  Rows rows;
  rows.row_of_key.assign(static_cast<size_t>(keys.num_rows), -1);
  RemoteRowReader reader(state_, projection_);
  model::BatchBuilder builder(reader.types(), keys.num_rows);
  if (keys.num_rows == 0) {
    rows.rows = builder.Finish();
    return rows;
  }
  ASSIGN_OR_RETURN(auto encoded, table_->RowKeys(LookupKeys::ColumnsAt(keys, keys_.row_places)));
  ASSIGN_OR_RETURN(auto buckets, ByBucket(keys, encoded));
  Found found;
  found.values.resize(static_cast<size_t>(keys.num_rows));
  RETURN_IF_ERROR(Ask(buckets, found));
  for (size_t i = 0; i < found.values.size(); ++i) {
    // Some servers answer nothing for what they do not have, others an empty value.
    if (!found.values[i].has_value() || found.values[i]->empty()) continue;
    rows.row_of_key[i] = builder.num_rows();
    ASSIGN_OR_RETURN(auto value, format::ValueRecord::Parse(*found.values[i]));
    RETURN_IF_ERROR(reader.Read(value, builder));
  }
  rows.rows = builder.Finish();
  return rows;
}

RemoteSnapshotScanner::RemoteSnapshotScanner(std::shared_ptr<RemoteCluster> cluster,
                                             std::shared_ptr<const RemoteTable> table,
                                             const std::optional<std::vector<int>>& projection)
    : state_(std::move(cluster), std::move(table)), reader_(state_, projection) {}

Result<std::unique_ptr<SnapshotScanner>> RemoteSnapshotScanner::Open(
    std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
    const model::BucketId& bucket, const std::optional<std::vector<int>>& projection) {
  std::unique_ptr<RemoteSnapshotScanner> scanner(
      new RemoteSnapshotScanner(std::move(cluster), std::move(table), projection));
  RETURN_IF_ERROR(scanner->Start(bucket));
  return std::unique_ptr<SnapshotScanner>(std::move(scanner));
}

Status RemoteSnapshotScanner::Start(const model::BucketId& bucket) {
  auto table = state_.table();
  int64_t deadline_ms = MonotonicMs() + state_.cluster().options().metadata_timeout_ms;
  rpc::ScanKvRequest request;
  request.bucket_scan_req =
      rpc::PbScanReqForBucket{table->info.id.value(), {}, bucket.bucket, {}, {}};
  if (bucket.partition) request.bucket_scan_req->partition_id = bucket.partition->value();
  request.call_seq_id = next_call_++;
  request.batch_size_bytes = kScanBatchBytes;
  // The leader may have moved meanwhile.
  while (true) {
    auto server = state_.cluster().Server(state_.table()->LeaderOf(bucket));
    Status status = internal::ToStatus(server);
    bool again = !server.ok();
    if (server.ok()) {
      server_ = *server;
      auto reply = server_->CallAndWait<rpc::ScanKvResponse>(
          ApiKey::kScanKv, request, state_.cluster().options().request_timeout_ms);
      status = internal::ToStatus(reply);
      again = !reply.ok() && MayTryAgain(reply.kind());
      if (reply.ok()) {
        again = reply->message.error_code.has_value() && MayTryAgain(*reply->message.error_code);
        log_offset_ = reply->message.log_offset.value_or(-1);
        status = Take(std::move(*reply));
      }
    }
    if (status.ok() && log_offset_ < 0) return Corruption("a scan without its log offset");
    if (!again || MonotonicMs() > deadline_ms) return status;
    constexpr int kPauseMs = 100;
    std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    Status refreshed = state_.Refresh();
    if (!refreshed.ok() && !MayTryAgain(refreshed.kind())) return refreshed;
  }
}

Status RemoteSnapshotScanner::Take(rpc::Reply<rpc::ScanKvResponse> reply) {
  rpc::ScanKvResponse& answer = reply.message;
  int32_t code = answer.error_code.value_or(0);
  if (code != 0) return BucketError(code, answer.error_message);
  has_more_ = answer.has_more_results.value_or(false);
  if (answer.scanner_id.has_value()) scanner_id_ = std::string(answer.scanner_id->bytes);
  frame_ = reply.frame;
  values_.reset();
  if (!answer.records.has_value() || answer.records->bytes.empty()) return {};
  ASSIGN_OR_RETURN(values_, format::ValueBatchReader::Open(answer.records->bytes));
  return {};
}

/// The snapshot lives at one server, which nobody can stand in for.
Status RemoteSnapshotScanner::Continue() {
  rpc::ScanKvRequest request;
  request.scanner_id = rpc::Payload::Of(scanner_id_, nullptr);
  request.call_seq_id = next_call_++;
  request.batch_size_bytes = kScanBatchBytes;
  ASSIGN_OR_RETURN(auto reply,
                   server_->CallAndWait<rpc::ScanKvResponse>(
                       ApiKey::kScanKv, request, state_.cluster().options().request_timeout_ms));
  return Take(std::move(reply));
}

Result<model::Batch> RemoteSnapshotScanner::Next() {
  model::BatchBuilder builder(reader_.types());
  while (builder.num_rows() < model::Batch::kMaxRows) {
    std::optional<format::ValueRecord> value;
    if (values_.has_value()) {
      ASSIGN_OR_RETURN(value, values_->Next());
    }
    if (value.has_value()) {
      RETURN_IF_ERROR(reader_.Read(*value, builder));
      continue;
    }
    if (!has_more_) break;
    RETURN_IF_ERROR(Continue());
  }
  return builder.Finish();
}

RemoteSnapshotScanner::~RemoteSnapshotScanner() {
  if (!has_more_ || scanner_id_.empty()) return;
  rpc::ScanKvRequest request;
  request.scanner_id = rpc::Payload::Own(scanner_id_);
  request.close_scanner = true;
  server_->Call<rpc::ScanKvResponse>(ApiKey::kScanKv, request,
                                     state_.cluster().options().metadata_timeout_ms, [](auto) {});
}

}  // namespace forebay::client
