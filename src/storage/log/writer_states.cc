#include "storage/log/writer_states.h"

#include <limits>

namespace forebay::storage {

std::optional<WriterStates::Batch> WriterStates::Find(int64_t writer_id, int32_t sequence) const {
  auto writer = writers_.find(writer_id);
  if (writer == writers_.end()) return std::nullopt;
  for (const Batch& batch : writer->second) {
    if (batch.sequence == sequence) return batch;
  }
  return std::nullopt;
}

Status WriterStates::CheckDue(int64_t writer_id, int32_t sequence) const {
  auto writer = writers_.find(writer_id);
  int32_t due = 0;
  if (writer != writers_.end()) {
    int32_t last = writer->second.back().sequence;
    due = last == std::numeric_limits<int32_t>::max() ? 0 : last + 1;
  }
  if (sequence == due) return {};
  return InvalidArgument("batch sequence out of order: writer {} sent {}, due is {}", writer_id,
                         sequence, due);
}

void WriterStates::Add(int64_t writer_id, const Batch& batch, model::LogOffset durable_end) {
  std::deque<Batch>& batches = writers_[writer_id];
  batches.push_back(batch);
  while (batches.size() > kBatchesKept && batches[kBatchesKept].next_offset <= durable_end) {
    batches.pop_front();
  }
}

void WriterStates::CutAt(model::LogOffset offset) {
  for (auto writer = writers_.begin(); writer != writers_.end();) {
    std::deque<Batch>& batches = writer->second;
    while (!batches.empty() && batches.back().base_offset >= offset) batches.pop_back();
    writer = batches.empty() ? writers_.erase(writer) : std::next(writer);
  }
}

void WriterStates::Expire(int64_t now_ms) {
  std::erase_if(writers_, [&](const auto& writer) {
    return writer.second.back().timestamp_ms < now_ms - kExpiryMs;
  });
}

void WriterStates::Encode(model::LogOffset end, ByteWriter& out) const {
  WriterStates durable = *this;
  durable.CutAt(end);
  out.WriteVarint(durable.writers_.size());
  for (const auto& [id, batches] : durable.writers_) {
    out.Write(id);
    out.WriteVarint(batches.size());
    for (const Batch& batch : batches) {
      out.Write(batch.sequence);
      out.Write(batch.base_offset);
      out.Write(batch.next_offset);
      out.Write(batch.timestamp_ms);
    }
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
      states.writers_[id].push_back(batch);
    }
  }
  return states;
}

}  // namespace forebay::storage
