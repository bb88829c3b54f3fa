#include "storage/log/writer_states.h"

#include <algorithm>
#include <limits>

namespace forebay::storage {
namespace {

using model::LogOffset;

/// Estimates with what the containers add.
constexpr int64_t kBytesOfWriter = 256;
constexpr int64_t kBytesOfOneTime = 96;

size_t CountBelow(const std::vector<WriterStates::Batch>& batches, LogOffset end) {
  size_t count = batches.size();
  while (count > 0 && batches[count - 1].base_offset >= end) --count;
  return count;
}

void EncodeBatch(const WriterStates::Batch& batch, ByteWriter& out) {
  out.Write(batch.sequence);
  out.Write(batch.base_offset);
  out.Write(batch.next_offset);
  out.Write(batch.timestamp_ms);
}

}  // namespace

std::optional<WriterStates::Batch> WriterStates::Find(int64_t writer_id, int32_t sequence) const {
  if (writer_id >= kOneTimeIdMin) {
    auto known = one_time_.find(writer_id);
    if (known == one_time_.end() || known->second.sequence != sequence) return std::nullopt;
    return known->second;
  }
  auto writer = writers_.find(writer_id);
  if (writer == writers_.end()) return std::nullopt;
  for (const Batch& batch : writer->second) {
    if (batch.sequence == sequence) return batch;
  }
  return std::nullopt;
}

std::optional<int32_t> WriterStates::LastSequence(int64_t writer_id) const {
  auto known = one_time_.find(writer_id);
  if (known != one_time_.end()) return known->second.sequence;
  auto writer = writers_.find(writer_id);
  if (writer == writers_.end()) return std::nullopt;
  return writer->second.back().sequence;
}

Status WriterStates::CheckDue(int64_t writer_id, int32_t sequence) const {
  auto last = LastSequence(writer_id);
  if (writer_id >= kOneTimeIdMin) {
    if (!last.has_value() || *last == sequence) return {};
    return Conflict("another batch was stored under the one-time writer id {}", writer_id);
  }
  int32_t due = 0;
  if (last.has_value()) due = *last == std::numeric_limits<int32_t>::max() ? 0 : *last + 1;
  if (sequence == due) return {};
  return InvalidArgument("batch sequence out of order: writer {} sent {}, due is {}", writer_id,
                         sequence, due);
}

void WriterStates::Add(int64_t writer_id, const Batch& batch, LogOffset durable_end) {
  if (writer_id >= kOneTimeIdMin) return AddOneTime(writer_id, batch, durable_end);
  std::vector<Batch>& batches = writers_[writer_id];
  batches.push_back(batch);
  while (batches.size() > kBatchesKept && batches[kBatchesKept].next_offset <= durable_end) {
    batches.erase(batches.begin());
  }
  if (writers_.size() > kWritersMax) ForgetOldestWriters(durable_end);
}

void WriterStates::AddOneTime(int64_t writer_id, const Batch& batch, LogOffset durable_end) {
  if (!one_time_.emplace(writer_id, batch).second) return;
  one_time_order_.push_back(writer_id);
  while (one_time_.size() > kOneTimeMax &&
         one_time_.at(one_time_order_.front()).next_offset <= durable_end) {
    ForgetOldestOneTime();
  }
}

void WriterStates::ForgetOldestOneTime() {
  one_time_.erase(one_time_order_.front());
  one_time_order_.pop_front();
}

/// Forgets a tenth at once, so that it is seldom looked for.
void WriterStates::ForgetOldestWriters(LogOffset durable_end) {
  std::vector<std::pair<LogOffset, int64_t>> by_age;
  for (const auto& [id, batches] : writers_) {
    if (batches.back().next_offset <= durable_end) {
      by_age.emplace_back(batches.back().base_offset, id);
    }
  }
  size_t count = std::min(by_age.size(), kWritersMax / 10);
  std::partial_sort(by_age.begin(), by_age.begin() + static_cast<ptrdiff_t>(count), by_age.end());
  for (size_t i = 0; i < count; ++i) writers_.erase(by_age[i].second);
}

void WriterStates::ForgetOlderHalf(LogOffset durable_end) {
  size_t kept = std::max(kOneTimeAlwaysKept, one_time_.size() / 2);
  while (one_time_.size() > kept &&
         one_time_.at(one_time_order_.front()).next_offset <= durable_end) {
    ForgetOldestOneTime();
  }
}

void WriterStates::CutAt(LogOffset offset) {
  for (auto writer = writers_.begin(); writer != writers_.end();) {
    std::vector<Batch>& batches = writer->second;
    batches.resize(CountBelow(batches, offset));
    writer = batches.empty() ? writers_.erase(writer) : std::next(writer);
  }
  while (!one_time_order_.empty() && one_time_.at(one_time_order_.back()).base_offset >= offset) {
    one_time_.erase(one_time_order_.back());
    one_time_order_.pop_back();
  }
}

void WriterStates::Expire(int64_t now_ms) {
  int64_t oldest_ms = now_ms - kExpiryMs;
  while (!one_time_order_.empty() &&
         one_time_.at(one_time_order_.front()).timestamp_ms < oldest_ms) {
    ForgetOldestOneTime();
  }
  if (writers_.size() <= kWritersAlwaysKept) return;
  std::erase_if(writers_,
                [&](const auto& writer) { return writer.second.back().timestamp_ms < oldest_ms; });
}

int64_t WriterStates::MemoryBytes() const {
  return std::ssize(writers_) * kBytesOfWriter + std::ssize(one_time_order_) * kBytesOfOneTime;
}

void WriterStates::Encode(LogOffset end, ByteWriter& out) const {
  size_t one_time = one_time_order_.size();
  while (one_time > 0 && one_time_.at(one_time_order_[one_time - 1]).base_offset >= end) --one_time;
  size_t ordinary = 0;
  for (const auto& [id, batches] : writers_) ordinary += CountBelow(batches, end) > 0 ? 1 : 0;
  out.WriteVarint(ordinary + one_time);
  for (const auto& [id, batches] : writers_) {
    size_t count = CountBelow(batches, end);
    if (count == 0) continue;
    out.Write(id);
    out.WriteVarint(count);
    for (size_t i = 0; i < count; ++i) EncodeBatch(batches[i], out);
  }
  for (size_t i = 0; i < one_time; ++i) {
    out.Write(one_time_order_[i]);
    out.WriteVarint(1);
    EncodeBatch(one_time_.at(one_time_order_[i]), out);
  }
}

Result<WriterStates> WriterStates::Decode(ByteReader& in) {
  WriterStates states;
  ASSIGN_OR_RETURN(uint64_t writers, in.ReadVarint());
  for (uint64_t i = 0; i < writers; ++i) {
    ASSIGN_OR_RETURN(auto id, in.Read<int64_t>());
    ASSIGN_OR_RETURN(uint64_t batches, in.ReadVarint());
    for (uint64_t j = 0; j < batches; ++j) {
      Batch batch{};
      ASSIGN_OR_RETURN(batch.sequence, in.Read<int32_t>());
      ASSIGN_OR_RETURN(batch.base_offset, in.Read<int64_t>());
      ASSIGN_OR_RETURN(batch.next_offset, in.Read<int64_t>());
      ASSIGN_OR_RETURN(batch.timestamp_ms, in.Read<int64_t>());
      states.Add(id, batch, batch.next_offset);
    }
  }
  return states;
}

}  // namespace forebay::storage
