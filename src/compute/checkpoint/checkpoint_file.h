#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "compute/state/state_io.h"

namespace forebay::compute {

/// What a checkpoint file holds (docs/formats/checkpoint.md).
enum class CheckpointFileKind : uint8_t {
  kDelta = 1,   ///< entries that changed since the checkpoint before
  kBase = 2,    ///< all entries at a checkpoint
  kCommit = 3,  ///< what sinks must commit once the checkpoint is durable
};

/// One entry of a checkpoint file. Views into the file's bytes.
struct CheckpointEntry {
  int operator_id = 0;
  std::string_view table;
  int key_group = kUnkeyed;
  std::string_view key;
  std::string_view value;
  bool removed = false;
};

/// Serialises entries of one operator at a time: what a shard fills at a barrier.
/// Thread-compatible.
class CheckpointEntries : public StateWriter {
 public:
  void SetOperator(int operator_id) { operator_id_ = operator_id; }
  void Put(std::string_view table, int key_group, std::string_view key,
           std::string_view value) override;
  void Delete(std::string_view table, int key_group, std::string_view key) override;

  uint64_t count() const { return count_; }
  std::string_view bytes() const { return bytes_.view(); }
  bool empty() const { return count_ == 0; }

 private:
  void WriteKey(uint8_t tag, std::string_view table, int key_group, std::string_view key);

  int operator_id_ = 0;
  uint64_t count_ = 0;
  ByteWriter bytes_;
};

/// Calls `entry` for every entry of CheckpointEntries::bytes().
Status ReadCheckpointEntries(std::string_view bytes,
                             const std::function<Status(const CheckpointEntry&)>& entry);

/// A whole file of `kind` from parts that CheckpointEntries made.
std::string MakeCheckpointFile(CheckpointFileKind kind, int64_t checkpoint_id,
                               const std::vector<const CheckpointEntries*>& parts);

/// Checks the header and the checksum, then calls `entry` for every entry. kCorruption for anything
/// else than a whole file of `kind`, kNotSupported for a newer version.
Status ReadCheckpointFile(std::string_view bytes, CheckpointFileKind kind,
                          const std::function<Status(const CheckpointEntry&)>& entry);

}  // namespace forebay::compute
