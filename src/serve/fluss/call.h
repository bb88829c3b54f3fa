#pragma once

#include <utility>
#include <variant>

#include "rpc/error_code.h"
#include "rpc/message_codec.h"
#include "rpc/server.h"

namespace forebay::serve {

/// What a request that is answered at once gives: a response or a failure.
template <typename M>
class Outcome {
 public:
  Outcome(M response) : state_(std::move(response)) {}
  Outcome(rpc::Failure failure) : state_(std::move(failure)) {}
  Outcome(rpc::ErrorCode code, std::string message)
      : state_(rpc::Failure{code, std::move(message)}) {}

  /// Null when it is a failure.
  M* response() { return std::get_if<M>(&state_); }

  void Send(const rpc::Responder& responder) const {
    if (const auto* failure = std::get_if<rpc::Failure>(&state_)) return responder.Fail(*failure);
    responder.Succeed(std::get<M>(state_));
  }

 private:
  std::variant<M, rpc::Failure> state_;
};

/// A request under way, and how to answer it. Cheap to copy.
struct Call {
  rpc::Request request;
  rpc::Scheduler& scheduler;
  rpc::Responder responder;

  /// The request's message; nullopt, and an answer that says so, when it is none.
  template <typename M>
  std::optional<M> Parse() const {
    // What the structs take is bounded by the frame they came in, but a small one may be rich.
    constexpr int64_t kBudgetMin = 1 << 20;
    constexpr int64_t kBudgetFactor = 64;
    constexpr int64_t kBudgetMax = 128 << 20;
    int64_t budget = std::ssize(request.message) * kBudgetFactor;
    auto message =
        rpc::ParseMessage<M>(request.message, std::min(std::max(budget, kBudgetMin), kBudgetMax));
    if (message.ok()) return std::move(message).value();
    responder.Fail({rpc::ErrorCode::kCorruptMessage, message.message()});
    return std::nullopt;
  }
};

/// Sets the error fields of the answer about one bucket.
template <typename M>
void SetError(M& response, const rpc::Failure& failure) {
  response.error_code = static_cast<int>(failure.code);
  response.error_message = failure.message;
}

}  // namespace forebay::serve
