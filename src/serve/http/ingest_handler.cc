#include "serve/http/ingest_handler.h"

#include <condition_variable>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "base/log.h"
#include "format/partition_name.h"
#include "serve/http/ingest_body.h"
#include "sql/functions/function_table.h"

namespace forebay::serve {

using model::Batch;

namespace {

constexpr std::string_view kPathPrefix = "/ingest/v1/";
constexpr std::string_view kComputedPrefix = "sql.computed.";
constexpr int kRetryPauseMs = 20;
/// Requests that wait for some of their buckets; further ones of several buckets are refused.
constexpr size_t kUnfinishedMax = 64;
/// Partitions that one request may write to.
constexpr size_t kPartitionsMax = 100;

/// Waits for the writes of one request, bucket by bucket.
class Acks {
 public:
  void Take(const model::BucketId& bucket, Result<client::WriteAck> ack) {
    std::lock_guard lock(mutex_);
    if (ack.ok()) {
      acks_[bucket] = *ack;
    } else {
      failure_ = ack.status();
    }
    ++taken_;
    all_.notify_all();
  }
  void Wait(size_t count) {
    std::unique_lock lock(mutex_);
    all_.wait(lock, [&] { return taken_ == count; });
  }
  const std::map<model::BucketId, client::WriteAck>& acks() const { return acks_; }
  const Status& failure() const { return failure_; }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  size_t taken_ = 0;
  std::map<model::BucketId, client::WriteAck> acks_;
  Status failure_;
};

/// Writes the parts and adds what was acknowledged to `acks`; the first error is returned.
Status WriteParts(client::TableWriter& writer, const std::map<model::BucketId, Batch>& parts,
                  int64_t writer_id, const std::map<model::BucketId, int32_t>& sequences,
                  std::map<model::BucketId, client::WriteAck>& acks) {
  auto collector = std::make_shared<Acks>();
  size_t started = 0;
  for (const auto& [bucket, part] : parts) {
    if (acks.contains(bucket)) continue;
    if (started > 0) Failpoint("ingest.between_buckets");
    client::WriterIdentity identity;
    if (writer_id >= 0) identity = {writer_id, sequences.at(bucket)};
    writer.WriteBucket(bucket, part, identity, [collector, bucket](Result<client::WriteAck> ack) {
      collector->Take(bucket, std::move(ack));
    });
    ++started;
  }
  collector->Wait(started);
  acks.insert(collector->acks().begin(), collector->acks().end());
  return collector->failure();
}

bool IsRetriable(const Status& status) {
  return status.kind() == ErrorKind::kUnavailable || status.kind() == ErrorKind::kNoSpace ||
         status.kind() == ErrorKind::kTimeout;
}

/// FromError with the row and the column of the input.
HttpResponse RowErrorResponse(const format::RowError& error, const model::TableDescriptor& table) {
  nlohmann::json details = {{"code", ErrorKindName(ErrorKind::kInvalidArgument)},
                            {"message", error.ToError().message},
                            {"row", error.row}};
  if (!error.column.empty()) details["column"] = error.column;
  if (table.custom_properties.contains(std::string(kComputedPrefix) + error.column)) {
    details["hint"] = "the column is computed: leave it out";
  }
  return HttpResponse::Json(400, nlohmann::json{{"error", details}}.dump(
                                     -1, ' ', false, nlohmann::json::error_handler_t::replace) +
                                     "\n");
}

/// The one-time writer id of a key.
int64_t WriterIdOfKey(const model::TableInfo& table, std::string_view key) {
  uint64_t hash = HashBytes(key, HashInt(static_cast<uint64_t>(table.id.value())));
  return static_cast<int64_t>(hash >> 2) | client::kOneTimeWriterIdMin;
}

/// Before the partitions that rows need are made: a request must not make too many.
Status CheckPartitions(const model::TableDescriptor& table, const Batch& batch) {
  if (!table.IsPartitioned()) return {};
  ASSIGN_OR_RETURN(auto rows, format::PartitionRows(batch, table.PartitionKeyIndexes()));
  if (rows.values.size() <= kPartitionsMax) return {};
  return InvalidArgument("the rows of a request go to at most {} partitions, not {}",
                         kPartitionsMax, rows.values.size());
}

HttpResponse ErrorResponse(const Error& error) {
  HttpResponse response = HttpResponse::FromError(error);
  if (error.kind == ErrorKind::kConflict) response.status = 422;
  return response;
}

}  // namespace

struct IngestHandler::Target {
  model::TableInfo info;
  std::unique_ptr<client::TableWriter> writer;
};

struct IngestHandler::Written {
  std::map<model::BucketId, client::WriteAck> acks;
  bool duplicate = false;
};

/// Holds a key, so that of two requests with it the second sees what became of the first.
class IngestHandler::KeyInUse {
 public:
  KeyInUse(IngestHandler& handler, int64_t key_id) : handler_(handler), key_id_(key_id) {
    if (key_id_ < 0) return;
    std::unique_lock lock(handler_.mutex_);
    handler_.changed_.wait(lock, [&] { return handler_.keys_in_use_.insert(key_id_).second; });
  }
  ~KeyInUse() {
    if (key_id_ < 0) return;
    std::lock_guard lock(handler_.mutex_);
    handler_.keys_in_use_.erase(key_id_);
    handler_.changed_.notify_all();
  }
  KeyInUse(const KeyInUse&) = delete;
  KeyInUse& operator=(const KeyInUse&) = delete;

