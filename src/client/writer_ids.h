#pragma once

#include <cstdint>

#include "base/result.h"
#include "model/table.h"

namespace forebay::client {

/// Gives ids for idempotent writers, each by the storage core that has the table. A Connection to
/// several cores is one of these, too. Thread-safe.
class WriterIds {
 public:
  virtual ~WriterIds() = default;
  /// See Admin::AllocateWriterId.
  virtual Result<int64_t> AllocateWriterIdFor(const model::TablePath& path) = 0;
};

}  // namespace forebay::client
