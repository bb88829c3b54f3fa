#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/table.h"

namespace forebay::serve {

/// A request whose rows go to several buckets: enough to write them again, with the same
/// identities, so that what is stored already is recognised.
struct IngestIntent {
  std::string database;
  std::string table;
  int64_t table_id = 0;
  std::string parameters;  ///< how to read the body: the handler's words
  int64_t writer_id = 0;
  std::map<model::BucketId, int32_t> sequences;
  std::string body;
};

/// Keeps the intents of requests under way, a file each, so that a crash between two bucket writes
/// leaves all or none of a request. A file is `u32 CRC-32C of the rest, strings and numbers as
/// Encode writes them`. Thread-safe.
class IngestJournal {
 public:
  static Result<std::unique_ptr<IngestJournal>> Open(io::FileSystem& fs, std::string directory);

  /// Durable when it returns; the result names the file for Finish.
  Result<std::string> Begin(const IngestIntent& intent);
  /// The request is stored, or nothing of it is.
  Status Finish(const std::string& path);
  /// Intents of an earlier process by path. Damaged files are set aside under another name: their
  /// requests were never acknowledged.
  Result<std::map<std::string, IngestIntent>> Unfinished();

 private:
  IngestJournal(io::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}
  io::FileSystem& fs_;
  std::string directory_;
  std::atomic<int64_t> next_{0};
};

}  // namespace forebay::serve
