#include "storage/coordinator/producer_offsets.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/log.h"

namespace forebay::storage {
namespace {

using Json = nlohmann::ordered_json;
using model::TableBucket;

const std::string kKind = "producer_offsets";
constexpr size_t kNameBytesMax = 200;
constexpr size_t kProducersMax = 100'000;

Status CheckName(const std::string& producer) {
  bool plain = !producer.empty() && producer.size() <= kNameBytesMax;
  for (char c : producer) {
    plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
  }
  if (plain) return {};
  return InvalidArgument("a producer has 1 to {} ASCII letters, digits, '_' or '-': '{}'",
                         kNameBytesMax, producer);
}

std::string ToJson(const ProducerOffsets::Entry& entry) {
  Json offsets = Json::array();
  for (const auto& [bucket, offset] : entry.offsets) {
    Json place = {{"table_id", bucket.table_id.value()}};
    if (bucket.partition_id.has_value()) place["partition_id"] = bucket.partition_id->value();
    place["bucket_id"] = bucket.bucket;
    place["offset"] = offset;
    offsets.push_back(std::move(place));
  }
  return Json{{"expires_ms", entry.expires_ms}, {"offsets", std::move(offsets)}}.dump();
}

/// Throws Json::exception.
ProducerOffsets::Entry FromJson(const Json& document) {
  ProducerOffsets::Entry entry;
  entry.expires_ms = document.at("expires_ms").get<int64_t>();
  for (const Json& place : document.at("offsets")) {
    TableBucket bucket{model::TableId(place.at("table_id").get<int64_t>()), std::nullopt,
                       place.at("bucket_id").get<int>()};
    if (place.contains("partition_id")) {
      bucket.partition_id = model::PartitionId(place["partition_id"].get<int64_t>());
    }
    entry.offsets[bucket] = place.at("offset").get<int64_t>();
  }
  return entry;
}

}  // namespace

ProducerOffsets::ProducerOffsets(MetadataStore& metadata, const Clock& clock)
    : metadata_(metadata), clock_(clock) {
  for (const std::string& name : metadata_.ListObjects(kKind)) {
    auto text = metadata_.GetObject(kKind, name);
    try {
      if (text.ok()) entries_[name] = FromJson(Json::parse(*text));
    } catch (const Json::exception& error) {
      Log(LogLevel::kError, "storage", "producer offsets unreadable name={}: {}", name,
          error.what());
    }
  }
}

Result<bool> ProducerOffsets::Register(const std::string& producer,
                                       const std::map<TableBucket, model::LogOffset>& offsets,
                                       std::optional<int64_t> ttl_ms) {
  RETURN_IF_ERROR(CheckName(producer));
  std::lock_guard lock(mutex_);
  int64_t now_ms = clock_.NowMs(), ttl = ttl_ms.value_or(kTtlMs);
  auto found = entries_.find(producer);
  if (found != entries_.end() && found->second.expires_ms > now_ms) return false;
  if (found == entries_.end() && entries_.size() >= kProducersMax) {
    return Unavailable("there are offsets of {} producers already", entries_.size());
  }
  Entry entry{ttl > INT64_MAX - now_ms ? INT64_MAX : now_ms + ttl, offsets};
  RETURN_IF_ERROR(metadata_.PutObject(kKind, producer, ToJson(entry), true));
  entries_[producer] = std::move(entry);
  return true;
}

Result<std::optional<ProducerOffsets::Entry>> ProducerOffsets::Get(const std::string& producer) {
  RETURN_IF_ERROR(CheckName(producer));
  std::lock_guard lock(mutex_);
  auto found = entries_.find(producer);
  if (found == entries_.end() || found->second.expires_ms <= clock_.NowMs()) {
    return std::optional<Entry>();
  }
  return std::optional(found->second);
}

Status ProducerOffsets::Delete(const std::string& producer) {
  RETURN_IF_ERROR(CheckName(producer));
  std::lock_guard lock(mutex_);
  return DeleteLocked(producer);
}

Status ProducerOffsets::DeleteLocked(const std::string& producer) {
  if (!entries_.contains(producer)) return {};
  RETURN_IF_ERROR(metadata_.DropObject(kKind, producer));
  entries_.erase(producer);
  return {};
}

Status ProducerOffsets::Expire() {
  std::lock_guard lock(mutex_);
  int64_t now_ms = clock_.NowMs();
  std::vector<std::string> ended;
  for (const auto& [name, entry] : entries_) {
    if (entry.expires_ms <= now_ms) ended.push_back(name);
  }
  for (const std::string& name : ended) RETURN_IF_ERROR(DeleteLocked(name));
  return {};
}

}  // namespace forebay::storage
