#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace forebay::storage {

/// Keeps some of the disk free: what writes rows asks first, so that RocksDB, checkpoints and
/// metadata still find space when rows no longer do. RocksDB must not meet a full disk: some builds
/// of it end the process. Thread-safe.
class DiskSpace {
 public:
  /// `directory` lies on the disk.
  explicit DiskSpace(std::string directory) : directory_(std::move(directory)) {}
  /// kNoSpace when less than what is kept free would be left after so many more bytes.
  Status Check(int64_t bytes) const;

 private:
  const std::string directory_;
};

}  // namespace forebay::storage
