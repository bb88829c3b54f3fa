#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "model/table.h"

namespace forebay::client {

/// Writer ids from here on stand for one request each: storage takes one batch a bucket from such a
/// writer, of any sequence, and refuses another sequence with kConflict.
inline constexpr int64_t kOneTimeWriterIdMin = int64_t{1} << 62;

/// What a table remembers of idempotent writers. A Connection that can tell is one of these, too.
/// Thread-safe.
class WriterMemory {
 public:
  virtual ~WriterMemory() = default;
  /// The last sequence of a writer in any bucket of the table, also when it is not durable yet.
  virtual Result<std::optional<int32_t>> LastSequence(const model::TablePath& path,
                                                      int64_t writer_id) = 0;
};

}  // namespace forebay::client
