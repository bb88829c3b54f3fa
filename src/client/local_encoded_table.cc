#include "client/local_encoded_table.h"

#include <mutex>

#include "base/bytes.h"
#include "format/batch/kv_batch.h"
#include "format/row/compacted_columns.h"
#include "storage/kv/kv_tablet.h"
#include "storage/log/segment_cursor.h"

namespace forebay::client {

using model::Batch;
using model::ChangeType;
using model::LogOffset;

namespace {

/// What one read with a filter looks at, so that a filter that nothing matches does not hold up
/// other requests: the client goes on from there.
constexpr int64_t kFilteredBytesMax = 64 << 20;
constexpr int64_t kFilterReadBytes = 4 << 20;

/// Waits for the acknowledgements of one request's batches and hands on one for all of them. Lives
/// until the last came.
class JoinedAck {
 public:
  JoinedAck(size_t count, model::TableBucket bucket, WriteCallback done)
      : left_(count), done_(std::move(done)) {
    ack_.bucket = bucket;
    ack_.duplicate = true;
  }

  void Take(const Result<storage::AppendResult>& result) {
    {
      std::lock_guard lock(mutex_);
      if (!result.ok()) {
        if (failure_.ok()) failure_ = result.status();
      } else {
        ack_.base_offset =
            std::min(ack_.next_offset == 0 ? INT64_MAX : ack_.base_offset, result->base_offset);
        ack_.next_offset = std::max(ack_.next_offset, result->next_offset);
        ack_.duplicate &= result->duplicate;
      }
      if (--left_ > 0) return;
    }
    failure_.ok() ? done_(ack_) : done_(failure_.error());
  }

 private:
  std::mutex mutex_;
  size_t left_;
  WriteAck ack_;
  Status failure_;
  const WriteCallback done_;
};

/// See KvSnapshot.
class LocalRowScanner : public EncodedRowScanner {
 public:
  using Convert = std::function<Result<std::string>(std::string_view value)>;

  /// `convert` makes what clients get of a stored row; null: they get it as it is.
  LocalRowScanner(std::shared_ptr<const storage::HostedTable> table,
                  std::unique_ptr<storage::KvSnapshot> snapshot, Convert convert)
      : table_(std::move(table)), snapshot_(std::move(snapshot)), convert_(std::move(convert)) {}
  LogOffset log_offset() const override { return snapshot_->log_offset(); }
  Result<std::optional<std::string_view>> Next() override {
    ASSIGN_OR_RETURN(auto value, snapshot_->Next());
    if (!value.has_value() || convert_ == nullptr) return value;
    ASSIGN_OR_RETURN(row_, convert_(*value));
    return std::optional<std::string_view>(row_);
  }

