#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/table.h"

namespace forebay::storage {

/// RocksDB files in a directory of their own that hold a bucket's rows as of one changelog offset.
struct KvCheckpoint {
  struct File {
    std::string name;
    uint64_t size_bytes = 0;
  };
  model::LogOffset log_offset = 0;
  std::optional<int64_t> row_count;
  /// Of the RocksDB it was taken from: names of SST files are unique within it.
  std::string database_identity;
  std::vector<File> files;
};

}  // namespace forebay::storage
