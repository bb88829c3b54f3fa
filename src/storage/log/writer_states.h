#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// What one bucket remembers of its idempotent writers: the last five durable batches of each, and
/// all that are not durable yet. A writer that was silent for seven days is forgotten.
/// Thread-compatible.
class WriterStates {
 public:
  static constexpr size_t kBatchesKept = 5;
  static constexpr int64_t kExpiryMs = int64_t{7} * 24 * 3600 * 1000;

  struct Batch {
    int32_t sequence;
    model::LogOffset base_offset;
    model::LogOffset next_offset;
    int64_t timestamp_ms;
  };

  /// The remembered batch with this sequence, if it is one.
  std::optional<Batch> Find(int64_t writer_id, int32_t sequence) const;
  /// Whether `sequence` is the one that is due: 0 for a new writer, else the last one's successor
  /// (0 after INT32_MAX).
  Status CheckDue(int64_t writer_id, int32_t sequence) const;
  /// Remembers a batch. `durable_end` bounds what may be forgotten.
  void Add(int64_t writer_id, const Batch& batch, model::LogOffset durable_end);
  /// Forgets the batches at or above an offset: they were not stored after all.
  void CutAt(model::LogOffset offset);
  void Expire(int64_t now_ms);
  size_t size() const { return writers_.size(); }

  /// Batches below `end`, as `varint writers, (int64 id, varint batches, (int32, int64, int64,
  /// int64)*)*`.
  void Encode(model::LogOffset end, ByteWriter& out) const;
  static Result<WriterStates> Decode(ByteReader& in);

 private:
  std::unordered_map<int64_t, std::deque<Batch>> writers_;
};

}  // namespace forebay::storage
