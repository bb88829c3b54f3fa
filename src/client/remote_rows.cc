#include "client/remote_rows.h"

#include <algorithm>
#include <numeric>

#include "format/partition_name.h"
#include "format/row/row_format.h"

namespace forebay::client {

using rpc::ApiKey;

namespace {

constexpr int32_t kScanBatchBytes = 1 << 20;
/// A smaller answer has all rows that there are.
constexpr int64_t kWholeAnswerBytes = 1 << 20;

Error WrongCount(const auto& asked, const auto& answered) {
  return Corruption("{} keys were looked up, {} answered", asked.size(), answered.size());
}

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
                               std::optional<std::vector<int>> projection, LookupKeys keys)
    : state_(std::move(cluster), table),
      table_(std::move(table)),
      projection_(std::move(projection)),
      keys_(std::move(keys)) {}

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

Result<RemoteLookuper::Buckets> RemoteLookuper::ByBucket(const model::Batch& keys,
                                                         const format::EncodedKeys& encoded) {
  ASSIGN_OR_RETURN(std::vector<int> buckets,
                   table_->Buckets(LookupKeys::ColumnsAt(keys, keys_.bucket_places)));
  std::vector<std::optional<model::PartitionId>> partitions;
  if (table_->IsPartitioned()) {
    ASSIGN_OR_RETURN(partitions, PartitionsOfKeys(keys));
  }
  Buckets by_bucket;
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

template <typename Request, typename Response, typename Take>
Result<RemoteLookuper::Found> RemoteLookuper::Ask(ApiKey api, const Buckets& buckets, Take take) {
  Found found;
  BucketCalls<Request, Response> calls(
      state_, api, state_.cluster().options().retry_timeout_ms,
      [&](const RemoteTable& table, const std::vector<model::BucketId>& wanted) {
        Request request;
        request.table_id = table.info.id.value();
        for (const auto& bucket : wanted) {
          auto& part = request.buckets_req.emplace_back();
          part.bucket_id = bucket.bucket;
          if (bucket.partition) part.partition_id = bucket.partition->value();
          for (std::string_view key : buckets.at(bucket).keys) {
            part.keys.push_back(rpc::Payload::Of(key, nullptr));
          }
        }
        return request;
      },
      [&](const model::BucketId& bucket, auto& part, const auto& reply) -> Status {
        found.frames.push_back(reply.frame);
        return take(part, buckets.at(bucket).rows, found);
      });
  std::vector<model::BucketId> wanted;
  for (const auto& [bucket, part] : buckets) wanted.push_back(bucket);
  RETURN_IF_ERROR(calls.Run(std::move(wanted)));
  std::stable_sort(found.values.begin(), found.values.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return found;
}

Result<RemoteLookuper::Found> RemoteLookuper::AskForKeys(const Buckets& buckets) {
  return Ask<rpc::LookupRequest, rpc::LookupResponse>(
      ApiKey::kLookup, buckets,
      [](const rpc::PbLookupRespForBucket& part, const std::vector<int>& rows,
         Found& found) -> Status {
        if (part.values.size() != rows.size()) return WrongCount(rows, part.values);
        for (size_t i = 0; i < rows.size(); ++i) {
          const auto& value = part.values[i].values;
          // Some servers answer nothing for what they do not have, others an empty value.
          bool has_value = value.has_value() && !value->bytes.empty();
          if (has_value) found.values.emplace_back(rows[i], value->bytes);
        }
        return {};
      });
}

Result<RemoteLookuper::Found> RemoteLookuper::AskForPrefixes(const Buckets& buckets) {
  return Ask<rpc::PrefixLookupRequest, rpc::PrefixLookupResponse>(
      ApiKey::kPrefixLookup, buckets,
      [](const rpc::PbPrefixLookupRespForBucket& part, const std::vector<int>& rows,
         Found& found) -> Status {
        if (part.value_lists.size() != rows.size()) return WrongCount(rows, part.value_lists);
        for (size_t i = 0; i < rows.size(); ++i) {
          for (const rpc::Payload& value : part.value_lists[i].values) {
            found.values.emplace_back(rows[i], value.bytes);
          }
        }
        return {};
      });
}

Result<Lookuper::Rows> RemoteLookuper::Lookup(const model::Batch& keys) {
  RETURN_IF_ERROR(keys_.Check(keys));
  Lookuper::Rows rows;
  rows.row_of_key.assign(static_cast<size_t>(keys.num_rows), -1);
  RemoteRowReader reader(state_, projection_);
  model::BatchBuilder builder(reader.types(), keys.num_rows);
  if (keys.num_rows > 0) {
    ASSIGN_OR_RETURN(auto encoded, table_->RowKeys(LookupKeys::ColumnsAt(keys, keys_.row_places)));
    ASSIGN_OR_RETURN(auto buckets, ByBucket(keys, encoded));
    ASSIGN_OR_RETURN(Found found, AskForKeys(buckets));
    for (const auto& [key, bytes] : found.values) {
      rows.row_of_key[static_cast<size_t>(key)] = builder.num_rows();
      ASSIGN_OR_RETURN(auto value, format::ValueRecord::Parse(bytes));
      RETURN_IF_ERROR(reader.Read(value, builder));
    }
  }
  rows.rows = builder.Finish();
  return rows;
}

Result<PrefixLookuper::Rows> RemoteLookuper::LookupAll(const model::Batch& keys) {
  RETURN_IF_ERROR(keys_.Check(keys));
  PrefixLookuper::Rows rows;
  RemoteRowReader reader(state_, projection_);
  model::BatchBuilder builder(reader.types());
  if (keys.num_rows > 0) {
    ASSIGN_OR_RETURN(auto encoded, table_->RowKeys(LookupKeys::ColumnsAt(keys, keys_.row_places)));
    ASSIGN_OR_RETURN(auto buckets, ByBucket(keys, encoded));
    ASSIGN_OR_RETURN(Found found, AskForPrefixes(buckets));
    for (const auto& [key, bytes] : found.values) {
      rows.key_of_row.push_back(key);
      ASSIGN_OR_RETURN(auto value, format::ValueRecord::Parse(bytes));
      RETURN_IF_ERROR(reader.Read(value, builder));
    }
  }
  rows.rows = builder.Finish();
  return rows;
}

Result<std::optional<model::Batch>> RemoteLimitScan(
    std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
    const model::BucketId& bucket, const std::optional<std::vector<int>>& projection, int limit) {
  RemoteTableState state(std::move(cluster), std::move(table));
  rpc::LimitScanRequest request;
  request.table_id = state.table()->info.id.value();
  if (bucket.partition) request.partition_id = bucket.partition->value();
  request.bucket_id = bucket.bucket;
  request.limit = limit;
  std::optional<model::Batch> none;
  auto server = state.cluster().Server(state.table()->LeaderOf(bucket));
  // A scan looks for the leader, and says what is wrong.
  if (!server.ok()) return none;
  auto reply = (*server)->CallAndWait<rpc::LimitScanResponse>(
      ApiKey::kLimitScan, request, state.cluster().options().request_timeout_ms);
  if (!reply.ok() || reply->message.error_code.value_or(0) != 0) return none;
  RemoteRowReader reader(state, projection);
  model::BatchBuilder builder(reader.types());
  if (!reply->message.records.has_value() || reply->message.records->bytes.empty()) {
    return std::optional(builder.Finish());
  }
  std::string_view bytes = reply->message.records->bytes;
  ASSIGN_OR_RETURN(auto values, format::ValueBatchReader::Open(bytes));
  while (builder.num_rows() < limit) {
    ASSIGN_OR_RETURN(auto value, values.Next());
    if (!value.has_value()) break;
    RETURN_IF_ERROR(reader.Read(*value, builder));
  }
  // The server may have stopped because the rows are large, not because there are no more.
  if (builder.num_rows() < limit && std::ssize(bytes) >= kWholeAnswerBytes) return none;
  return std::optional(builder.Finish());
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
