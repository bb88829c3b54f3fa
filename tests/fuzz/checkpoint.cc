// The entries of a checkpoint file, and a whole one: the input with the checksum it needs, or
// nothing behind that would ever be read.

#include "base/crc32c.h"
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
  ByteWriter file;
  file.WriteBytes(input);
  file.Write(Crc32c(input));
  (void)compute::ReadCheckpointFile(file.view(), compute::CheckpointFileKind::kBase, count);
}

}  // namespace forebay
