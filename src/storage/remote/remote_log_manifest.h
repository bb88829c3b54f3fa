#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/remote/remote_paths.h"

namespace forebay::storage {

/// A segment in remote storage: the offsets [start, end) in `<tablet>/<id>/<start>.log`.
struct RemoteLogSegment {
  std::string id;
  model::LogOffset start = 0;
  model::LogOffset end = 0;
  int64_t max_timestamp_ms = 0;
  uint64_t size_bytes = 0;
};

/// The segments of one bucket in remote storage, the oldest first, without a gap.
struct RemoteLogSegments {
  std::vector<RemoteLogSegment> segments;

  bool empty() const { return segments.empty(); }
  model::LogOffset start() const { return empty() ? 0 : segments.front().start; }
  model::LogOffset end() const { return empty() ? 0 : segments.back().end; }
  /// The one that holds `offset`; null when there is none.
  const RemoteLogSegment* Find(model::LogOffset offset) const;
};

/// A manifest as Fluss writes it, version 1 (RemoteLogManifestJsonSerde).
std::string RemoteLogManifestToJson(const RemoteBucketName& name,
                                    const RemoteLogSegments& segments);
/// kCorruption.
Result<RemoteLogSegments> RemoteLogManifestFromJson(std::string_view text);

}  // namespace forebay::storage