 private:
  IngestHandler& handler_;
  const int64_t key_id_;
};

IngestHandler::IngestHandler(client::Connection& connection, std::unique_ptr<IngestJournal> journal,
                             Options options)
    : connection_(connection),
      memory_(dynamic_cast<client::WriterMemory*>(&connection)),
      journal_(std::move(journal)),
      options_(options) {}

Result<std::unique_ptr<IngestHandler>> IngestHandler::Open(client::Connection& connection,
                                                           io::FileSystem& fs,
                                                           std::string directory, Options options) {
  ASSIGN_OR_RETURN(auto journal, IngestJournal::Open(fs, std::move(directory)));
  std::unique_ptr<IngestHandler> handler(
      new IngestHandler(connection, std::move(journal), options));
  RETURN_IF_ERROR(handler->Redo());
  handler->finisher_ = std::thread([&handler = *handler] { handler.RunFinisher(); });
  return handler;
}

IngestHandler::~IngestHandler() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (finisher_.joinable()) finisher_.join();
}

Status IngestHandler::Redo() {
  ASSIGN_OR_RETURN(auto unfinished, journal_->Unfinished());
  for (auto& [path, intent] : unfinished) {
    if (!Finish(path, intent)) FinishLater(path, std::move(intent));
  }
  return {};
}

bool IngestHandler::Finish(const std::string& path, const IngestIntent& intent) {
  Status status = RedoOne(intent);
  if (!status.ok() && IsRetriable(status)) return false;
  if (!status.ok()) {
    Log(LogLevel::kError, "ingest", "unfinished request given up: path={} table={}.{} error={}",
        path, intent.database, intent.table, status.ToString());
  }
  Status removed = journal_->Finish(path);
  if (!removed.ok()) {
    Log(LogLevel::kWarning, "ingest", "intent not removed: {}", removed.message());
  }
  return true;
}

void IngestHandler::FinishLater(const std::string& path, IngestIntent intent) {
  std::lock_guard lock(mutex_);
  unfinished_.emplace(path, std::move(intent));
  changed_.notify_all();
}

void IngestHandler::RunFinisher() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !unfinished_.empty(); });
    if (stopping_) return;  // the next start goes on
    // Others only add to the map, so what it holds stays in place without the lock.
    for (auto entry = unfinished_.begin(); entry != unfinished_.end();) {
      if (stopping_) return;
      lock.unlock();
      bool finished = Finish(entry->first, entry->second);
      lock.lock();
      entry = finished ? unfinished_.erase(entry) : std::next(entry);
    }
    if (unfinished_.empty()) continue;
    changed_.wait_for(lock, std::chrono::milliseconds(options_.finish_pause_ms),
                      [this] { return stopping_; });
  }
}

Status IngestHandler::RedoOne(const IngestIntent& intent) {
  ASSIGN_OR_RETURN(Target target, OpenTarget(intent.database, intent.table));
  if (target.info.id.value() != intent.table_id) return NotFound("the table was dropped");
  format::RowError error;
  ASSIGN_OR_RETURN(Batch batch, ReadIngestBody(target.info.descriptor.schema.columns,
                                               intent.parameters, intent.body, error));
  ASSIGN_OR_RETURN(auto parts, Split(target, batch, intent.writer_id));
  for (auto part = parts.begin(); part != parts.end();) {
    if (intent.sequences.contains(part->first)) {
      ++part;
    } else if (part->first.partition) {
      part = parts.erase(part);  // the partition was dropped, and these rows with it
    } else {
      return Corruption("the buckets have changed");
    }
  }
  std::map<model::BucketId, client::WriteAck> acks;
  return WriteParts(*target.writer, parts, intent.writer_id, intent.sequences, acks);
}

