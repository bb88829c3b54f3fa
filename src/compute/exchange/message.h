#pragma once

#include <cstdint>

#include "compute/operator/operator.h"
#include "model/batch.h"

namespace forebay::compute {

enum class MessageKind : uint8_t {
  kBatch,
  kWatermark,  ///< `value`: the channel's watermark; also ends idleness
  kIdle,       ///< the channel has nothing to say about event time for now
  kBarrier,    ///< `value`: the checkpoint's id
  kEnd,        ///< no batch will follow; barriers still do
};

/// What travels on a channel between two subtasks, in order.
struct Message {
  MessageKind kind = MessageKind::kBatch;
  int64_t value = 0;
  model::Batch batch;

  static Message Of(model::Batch batch) { return {MessageKind::kBatch, 0, std::move(batch)}; }
  static Message Of(MessageKind kind, int64_t value = 0) { return {kind, value, {}}; }
};

}  // namespace forebay::compute
