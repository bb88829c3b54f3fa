// The entries of a checkpoint file, and a whole one: the input with the checksum it needs, or
// nothing behind that would ever be read.

#include <algorithm>

#include "base/crc32c.h"
#include "compute/checkpoint/checkpoint_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {
namespace {

class MemoryFile : public io::File {
 public:
  explicit MemoryFile(std::string_view bytes) : bytes_(bytes) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) override {
    return bytes_.copy(out, size, std::min<size_t>(offset, bytes_.size()));
  }
  uint64_t size() const override { return bytes_.size(); }
  Status Append(std::span<const std::string_view>) override { return NotSupported("read only"); }
  Status WriteAt(uint64_t, std::string_view) override { return NotSupported("read only"); }
  Status Sync() override { return Status::Ok(); }
  Status Truncate(uint64_t) override { return NotSupported("read only"); }

 private:
  std::string_view bytes_;
};

}  // namespace

FUZZ_TARGET(checkpoint) {
  size_t bytes = 0;
  auto count = [&](const compute::CheckpointEntry& entry) {
    bytes += entry.table.size() + entry.key.size() + entry.value.size();
    return Status::Ok();
  };
  (void)compute::ReadCheckpointEntries(input, count);
  ByteWriter checked;
  checked.WriteBytes(input);
  checked.Write(Crc32c(input));
  MemoryFile file(checked.view());
  auto reader = compute::CheckpointFileReader::Open(file);
  while (reader.ok()) {
    auto more = (*reader)->Next();
    if (!more.ok() || !*more) break;
    (void)count((*reader)->entry());
  }
}

}  // namespace forebay
