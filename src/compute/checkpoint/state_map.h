#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "compute/checkpoint/checkpoint_file.h"

namespace forebay::compute {

/// The merged state of a job at a checkpoint: the latest value of every entry. Thread-compatible;
/// reading is thread-safe once it is filled.
class StateMap {
 public:
  void Apply(const CheckpointEntry& entry);
  Status ApplyAll(const CheckpointEntries& entries);

  /// What instance `shard` of `num_shards` of operator `operator_id` may read. This map must
  /// outlive the reader.
  std::unique_ptr<StateReader> ReaderOf(int operator_id, int shard, int num_shards) const;

  bool empty() const { return tables_.empty(); }

 private:
  friend class ShardStateReader;
  /// (key group, key) -> value.
  struct KeyHash {
    size_t operator()(const std::pair<int, std::string>& key) const {
      return std::hash<std::string>()(key.second) * 31 + static_cast<size_t>(key.first);
    }
  };
  using Table = std::unordered_map<std::pair<int, std::string>, std::string, KeyHash>;

  std::map<std::pair<int, std::string>, Table> tables_;
};

}  // namespace forebay::compute
