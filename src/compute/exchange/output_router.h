#pragma once

#include <vector>

#include "compute/exchange/channel.h"
#include "compute/operator/operator.h"

namespace forebay::compute {

/// Takes messages within a shard, by a call.
class MessageReceiver {
 public:
  virtual ~MessageReceiver() = default;
  virtual Status Receive(int input, int channel, Message message) = 0;
};

/// Sends what a subtask puts out to all its consumers: by a call within the chain, or spread over
/// the channels of an exchange. Belongs to one shard thread.
class OutputRouter : public Output {
 public:
  void AddDirect(MessageReceiver* receiver, int input) { direct_.push_back({receiver, input}); }
  /// `channels[i]` leads to shard i, or to shard 0 when there is one channel. `keys` may be empty
  /// with one channel.
  void AddExchange(std::vector<int> keys, std::vector<Channel*> channels);

  Status Emit(model::Batch batch) override;
  /// Watermarks, barriers and ends go to every channel of every consumer.
  Status Broadcast(MessageKind kind, int64_t value = 0);

  int64_t rows_out() const { return rows_out_; }

 private:
  struct Direct {
    MessageReceiver* receiver;
    int input;
  };
  struct Exchange {
    std::vector<int> keys;
    std::vector<Channel*> channels;
  };

  void Scatter(const Exchange& exchange, const model::Batch& batch);

  std::vector<Direct> direct_;
  std::vector<Exchange> exchanges_;
  std::vector<uint64_t> hashes_;                ///< scratch
  std::vector<std::vector<uint32_t>> targets_;  ///< scratch: the rows for each channel
  int64_t rows_out_ = 0;
};

}  // namespace forebay::compute
