#pragma once

#include <optional>
#include <vector>

#include "compute/operator/operator.h"

namespace forebay::compute {

/// The instances that make a sender idle: it is when all of them are. Numbers of the job,
/// ascending.
using IdleOrigins = std::vector<int>;

/// The watermark of a subtask: the smallest of all channels of all its inputs that have a say. An
/// idle channel has none, unless an active one shows that its sender's idleness is about to end:
/// what makes senders active again reaches each of them at another time. Rows that a sender still
/// holds would be late if the watermark of one that heard of it earlier counted alone.
/// Thread-compatible.
class InputWatermarks {
 public:
  explicit InputWatermarks(size_t inputs) : inputs_(inputs) {}

  /// The next channel of an input, with the origins of its sender. An input without any has no say.
  void AddChannel(int input, const IdleOrigins& origins);
  /// Also ends the channel's idleness. Watermarks never fall.
  void Advance(int input, int channel, Watermark watermark);
  void SetIdle(int input, int channel);
  /// nullopt when all are idle; the end of time without any channel.
  std::optional<Watermark> Minimum() const;
  /// What makes the subtask idle.
  IdleOrigins Origins() const;

 private:
  struct Channel {
    int group = 0;
    Watermark watermark = kMinWatermark;
    bool idle = false;
  };
  /// Channels whose senders have the same origins.
  struct Group {
    IdleOrigins origins;
    int active = 0;
    /// All of whose origins are among this one's: while one of them has an active channel, this one
    /// cannot stay idle.
    std::vector<int> within;
  };

  int GroupOf(const IdleOrigins& origins);
  bool HasSay(const Channel& channel) const;

  std::vector<std::vector<Channel>> inputs_;
  std::vector<Group> groups_;
};

}  // namespace forebay::compute
