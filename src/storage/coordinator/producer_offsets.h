#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "storage/coordinator/metadata_store.h"

namespace forebay::storage {

/// The offsets from which writers count what they have written, noted under a name before they
/// begin, so that they find them again after a failure (Fluss's ProducerOffsetsManager). Durable,
/// forgotten when their time has come. Thread-safe.
class ProducerOffsets {
 public:
  static constexpr int64_t kTtlMs = int64_t{24} * 3600 * 1000;

  struct Entry {
    int64_t expires_ms = 0;
    std::map<model::TableBucket, model::LogOffset> offsets;
  };

  /// Both must outlive the object.
  ProducerOffsets(MetadataStore& metadata, const Clock& clock);

  /// False when there are some under this name already: they stay. kInvalidArgument for a name that
  /// is none.
  Result<bool> Register(const std::string& producer,
                        const std::map<model::TableBucket, model::LogOffset>& offsets,
                        std::optional<int64_t> ttl_ms);
  Result<std::optional<Entry>> Get(const std::string& producer);
  /// Unknown names are fine.
  Status Delete(const std::string& producer);
  /// Forgets those whose time has come.
  Status Expire();

 private:
  Status DeleteLocked(const std::string& producer);

  MetadataStore& metadata_;
  const Clock& clock_;
  std::mutex mutex_;  ///< guards all below
  std::map<std::string, Entry> entries_;
};

}  // namespace forebay::storage
