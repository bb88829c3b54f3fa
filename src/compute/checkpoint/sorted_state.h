#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compute/checkpoint/checkpoint_file.h"

namespace forebay::compute {

/// The state of a job at a checkpoint in one sorted file, read in pieces: it may be larger than
/// memory. Reading is thread-safe.
class SortedState {
 public:
  /// Reads `path`, a kBase file, once: checks it, and notes where what begins.
  static Result<std::shared_ptr<const SortedState>> Open(io::FileSystem& fs,
                                                         const std::string& path);
  /// As StateMap's. This must outlive the reader.
  std::unique_ptr<StateReader> ReaderOf(int operator_id, int shard, int num_shards) const;

 private:
  friend class SortedStateReader;
  struct Piece {
    int key_group;
    uint64_t begin;
    uint64_t end;
  };
  Status Index();
  void Note(const CheckpointEntry& entry, uint64_t begin, uint64_t end);

  std::unique_ptr<io::File> file_;
  std::map<std::pair<int, std::string>, std::vector<Piece>> pieces_;
};

}  // namespace forebay::compute