Result<IngestHandler::Target> IngestHandler::OpenTarget(const std::string& database,
                                                        const std::string& table) {
  auto info = connection_.admin().GetTable({database, table});
  if (!info.ok()) return AddTableHint(database, table, info.status());
  ASSIGN_OR_RETURN(auto writer, connection_.OpenWriter({database, table}));
  return Target{std::move(*info), std::move(writer)};
}

Status IngestHandler::AddTableHint(const std::string& database, const std::string& table,
                                   Status status) {
  Error error = status.error();
  auto tables = connection_.admin().ListTables(database);
  auto databases = connection_.admin().ListDatabases();
  auto near = tables.ok()      ? sql::NearestName(table, *tables)
              : databases.ok() ? sql::NearestName(database, *databases)
                               : std::nullopt;
  if (near) error.hint = "did you mean '" + *near + "'?";
  return error;
}

Result<IngestHandler::Parts> IngestHandler::Split(Target& target, const Batch& batch,
                                                  int64_t key_id) {
  const model::TableDescriptor& table = target.info.descriptor;
  Parts parts;
  if (batch.num_rows == 0) return parts;
  bool has_bucket_keys = !table.EffectiveBucketKeys().empty();
  auto count = static_cast<uint64_t>(table.bucket_count);
  uint64_t choice = has_bucket_keys ? 0
                    : key_id >= 0   ? static_cast<uint64_t>(key_id)
                                    : next_bucket_++;
  int chosen_bucket = static_cast<int>(choice % count);
  if (!table.IsPartitioned() && (count == 1 || !has_bucket_keys)) {
    parts[chosen_bucket] = batch;
    return parts;
  }
  RETURN_IF_ERROR(CheckPartitions(table, batch));
  ASSIGN_OR_RETURN(auto buckets, target.writer->BucketsOf(batch));
  std::map<model::BucketId, std::vector<uint32_t>> rows;
  for (int row = 0; row < batch.num_rows; ++row) {
    model::BucketId& bucket = buckets[static_cast<size_t>(row)];
    if (!has_bucket_keys) bucket.bucket = chosen_bucket;
    rows[bucket].push_back(static_cast<uint32_t>(row));
  }
  for (const auto& [bucket, chosen] : rows) {
    parts[bucket] = batch.Gather(chosen);
  }
  return parts;
}

Result<IngestHandler::Writer> IngestHandler::TakeWriter(int64_t table_id) {
  {
    std::lock_guard lock(mutex_);
    std::vector<Writer>& idle = idle_writers_[table_id];
    if (!idle.empty()) {
      Writer writer = std::move(idle.back());
      idle.pop_back();
      return writer;
    }
  }
  Writer writer;
  ASSIGN_OR_RETURN(writer.id, connection_.admin().AllocateWriterId());
  return writer;
}

IngestHandler::Key IngestHandler::KeyOf(const HttpRequest& request, const Target& target,
                                        const std::string& parameters) {
  std::string_view name = request.Header("idempotency-key");
  if (name.empty()) return Key{};
  uint64_t content = HashBytes(request.body, HashBytes(parameters));
  return Key{WriterIdOfKey(target.info, name), static_cast<int32_t>(content >> 33)};
}

Result<IngestHandler::Written> IngestHandler::Store(Target& target, const std::string& parameters,
                                                    const std::string& body, const Batch& batch,
                                                    Key key) {
  KeyInUse in_use(*this, key.id);
  if (key.id >= 0 && memory_ != nullptr) {
    ASSIGN_OR_RETURN(auto last, memory_->LastSequence(target.info.path, key.id));
    if (last.has_value() && *last != key.content) {
      Error error = Conflict("a request with another body was stored under this Idempotency-Key");
      error.hint = "use a new key for new rows; repeat a request with the very same body";
      return error;
    }
  }
  ASSIGN_OR_RETURN(auto parts, Split(target, batch, key.id));
  Written written;
  if (parts.size() == 1) {
    std::map<model::BucketId, int32_t> sequence = {{parts.begin()->first, key.content}};
    RETURN_IF_ERROR(WriteParts(*target.writer, parts, key.id, sequence, written.acks));
    written.duplicate = written.acks.begin()->second.duplicate;
    return written;
  }
  if (parts.empty()) return written;
  int64_t table_id = target.info.id.value();
  Writer writer{key.id, {}};
  if (key.id < 0) {
    ASSIGN_OR_RETURN(writer, TakeWriter(table_id));
  }
  IngestIntent intent{
      target.info.path.database, target.info.path.table, table_id, parameters, writer.id, {}, body};
  for (const auto& [bucket, part] : parts) {
    intent.sequences[bucket] = key.id < 0 ? writer.next[bucket]++ : key.content;
  }
  ASSIGN_OR_RETURN(written, StoreParts(target, parts, std::move(intent)));
  if (key.id < 0) {
    std::lock_guard lock(mutex_);
    idle_writers_[table_id].push_back(std::move(writer));
  }
  return written;
}

