#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/file_system.h"
#include "model/table.h"

namespace forebay::storage {

/// How far the auto-increment column of each table has been given to its buckets: a checksummed
/// file a table, replaced before a range is handed out. Thread-safe.
class SequenceStore {
 public:
  /// `directory` is made when it is needed.
  SequenceStore(io::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  /// The first of `count` values that nobody was given; the first of all is 1. kOutOfRange when
  /// there are no more.
  Result<int64_t> Reserve(model::TableId table, int64_t count);
  /// Forgets a table.
  void Remove(model::TableId table);

 private:
  std::string FileOf(model::TableId table) const;
  Result<int64_t> Read(model::TableId table);

  io::FileSystem& fs_;
  const std::string directory_;
  std::mutex mutex_;
  std::map<model::TableId, int64_t> next_;  ///< of the tables asked for
};

}  // namespace forebay::storage
