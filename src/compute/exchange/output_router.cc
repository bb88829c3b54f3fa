#include "compute/exchange/output_router.h"

#include "compute/state/hash_batch.h"

namespace forebay::compute {

void OutputRouter::AddExchange(std::vector<int> keys, std::vector<Channel*> channels) {
  CHECK(!channels.empty());
  exchanges_.push_back({std::move(keys), std::move(channels)});
}

Status OutputRouter::Emit(model::Batch batch) {
  if (batch.num_rows == 0) return Status::Ok();
  rows_out_ += batch.num_rows;
  for (const Exchange& exchange : exchanges_) {
    if (exchange.channels.size() == 1) {
      exchange.channels[0]->Send(Message::Of(batch));
    } else {
      Scatter(exchange, batch);
    }
  }
  if (direct_.empty()) return Status::Ok();
  for (size_t i = 0; i + 1 < direct_.size(); ++i) {
    RETURN_IF_ERROR(direct_[i].receiver->Receive(direct_[i].input, 0, Message::Of(batch)));
  }
  return direct_.back().receiver->Receive(direct_.back().input, 0, Message::Of(std::move(batch)));
}

void OutputRouter::Scatter(const Exchange& exchange, const model::Batch& batch) {
  int count = static_cast<int>(exchange.channels.size());
  HashRows(batch, exchange.keys, hashes_);
  targets_.resize(exchange.channels.size());
  for (auto& rows : targets_) rows.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    targets_[ShardOf(KeyGroupOf(hashes_[row]), count)].push_back(static_cast<uint32_t>(row));
  }
  for (int i = 0; i < count; ++i) {
    if (targets_[i].empty()) continue;
    exchange.channels[i]->Send(Message::Of(batch.Gather(targets_[i])));
  }
}

Status OutputRouter::Broadcast(MessageKind kind, int64_t value) {
  for (const Exchange& exchange : exchanges_) {
    for (Channel* channel : exchange.channels) channel->Send(Message::Of(kind, value));
  }
  for (const Direct& direct : direct_) {
    RETURN_IF_ERROR(direct.receiver->Receive(direct.input, 0, Message::Of(kind, value)));
  }
  return Status::Ok();
}

}  // namespace forebay::compute