 private:
  const std::shared_ptr<const storage::HostedTable> table_;
  const std::unique_ptr<storage::KvSnapshot> snapshot_;
  const Convert convert_;
  std::string row_;
};

std::vector<model::DataType> KeyTypes(const model::TableDescriptor& table) {
  std::vector<model::DataType> types;
  for (int index : table.PhysicalPrimaryKeyIndexes()) {
    types.push_back(table.schema.columns[index].type);
  }
  return types;
}

Status CheckChange(ChangeType change) {
  if (change <= ChangeType::kInsert) return {};
  return Corruption("a log table takes no change of type {}", static_cast<int>(change));
}

Status CheckChanges(const Batch& rows) {
  for (int row = 0; row < rows.num_rows; ++row) RETURN_IF_ERROR(CheckChange(rows.change(row)));
  return {};
}

}  // namespace

LocalEncodedTable::LocalEncodedTable(std::shared_ptr<const storage::HostedTable> table)
    : table_(std::move(table)),
      key_indexes_(table_->info.descriptor.PhysicalPrimaryKeyIndexes()),
      key_types_(KeyTypes(table_->info.descriptor)),
      key_encoding_(format::RowKeyEncodingOf(table_->info.descriptor)),
      present_(MakeVersion(table_->info.descriptor.schema)) {}

std::shared_ptr<const LocalEncodedTable::Version> LocalEncodedTable::MakeVersion(
    const model::Schema& schema) {
  std::vector<model::DataType> types = schema.Types();
  format::LogBatchProjection projection(types);
  return std::make_shared<const Version>(Version{std::move(types), std::move(projection)});
}

Result<std::shared_ptr<const LocalEncodedTable::Version>> LocalEncodedTable::VersionOf(
    model::SchemaId id) const {
  if (id == table_->info.schema_id) return present_;
  std::lock_guard lock(mutex_);
  std::shared_ptr<const Version>& version = versions_[id];
  if (version != nullptr) return version;
  auto schema = table_->schemas->Get(id);
  if (!schema.ok()) {
    versions_.erase(id);
    return NotFound("table '{}' has no schema {}", table_->info.path.ToString(), id.value());
  }
  version = MakeVersion(**schema);
  return version;
}

Status LocalEncodedTable::CheckLogBatch(const format::LogBatchHeader& header,
                                        std::string_view batch) const {
  ASSIGN_OR_RETURN(auto version, VersionOf(header.schema_id));
  if (header.last_offset_delta != std::max(header.record_count - 1, 0)) {
    return Corruption("a batch of {} records with a last offset delta of {}", header.record_count,
                      header.last_offset_delta);
  }
  if (log_format() != format::LogFormat::kArrow) {
    // What the rows hold is known to nobody but who decodes them.
    ASSIGN_OR_RETURN(Batch rows,
                     format::DecodeLogBatch(batch, version->types, nullptr, nullptr, log_format()));
    return CheckChanges(rows);
  }
  RETURN_IF_ERROR(version->projection.Check(batch));
  if (header.append_only) return {};
  size_t begin = header.header_bytes() + static_cast<size_t>(header.statistics_length);
  for (char change : batch.substr(begin, static_cast<size_t>(header.record_count))) {
    RETURN_IF_ERROR(CheckChange(static_cast<ChangeType>(change)));
  }
  return {};
}

Result<std::vector<std::string>> LocalEncodedTable::CheckBatches(std::string_view batches) const {
  std::vector<std::string> checked;
  while (!batches.empty()) {
    ASSIGN_OR_RETURN(auto header, format::ParseLogBatchHeader(batches));
    if (header.size_bytes() > batches.size()) {
      return Corruption("a log batch of {} bytes in {} bytes", header.size_bytes(), batches.size());
    }
    std::string_view batch = batches.substr(0, header.size_bytes());
    RETURN_IF_ERROR(format::VerifyLogBatch(batch));
    if (std::ssize(batch) > storage::kBatchBytesMax) {
      return OutOfRange("a batch has {} bytes, at most {} are allowed", batch.size(),
                        storage::kBatchBytesMax);
    }
    RETURN_IF_ERROR(CheckLogBatch(header, batch));
    checked.emplace_back(batch);
    batches.remove_prefix(batch.size());
  }
  if (checked.empty()) return Corruption("there is no batch to append");
  return checked;
}

void LocalEncodedTable::AppendBatches(int bucket, std::string_view batches, WriteCallback done) {
  auto checked = CheckBatches(batches);
  if (!checked.ok()) return done(checked.status().error());
  auto join =
      std::make_shared<JoinedAck>(checked->size(), table_->PlaceOf(bucket), std::move(done));
  for (std::string& batch : *checked) {
    Status taken = log(bucket).Append(
        std::move(batch), [join](Result<storage::AppendResult> result) { join->Take(result); });
    if (!taken.ok()) join->Take(taken.error());
  }
}

Result<LogBytes> LocalEncodedTable::ReadBatches(int bucket, LogOffset offset, int64_t max_bytes,
                                                const std::vector<int>* projection,
                                                const format::BatchFilter* filter) {
  if (filter != nullptr && log_format() == format::LogFormat::kArrow) {
    return ReadFiltered(bucket, offset, max_bytes, projection, *filter);
  }
  ASSIGN_OR_RETURN(storage::LogSlice slice, log(bucket).Read(offset, max_bytes));
  if (slice.batches.empty()) return LogBytes{};
  const auto& last = slice.batches.back();
  std::string_view bytes(*slice.bytes);
  bytes = bytes.substr(0, last.position + last.header.size_bytes());
  if (projection == nullptr) return LogBytes{bytes, slice.bytes};
  auto projected = std::make_shared<std::string>();
  for (const auto& batch : slice.batches) {
    ASSIGN_OR_RETURN(
        std::string part,
        ProjectBatch(batch.header, bytes.substr(batch.position, batch.header.size_bytes()),
                     *projection));
    *projected += part;
  }
  return LogBytes{*projected, projected};
}

bool LocalEncodedTable::MayMatch(const format::LogBatchHeader& header, std::string_view batch,
                                 const format::BatchFilter& filter) const {
  std::string_view bytes = format::StatisticsOf(header, batch);
  if (bytes.empty()) return true;
  auto version = VersionOf(header.schema_id);
  if (!version.ok()) return true;
  auto statistics = format::ReadStatistics(bytes, (*version)->types);
  return !statistics.ok() || format::MayMatch(filter, *statistics, header.record_count);
}

/// As org.apache.fluss.server.log.LogSegment#readWithFilter.
Result<LogBytes> LocalEncodedTable::ReadFiltered(int bucket, LogOffset offset, int64_t max_bytes,
                                                 const std::vector<int>* projection,
                                                 const format::BatchFilter& filter) const {
  auto picked = std::make_shared<std::string>();
  LogOffset scanned = offset, picked_end = offset;
  bool is_full = false;
  for (int64_t bytes = 0; !is_full && bytes < kFilteredBytesMax;) {
    auto slice = log(bucket).Read(scanned, kFilterReadBytes);
    // An error comes again when it stands at the front.
    if (!slice.ok() && scanned == offset) return slice.status();
    if (!slice.ok() || slice->batches.empty()) break;
    for (const auto& [header, position] : slice->batches) {
      std::string_view batch(slice->bytes->data() + position, header.size_bytes());
      bytes += std::ssize(batch);
      if (!MayMatch(header, batch, filter)) {
        scanned = header.next_offset();
        continue;
      }
      std::string part;
      if (projection != nullptr) {
        ASSIGN_OR_RETURN(part, ProjectBatch(header, batch, *projection));
        batch = part;
      }
      is_full = !picked->empty() && std::ssize(*picked) + std::ssize(batch) > max_bytes;
      if (is_full) break;
      picked->append(batch);
      scanned = picked_end = header.next_offset();
    }
  }
  LogBytes read{*picked, picked};
  if (!is_full && scanned > picked_end) read.filtered_end = scanned;
  return read;
}

Result<std::string> LocalEncodedTable::ProjectBatch(const format::LogBatchHeader& header,
                                                    std::string_view batch,
                                                    const std::vector<int>& projection) const {
  ASSIGN_OR_RETURN(auto version, VersionOf(header.schema_id));
  if (projection.back() < std::ssize(version->types)) {
    return version->projection.Project(batch, projection);
  }
  // The batch is older than a wanted column: the client expects that column all the same.
  ASSIGN_OR_RETURN(auto own, VersionOf(table_->info.schema_id));
  storage::LogBatchReader reader(table_->schemas, table_->info.schema_id, own->types, projection,
                                 log_format());
  ASSIGN_OR_RETURN(Batch rows, reader.Decode(header, batch, nullptr));
  format::LogBatchOptions options;
  options.schema_id = table_->info.schema_id;
  options.writer_id = header.writer_id;
  options.batch_sequence = header.batch_sequence;
  options.compression = table_->options.compression;
  options.append_only = header.append_only;
  ASSIGN_OR_RETURN(std::string bytes, format::EncodeLogBatch(rows, options));
  format::RewriteLogBatch(bytes, header.base_offset, header.commit_timestamp_ms);
  return bytes;
}

Result<std::optional<RemoteLogPart>> LocalEncodedTable::RemotePart(int bucket, LogOffset offset) {
  const auto& place = table_->buckets[bucket];
  if (place.remote->log() == nullptr || offset >= place.log->local_start()) {
    return std::optional<RemoteLogPart>();
  }
  ASSIGN_OR_RETURN(auto found, place.remote->log()->PartFrom(offset));
  if (!found.has_value()) return std::optional<RemoteLogPart>();
  RemoteLogPart part{found->tablet_directory, found->partition, {}, found->first_position};
  for (auto& segment : found->segments) {
    part.segments.push_back({std::move(segment.id), segment.start, segment.end,
                             segment.max_timestamp_ms, segment.size_bytes});
  }
  return std::optional(std::move(part));
}

LogOffset LocalEncodedTable::LogStart(int bucket) { return log(bucket).log_start(); }
LogOffset LocalEncodedTable::LogEnd(int bucket) { return log(bucket).durable_end(); }

Result<LogOffset> LocalEncodedTable::OffsetAt(int bucket, int64_t timestamp_ms) {
  return log(bucket).OffsetAt(timestamp_ms);
}

void LocalEncodedTable::Listen(int bucket, std::weak_ptr<Wakeable> listener) {
  log(bucket).Listen(std::move(listener));
}

void LocalEncodedTable::PutRows(int bucket, std::string_view batch, const PutOptions& options,
                                WriteCallback done) {
  model::TableBucket place = table_->PlaceOf(bucket);
  Status started =
      StartPut(bucket, batch, options, [place, done](Result<storage::AppendResult> result) {
        if (!result.ok()) return done(result.status().error());
        done(WriteAck{place, result->base_offset, result->next_offset, result->duplicate});
      });
  if (!started.ok()) done(started.error());
}

Status LocalEncodedTable::StartPut(int bucket, std::string_view bytes, const PutOptions& options,
                                   storage::AppendCallback done) {
  ASSIGN_OR_RETURN(auto records, format::KvBatchReader::Open(bytes));
  const format::KvBatchHeader header = records.header();
  ASSIGN_OR_RETURN(auto version, VersionOf(header.schema_id));
  std::vector<std::string_view> keys;
  storage::WrittenBytes written;
  written.schema_id = header.schema_id;
  ASSIGN_OR_RETURN(Batch batch, DecodeWrites(records, version->types, keys, written.rows));
  // A restart makes the keys anew from the rows of the changelog.
  std::vector<model::Column> key_columns;
  for (int index : key_indexes_) key_columns.push_back(batch.columns[index]);
  ASSIGN_OR_RETURN(auto encoded, format::EncodeBucketKeys(key_encoding_, key_columns));
  for (int row = 0; row < batch.num_rows; ++row) {
    if (encoded[row] != keys[row]) return Corruption("the key of write {} is not its row's", row);
  }
  storage::KvWriteOptions write{header.writer_id, header.batch_sequence, options.target_columns,
                                options.overwrite};
  // Storage's own keys are Fluss's.
  if (key_encoding_ == format::KeyEncoding::kFluss) written.keys = std::move(encoded);
  if (table_->options.kv_format != format::RowFormat::kCompacted) written.rows.clear();
  return table_->buckets[bucket].kv->Write(batch, std::move(written), write, std::move(done));
}

/// The writes as rows with change types; a delete has its key's columns, and no bytes. The batch
/// may point into the records.
Result<Batch> LocalEncodedTable::DecodeWrites(format::KvBatchReader& records,
                                              const std::vector<model::DataType>& types,
                                              std::vector<std::string_view>& keys,
                                              std::vector<std::string_view>& rows) const {
  bool only_rows = true;
  auto count = static_cast<size_t>(records.header().record_count);
  keys.reserve(count);
  rows.reserve(count);
  while (true) {
    ASSIGN_OR_RETURN(auto record, records.Next());
    if (!record.has_value()) break;
    keys.push_back(record->key);
    rows.push_back(record->row.value_or(std::string_view()));
    only_rows &= !rows.back().empty();
  }
  if (!only_rows || table_->options.kv_format != format::RowFormat::kCompacted) {
    return DecodeOneByOne(types, keys, rows);
  }
  ASSIGN_OR_RETURN(auto columns, format::ReadCompactedColumns(rows, types));
  return Batch(static_cast<int>(rows.size()), std::move(columns));
}

/// Likewise of rows in any format, with deletes among them.
Result<Batch> LocalEncodedTable::DecodeOneByOne(const std::vector<model::DataType>& types,
                                                const std::vector<std::string_view>& keys,
                                                const std::vector<std::string_view>& rows) const {
  model::BatchBuilder builder(types);
  std::vector<model::ColumnBuilder*> key_columns;
  for (int index : key_indexes_) key_columns.push_back(&builder.column(index));
  for (size_t row = 0; row < rows.size(); ++row) {
    // Each row has its NULL bits at least.
    if (!rows[row].empty()) {
      RETURN_IF_ERROR(
          format::ReadRow(table_->options.kv_format, rows[row], types, format::RowTarget(builder)));
      builder.FinishRow(ChangeType::kInsert);
      continue;
    }
    RETURN_IF_ERROR(format::DecodeBucketKey(key_encoding_, keys[row], key_columns));
    for (int i = 0; i < std::ssize(types); ++i) {
      if (builder.column(i).num_rows() == builder.num_rows()) builder.column(i).AppendNull();
    }
    builder.FinishRow(ChangeType::kDelete);
  }
  return builder.Finish();
}

Result<std::unique_ptr<EncodedRowScanner>> LocalEncodedTable::ScanRows(int bucket) {
  ASSIGN_OR_RETURN(auto snapshot, table_->buckets[bucket].kv->Snapshot());
  LocalRowScanner::Convert convert;
  if (table_->options.kv_format != format::RowFormat::kCompacted) {
    convert = [self = shared_from_this()](std::string_view row) { return self->ForClients(row); };
  }
  return std::unique_ptr<EncodedRowScanner>(
      std::make_unique<LocalRowScanner>(table_, std::move(snapshot), std::move(convert)));
}

}  // namespace forebay::client
