#include "compute/runtime/ordered_subtask.h"

#include <charconv>

namespace forebay::compute {
namespace {

constexpr size_t kLongestOrder = 1'000'000;

Error Malformed(const std::string& text) {
  return InvalidArgument("setting input.order is no list of inputs: '{}'", text);
}

bool ReadNumber(const char*& at, const char* end, int& number) {
  auto [next, error] = std::from_chars(at, end, number);
  at = next;
  return error == std::errc() && number > 0;
}

}  // namespace

Result<std::vector<InputOrder>> ParseInputOrders(const std::string& text) {
  std::vector<InputOrder> orders(1);
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    InputOrder& order = orders.back();
    if (*at == ';') {
      orders.emplace_back();
      ++at;
    } else if (*at == '!' || *at == ',') {
      order.rest = order.rest && *at == ',';
      ++at;
    } else {
      int input = 0, place = 1, rows = 1;
      bool read = ReadNumber(at, end, input);
      if (read && at < end && *at == '@') read = ReadNumber(++at, end, place);
      if (read && at < end && *at == '*') read = ReadNumber(++at, end, rows);
      if (!read || order.turns.size() + rows > kLongestOrder) return Malformed(text);
      order.turns.insert(order.turns.end(), rows, {input - 1, place - 1});
    }
  }
  return orders;
}

OrderedSubtask::OrderedSubtask(const JobVertex& vertex, ShardScope& scope,
                               std::unique_ptr<Operator> op, InputOrder order)
    : Subtask(vertex, scope, std::move(op)),
      order_(std::move(order)),
      held_(vertex.inputs.size()) {}

Status OrderedSubtask::Receive(int input, int /*channel*/, Message message) {
  Held& held = held_[input];
  ++arrivals_;
  if (message.kind != MessageKind::kBatch) {
    held.messages.push_back({std::move(message), arrivals_});
  } else {
    for (int row = 0; row < message.batch.num_rows; ++row) {
      Message single;
      single.batch = message.batch.Slice(row, 1);
      held.messages.push_back({std::move(single), arrivals_});
    }
  }
  RETURN_IF_ERROR(DeliverOthers());
  for (; next_ < order_.turns.size(); ++next_) {
    auto wanted = static_cast<size_t>(order_.turns[next_].input);
    if (wanted >= held_.size() || held_[wanted].ended) {
      return InvalidArgument("setting input.order wants more rows of input {} than it has",
                             wanted + 1);
    }
    if (!held_[wanted].IsAtRow()) return Status::Ok();
    RETURN_IF_ERROR(DeliverTurn(order_.turns[next_]));
    RETURN_IF_ERROR(DeliverOthers());
  }
  for (size_t i = 0; i < held_.size(); ++i) {
    while (!held_[i].messages.empty()) {
      if (order_.rest || !held_[i].IsAtRow()) {
        RETURN_IF_ERROR(DeliverFront(static_cast<int>(i)));
      } else {
        held_[i].messages.pop_front();
      }
    }
  }
  return Status::Ok();
}

Status OrderedSubtask::DeliverOthers() {
  for (size_t i = 0; i < held_.size(); ++i) {
    while (!held_[i].messages.empty() && !held_[i].IsAtRow()) {
      RETURN_IF_ERROR(DeliverFront(static_cast<int>(i)));
    }
  }
  return Status::Ok();
}

Status OrderedSubtask::DeliverTurn(InputTurn turn) {
  std::deque<Waiting>& waiting = held_[turn.input].messages;
  auto place = static_cast<size_t>(turn.place);
  if (place >= waiting.size() || waiting[place].arrival != waiting.front().arrival) {
    return InvalidArgument("setting input.order wants row {} of input {}, fewer came together",
                           turn.place + 1, turn.input + 1);
  }
  Message message = std::move(waiting[place].message);
  waiting.erase(waiting.begin() + turn.place);
  return Subtask::Receive(turn.input, 0, std::move(message));
}

Status OrderedSubtask::DeliverFront(int input) {
  Held& held = held_[input];
  Message message = std::move(held.messages.front().message);
  held.messages.pop_front();
  held.ended = held.ended || message.kind == MessageKind::kEnd;
  return Subtask::Receive(input, 0, std::move(message));
}

}  // namespace forebay::compute
