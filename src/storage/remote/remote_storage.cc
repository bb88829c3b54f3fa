#include "storage/remote/remote_storage.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/whole_json.h"

namespace forebay::storage {
namespace {

using Json = nlohmann::ordered_json;

const std::string kRemovalKind = "remote_removal";
constexpr int64_t kTickMsMax = 1000;
constexpr int64_t kTickMsMin = 20;

/// An absolute path of the local file system.
Result<std::string> LocalDirectory(std::string directory, const std::string& data_dir) {
  if (directory.empty()) directory = io::JoinPath(data_dir, "remote");
  constexpr std::string_view kFileScheme = "file://";
  if (directory.starts_with(kFileScheme)) directory.erase(0, kFileScheme.size());
  if (directory.find("://") != std::string::npos) {
    return NotSupported("remote storage '{}': only local directories and s3:// are", directory);
  }
  std::error_code code;
  auto absolute = std::filesystem::absolute(directory, code).lexically_normal();
  if (code) return InvalidArgument("remote directory '{}': {}", directory, code.message());
  std::string path = absolute.string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

/// `s3://<bucket>` and what follows it.
Result<std::string> ObjectDirectory(std::string directory) {
  while (directory.ends_with('/')) directory.pop_back();
  if (!io::IsS3Path(directory))
    return InvalidArgument("remote directory '{}' has no bucket", directory);
  return directory;
}

std::string RemovalName(const RemoteBucketName& name) {
  std::string text = std::to_string(name.bucket.table_id.value());
  if (name.bucket.partition_id.has_value()) {
    text += "-" + std::to_string(name.bucket.partition_id->value());
  }
  return text;
}

Result<RemoteBucketName> RemovalFromJson(const std::string& text) {
  Json document = ParseWholeJson<Json>(text);
  try {
    RemoteBucketName name;
    name.table = {document.at("database").get<std::string>(),
                  document.at("table").get<std::string>()};
    name.bucket.table_id = model::TableId(document.at("table_id").get<int64_t>());
    if (document.contains("partition_id")) {
      name.bucket.partition_id = model::PartitionId(document["partition_id"].get<int64_t>());
      name.partition = document.at("partition").get<std::string>();
    }
    return name;
  } catch (const Json::exception& error) {
    return Corruption("a planned removal cannot be read: {}", error.what());
  }
}

}  // namespace

Result<std::unique_ptr<RemoteStorage>> RemoteStorage::Open(RemoteOptions options,
                                                           const std::string& data_dir,
                                                           io::FileSystem& fs, const Clock& clock,
                                                           StorageMetrics& metrics,
                                                           MetadataStore& metadata) {
  std::unique_ptr<io::RemoteFiles> files;
  std::string root;
  if (io::IsS3Path(options.directory)) {
    ASSIGN_OR_RETURN(root, ObjectDirectory(options.directory));
    ASSIGN_OR_RETURN(files, io::MakeS3RemoteFiles(options.s3, fs));
  } else {
    ASSIGN_OR_RETURN(root, LocalDirectory(options.directory, data_dir));
    files = io::MakeLocalRemoteFiles(fs);
  }
  std::shared_ptr<RemoteServices> services(new RemoteServices{
      fs, clock, metrics, std::move(options), RemotePaths(std::move(root)), std::move(files)});
  return std::unique_ptr<RemoteStorage>(new RemoteStorage(std::move(services), metadata));
}

RemoteStorage::RemoteStorage(std::shared_ptr<RemoteServices> services, MetadataStore& metadata)
    : services_(std::move(services)), metadata_(metadata), leases_(metadata, services_->clock) {}

RemoteStorage::~RemoteStorage() { Stop(); }

Result<std::shared_ptr<RemoteBucket>> RemoteStorage::OpenBucket(RemoteBucketName name,
                                                                std::string directory,
                                                                std::shared_ptr<LogTablet> log,
                                                                bool has_rows) {
  ASSIGN_OR_RETURN(auto bucket, RemoteBucket::Open(services_, std::move(name), std::move(directory),
                                                   std::move(log), has_rows));
  std::lock_guard lock(mutex_);
  buckets_.push_back(bucket);
  return bucket;
}

std::vector<std::shared_ptr<RemoteBucket>> RemoteStorage::Buckets() {
  std::lock_guard lock(mutex_);
  std::erase_if(buckets_, [](const auto& bucket) { return bucket.expired(); });
  std::vector<std::shared_ptr<RemoteBucket>> buckets;
  for (const auto& entry : buckets_) {
    if (auto bucket = entry.lock()) buckets.push_back(std::move(bucket));
  }
  return buckets;
}

/// Often enough for the shortest interval.
int64_t RemoteStorage::TickMs() const {
  int64_t shortest = kTickMsMax * 4;
  for (int64_t interval :
       {services_->options.kv_snapshot_interval_ms, services_->options.log_task_interval_ms}) {
    if (interval > 0) shortest = std::min(shortest, interval);
  }
  return std::clamp(shortest / 4, kTickMsMin, kTickMsMax);
}

void RemoteStorage::Start() {
  thread_ = std::thread([this] { RunLoop(); });
}

void RemoteStorage::RunLoop() {
  auto tick = std::chrono::milliseconds(TickMs());
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, tick, [this] { return stopped_.load(); })) {
    lock.unlock();
    RunOnce();
    lock.lock();
  }
}

void RemoteStorage::RunOnce() {
  Status expired = leases_.Expire();
  if (!expired.ok()) {
    Log(LogLevel::kWarning, "storage", "leases do not expire: {}", expired.message());
  }
  for (const auto& bucket : Buckets()) {
    if (stopped_) return;
    bucket->Run(MonotonicMs(), leases_);
  }
}

void RemoteStorage::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status RemoteStorage::PlanRemoval(const RemoteBucketName& name) {
  Json document = {{"database", name.table.database},
                   {"table", name.table.table},
                   {"table_id", name.bucket.table_id.value()}};
  if (name.bucket.partition_id.has_value()) {
    document["partition_id"] = name.bucket.partition_id->value();
    document["partition"] = name.partition;
  }
  return metadata_.PutObject(kRemovalKind, RemovalName(name), document.dump(), true);
}

Status RemoteStorage::FinishRemoval(const RemoteBucketName& name) {
  RETURN_IF_ERROR(services_->files->RemoveAll(services_->paths.KvOf(name)));
  RETURN_IF_ERROR(services_->files->RemoveAll(services_->paths.LogOf(name)));
  return metadata_.DropObject(kRemovalKind, RemovalName(name));
}

Status RemoteStorage::FinishRemovals(const std::function<bool(const RemoteBucketName&)>& exists) {
  for (const std::string& planned : metadata_.ListObjects(kRemovalKind)) {
    ASSIGN_OR_RETURN(std::string text, metadata_.GetObject(kRemovalKind, planned));
    auto name = RemovalFromJson(text);
    Status done;
    if (!name.ok() || exists(*name)) {
      done = metadata_.DropObject(kRemovalKind, planned);
    } else {
      done = FinishRemoval(*name);
    }
    if (!done.ok()) {
      Log(LogLevel::kWarning, "storage", "remote files stay until the next start: {}",
          done.message());
    }
  }
  return {};
}

}  // namespace forebay::storage
