#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// What one bucket remembers of its idempotent writers. Thread-compatible.
///
/// Of an ordinary writer the last five durable batches are known, and all that are not durable yet;
/// its sequences rise by 1 from 0. A bucket knows at most 10,000 writers. While they are 1,000 or
/// fewer they are known however long they are silent, else for seven days.
///
/// An id from kOneTimeIdMin on stands for one request and has one batch, of any sequence: the
/// sequence says what the request held, so that another request under the same id is told apart.
/// They are known for seven days, at most 100,000 of a bucket. What is known the longest goes
/// first.
class WriterStates {
 public:
  static constexpr size_t kBatchesKept = 5;
  static constexpr int64_t kExpiryMs = int64_t{7} * 24 * 3600 * 1000;
  static constexpr int64_t kOneTimeIdMin = int64_t{1} << 62;
  static constexpr size_t kWritersAlwaysKept = 1'000;
  static constexpr size_t kWritersMax = 10'000;
  static constexpr size_t kOneTimeAlwaysKept = 1'000;
  static constexpr size_t kOneTimeMax = 100'000;

  struct Batch {
    int32_t sequence;
    model::LogOffset base_offset;
    model::LogOffset next_offset;
    int64_t timestamp_ms;
  };

  /// The remembered batch with this sequence, if it is one.
  std::optional<Batch> Find(int64_t writer_id, int32_t sequence) const;
  /// The last sequence of a writer that is known.
  std::optional<int32_t> LastSequence(int64_t writer_id) const;
  /// Whether `sequence` is the one that is due: 0 for a new writer, else the last one's successor
  /// (0 after INT32_MAX). kConflict when a one-time id was used for another batch.
  Status CheckDue(int64_t writer_id, int32_t sequence) const;
  /// Remembers a batch. What lies below `durable_end` may be forgotten for it.
  void Add(int64_t writer_id, const Batch& batch, model::LogOffset durable_end);
  /// Forgets the batches at or above an offset: they were not stored after all.
  void CutAt(model::LogOffset offset);
  /// Forgets what is too old.
  void Expire(int64_t now_ms);
  /// Forgets the older half of the one-time ids that need not be kept: there is too little memory.
  void ForgetOlderHalf(model::LogOffset durable_end);
  size_t size() const { return writers_.size() + one_time_.size(); }
  /// About what it takes.
  int64_t MemoryBytes() const;

  /// Batches below `end`, as `varint writers, (int64 id, varint batches, (int32, int64, int64,
  /// int64)*)*`.
  void Encode(model::LogOffset end, ByteWriter& out) const;
  static Result<WriterStates> Decode(ByteReader& in);

 private:
  void AddOneTime(int64_t writer_id, const Batch& batch, model::LogOffset durable_end);
  void ForgetOldestWriters(model::LogOffset durable_end);
  void ForgetOldestOneTime();

  std::unordered_map<int64_t, std::vector<Batch>> writers_;
  std::unordered_map<int64_t, Batch> one_time_;
  std::deque<int64_t> one_time_order_;  ///< by offset, the oldest first
};

}  // namespace forebay::storage
