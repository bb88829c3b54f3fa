#pragma once

#include <deque>
#include <string>
#include <vector>

#include "compute/runtime/subtask.h"

namespace forebay::compute {

/// Whose row is next: that at `place` among those that came together with the input's first one and
/// wait, as rows that a join sends for one row, which have no order of their own.
struct InputTurn {
  int input = 0;
  int place = 0;
  bool operator==(const InputTurn&) const = default;
};

/// In which order an operator gets the rows of its inputs.
struct InputOrder {
  std::vector<InputTurn> turns;
  bool rest = true;  ///< whether rows behind the last one come, too
};

/// Reads the setting 'input.order': for each operator with several inputs, in the order of the plan
/// and with semicolons between them, numbers of inputs from 1, as "1*3,2" for "1,1,1,2"; "1@3" is
/// the third row of those that came together. A list with "!" behind it is without the rows that
/// follow.
Result<std::vector<InputOrder>> ParseInputOrders(const std::string& text);

/// A subtask whose operator gets rows in an order of its own, whenever they come: for tests of what
/// depends on it. There is one shard and so one channel an input. It holds rows until it is their
/// turn.
class OrderedSubtask : public Subtask {
 public:
  OrderedSubtask(const JobVertex& vertex, ShardScope& scope, std::unique_ptr<Operator> op,
                 InputOrder order);

  Status Receive(int input, int channel, Message message) override;

 private:
  struct Waiting {
    Message message;  ///< a batch has one row
    int64_t arrival = 0;
  };
  struct Held {
    std::deque<Waiting> messages;
    bool ended = false;
    bool IsAtRow() const {
      return !messages.empty() && messages.front().message.kind == MessageKind::kBatch;
    }
  };

  Status DeliverTurn(InputTurn turn);
  Status DeliverFront(int input);
  /// What is no row goes on as soon as the rows before it have.
  Status DeliverOthers();

  const InputOrder order_;
  size_t next_ = 0;
  int64_t arrivals_ = 0;
  std::vector<Held> held_;  ///< by input
};

}  // namespace forebay::compute
