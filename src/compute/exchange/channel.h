#pragma once

#include <deque>

#include "compute/exchange/message.h"
#include "compute/exchange/spsc_ring.h"
#include "compute/exchange/waker.h"

namespace forebay::compute {

/// A queue from one subtask to another one: a ring, and on the sender's side an overflow for what a
/// chain that is already running still has to send when the ring is full. The sender starts no new
/// work while there is an overflow, so it holds at most what one batch turns into. One sending and
/// one receiving shard thread.
class Channel {
 public:
  /// Messages, not rows: at most kRingMessages batches wait in a ring.
  static constexpr size_t kRingMessages = 32;

  Channel(Waker& sender, Waker& receiver)
      : ring_(kRingMessages), sender_(sender), receiver_(receiver) {}

  /// Sender.
  void Send(Message message) {
    if (overflow_.empty() && ring_.TryPush(message)) {
      receiver_.Wake();
      return;
    }
    overflow_.push_back(std::move(message));
  }
  /// Sender: moves overflow into the ring; whether anything moved.
  bool Flush() {
    bool moved = false;
    while (!overflow_.empty() && ring_.TryPush(overflow_.front())) {
      overflow_.pop_front();
      moved = true;
    }
    if (moved) receiver_.Wake();
    return moved;
  }
  bool HasOverflow() const { return !overflow_.empty(); }

  /// Receiver.
  std::optional<Message> Receive() {
    std::optional<Message> message = ring_.TryPop();
    // The sender may sleep on a full ring. It is cheap to wake one that is awake.
    if (message.has_value()) sender_.Wake();
    return message;
  }

 private:
  SpscRing<Message> ring_;
  std::deque<Message> overflow_;
  Waker& sender_;
  Waker& receiver_;
};

}  // namespace forebay::compute
