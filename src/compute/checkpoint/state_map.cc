#include "compute/checkpoint/state_map.h"

namespace forebay::compute {

/// Filters one operator's entries down to the key groups of a shard.
class ShardStateReader : public StateReader {
 public:
  ShardStateReader(const StateMap& map, int operator_id, int shard, int num_shards)
      : map_(map), operator_id_(operator_id), shard_(shard), num_shards_(num_shards) {}

  Status ForEach(std::string_view table, const EntryFunction& entry) override {
    auto found = map_.tables_.find({operator_id_, std::string(table)});
    if (found == map_.tables_.end()) return Status::Ok();
    for (const auto& [key, value] : found->second) {
      if (key.first != kUnkeyed && ShardOf(key.first, num_shards_) != shard_) continue;
      RETURN_IF_ERROR(entry(key.second, value));
    }
    return Status::Ok();
  }

 private:
  const StateMap& map_;
  const int operator_id_;
  const int shard_;
  const int num_shards_;
};

void StateMap::Apply(const CheckpointEntry& entry) {
  Table& table = tables_[{entry.operator_id, std::string(entry.table)}];
  std::pair<int, std::string> key(entry.key_group, entry.key);
  if (entry.removed) {
    table.erase(key);
  } else {
    table.insert_or_assign(std::move(key), std::string(entry.value));
  }
}

Status StateMap::ApplyAll(const CheckpointEntries& entries) {
  return entries.ForEachPart([this](std::string_view part) {
    return ReadCheckpointEntries(part, [this](const CheckpointEntry& entry) {
      Apply(entry);
      return Status::Ok();
    });
  });
}

std::unique_ptr<StateReader> StateMap::ReaderOf(int operator_id, int shard, int num_shards) const {
  return std::make_unique<ShardStateReader>(*this, operator_id, shard, num_shards);
}

}  // namespace forebay::compute
