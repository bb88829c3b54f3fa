#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace forebay::compute {

/// Takes an operator instance's state at a checkpoint. State is named tables of (key, value) byte
/// strings; only entries that changed since the last checkpoint are written, a removed one as a
/// deletion. The checkpoint store merges the deltas. `key_group` is the key hash modulo kKeyGroups:
/// it lets a job be restored with another number of shards.
class StateWriter {
 public:
  virtual ~StateWriter() = default;
  virtual void Put(std::string_view table, int key_group, std::string_view key,
                   std::string_view value) = 0;
  virtual void Delete(std::string_view table, int key_group, std::string_view key) = 0;
};

/// Gives an operator instance the entries of its key groups, in no particular order. Entries with
/// key group kUnkeyed go to every shard.
class StateReader {
 public:
  using EntryFunction = std::function<Status(std::string_view key, std::string_view value)>;
  virtual ~StateReader() = default;
  virtual Status ForEach(std::string_view table, const EntryFunction& entry) = 0;
};

/// Key groups of every job: the largest number of shards it can ever have.
inline constexpr int kKeyGroups = 128;
/// The key group of state that belongs to no key (written by shard `n` under its own key; every
/// shard reads all of it).
inline constexpr int kUnkeyed = -1;

/// The key group of a 64-bit key hash (hash_batch.h), and the shard that owns a key group.
inline int KeyGroupOf(uint64_t key_hash) { return static_cast<int>(key_hash >> 57); }
inline int ShardOf(int key_group, int num_shards) { return key_group * num_shards / kKeyGroups; }

}  // namespace forebay::compute
