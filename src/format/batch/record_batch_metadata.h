#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/batch/compression.h"

namespace forebay::format {

/// What the flatbuffer of an Arrow RecordBatch message says (Message.fbs): one node a field and the
/// places of its buffers in the body, both depth first.
struct RecordBatchMetadata {
  struct Node {
    int64_t length;
    int64_t null_count;
  };
  struct Buffer {
    int64_t offset;
    int64_t length;
  };
  int64_t length = 0;
  int64_t body_length = 0;
  Compression compression = Compression::kNone;
  std::vector<Node> nodes;
  std::vector<Buffer> buffers;
};

/// Bytes of the metadata with its 8-byte prefix; depends on nothing else, so it can be reserved
/// before the body is written.
size_t RecordBatchMetadataBytes(size_t nodes, size_t buffers);

/// Writes the prefix and the flatbuffer to `at`, which has RecordBatchMetadataBytes() zero bytes.
void WriteRecordBatchMetadata(const RecordBatchMetadata& metadata, char* at);

/// Reads the metadata of a message and sets `body` to its body. kCorruption for anything but a
/// RecordBatch that lies whole in `message`. The places of the buffers are checked against the
/// body, their contents are not.
Result<RecordBatchMetadata> ReadRecordBatchMetadata(std::string_view message,
                                                    std::string_view* body);

}  // namespace forebay::format