Result<IngestHandler::Written> IngestHandler::StoreParts(Target& target, const Parts& parts,
                                                         IngestIntent intent) {
  {
    std::lock_guard lock(mutex_);
    if (unfinished_.size() >= kUnfinishedMax) {
      return Unavailable("{} requests wait for some of their buckets", unfinished_.size());
    }
  }
  ASSIGN_OR_RETURN(std::string path, journal_->Begin(intent));
  Written written;
  Status status;
  int64_t deadline = MonotonicMs() + options_.complete_timeout_ms;
  while (true) {
    status = WriteParts(*target.writer, parts, intent.writer_id, intent.sequences, written.acks);
    if (status.ok() || written.acks.empty() || !IsRetriable(status)) break;
    if (MonotonicMs() > deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(kRetryPauseMs));
  }
  if (!status.ok() && !written.acks.empty()) {
    FinishLater(path, std::move(intent));
    Error error = Unavailable("only some buckets have their rows: {}", status.message());
    error.hint = "the rest follows by itself; repeat with the same Idempotency-Key to know when";
    return error;
  }
  RETURN_IF_ERROR(journal_->Finish(path));
  if (!status.ok()) return status;
  written.duplicate = true;
  for (const auto& [bucket, ack] : written.acks) written.duplicate &= ack.duplicate;
  return written;
}

HttpResponse IngestHandler::Handle(const HttpRequest& request) {
  int64_t begin = MonotonicNs();
  HttpResponse response = Answer(request);
  ++metrics_.requests;
  metrics_.bytes += static_cast<int64_t>(request.body.size());
  metrics_.latency_ns += MonotonicNs() - begin;
  if (response.status != 200) ++metrics_.failed_requests;
  if (response.status == 507) response.headers["Retry-After"] = "1";
  return response;
}

HttpResponse IngestHandler::Answer(const HttpRequest& request) {
  if (request.method != "POST") {
    HttpResponse response = HttpResponse::FromError(InvalidArgument("rows are added by POST"));
    response.status = 405;
    response.headers["Allow"] = "POST";
    return response;
  }
  std::string_view rest = std::string_view(request.path).substr(kPathPrefix.size());
  size_t slash = rest.find('/');
  if (slash == std::string_view::npos || rest.find('/', slash + 1) != std::string_view::npos) {
    return HttpResponse::FromError(NotFound("the path is {}<database>/<table>", kPathPrefix));
  }
  auto target = OpenTarget(std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1)));
  if (!target.ok()) return HttpResponse::FromError(target.error());
  auto parameters = BodyParametersOf(request);
  if (!parameters.ok()) return HttpResponse::FromError(parameters.error());
  const model::TableDescriptor& table = target->info.descriptor;
  format::RowError row_error;
  auto batch = ReadIngestBody(table.schema.columns, *parameters, request.body, row_error);
  if (!batch.ok()) return RowErrorResponse(row_error, table);
  auto written =
      Store(*target, *parameters, request.body, *batch, KeyOf(request, *target, *parameters));
  if (!written.ok()) return ErrorResponse(written.error());
  if (written->duplicate) {
    ++metrics_.duplicate_requests;
  } else {
    metrics_.rows += batch->num_rows;
  }
  nlohmann::json offsets = nlohmann::json::array();
  for (const auto& [bucket, ack] : written->acks) {
    nlohmann::json place = {{"bucket", bucket.bucket},
                            {"base_offset", ack.base_offset},
                            {"next_offset", ack.next_offset}};
    if (bucket.partition) place["partition_id"] = bucket.partition->value();
    offsets.push_back(std::move(place));
  }
  nlohmann::json answer = {
      {"rows", batch->num_rows}, {"offsets", offsets}, {"duplicate", written->duplicate}};
  return HttpResponse::Json(200, answer.dump() + "\n");
}

}  // namespace forebay::serve
