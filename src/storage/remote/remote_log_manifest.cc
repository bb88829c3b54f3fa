#include "storage/remote/remote_log_manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/whole_json.h"

namespace forebay::storage {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

/// Throws Json::exception.
Result<RemoteLogSegments> FromJson(const Json& document) {
  RemoteLogSegments segments;
  for (const Json& entry : document.at("remote_log_segments")) {
    RemoteLogSegment segment{
        entry.at("segment_id").get<std::string>(), entry.at("start_offset").get<int64_t>(),
        entry.at("end_offset").get<int64_t>(), entry.at("max_timestamp").get<int64_t>(),
        entry.at("size_in_bytes").get<uint64_t>()};
    bool follows = segment.start >= 0 && segment.end > segment.start &&
                   (segments.empty() || segments.end() == segment.start);
    if (!follows) return Corruption("segment {} of a manifest is out of order", segment.id);
    segments.segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace

const RemoteLogSegment* RemoteLogSegments::Find(model::LogOffset offset) const {
  auto behind = std::upper_bound(
      segments.begin(), segments.end(), offset,
      [](model::LogOffset wanted, const RemoteLogSegment& entry) { return wanted < entry.start; });
  if (behind == segments.begin()) return nullptr;
  const RemoteLogSegment& found = *std::prev(behind);
  return offset < found.end ? &found : nullptr;
}

std::string RemoteLogManifestToJson(const RemoteBucketName& name,
                                    const RemoteLogSegments& segments) {
  Json document = {
      {"version", kVersion}, {"database", name.table.database}, {"table", name.table.table}};
  bool is_partition = name.bucket.partition_id.has_value();
  if (is_partition) document["partition_name"] = name.partition;
  document["table_id"] = name.bucket.table_id.value();
  if (is_partition) document["partition_id"] = name.bucket.partition_id->value();
  document["bucket_id"] = name.bucket.bucket;
  Json entries = Json::array();
  for (const RemoteLogSegment& segment : segments.segments) {
    entries.push_back({{"segment_id", segment.id},
                       {"start_offset", segment.start},
                       {"end_offset", segment.end},
                       {"max_timestamp", segment.max_timestamp_ms},
                       {"size_in_bytes", segment.size_bytes}});
  }
  document["remote_log_segments"] = std::move(entries);
  return document.dump();
}

Result<RemoteLogSegments> RemoteLogManifestFromJson(std::string_view text) {
  Json document = ParseWholeJson<Json>(text);
  if (!document.is_object()) return Corruption("a remote log's manifest is no JSON object");
  try {
    return FromJson(document);
  } catch (const Json::exception& error) {
    return Corruption("a remote log's manifest cannot be read: {}", error.what());
  }
}

}  // namespace forebay::storage
