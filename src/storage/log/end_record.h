#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "io/file_system.h"
#include "model/table.h"

namespace forebay::storage {

/// The offset below which a bucket's batches were acknowledged, in its file `end`: so that a start
/// notices when the log holds less. The record is written before every acknowledgement, which
/// makes it last across the end of the process, and synced when the file is new and now and then,
/// which makes it last across a power failure, then perhaps somewhat behind. It is never ahead of
/// what was durable. Thread-safe.
///
///   two slots at bytes 0 and 512, written in turn: uint32 magic "FBLE", int64 end offset,
///   uint32 CRC-32C of both; 0 where nothing was written yet
class EndRecord {
 public:
  EndRecord(io::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  /// nullopt when there is no record, or none that can be read (which is logged).
  static Result<std::optional<model::LogOffset>> Load(io::FileSystem& fs,
                                                      const std::string& directory);

  Status Note(model::LogOffset end);
  /// Makes the last note survive a power failure; does nothing when it would already.
  Status Sync();

 private:
  Status Create();

  io::FileSystem& fs_;
  const std::string directory_;
  std::mutex mutex_;  ///< guards all below
  std::unique_ptr<io::File> file_;
  int next_slot_ = 0;
  bool synced_ = true;
};

}  // namespace forebay::storage
