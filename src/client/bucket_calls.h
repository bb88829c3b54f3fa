#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "client/remote_table_state.h"

namespace forebay::client {

/// One question about buckets of a table, asked of all their leaders at once and again of those
/// that moved or fail for a while. For callers that may wait; used once.
template <typename Request, typename Response>
class BucketCalls {
 public:
  using Part = typename decltype(Response::buckets_resp)::value_type;
  /// Makes the request for the buckets of one leader.
  using MakeRequest = std::function<Request(const RemoteTable&, const std::vector<int>& buckets)>;
  /// Takes the answer of one bucket, which points into the reply's frame.
  using TakePart = std::function<Status(Part&, const rpc::Reply<Response>&)>;

  BucketCalls(RemoteTableState& state, rpc::ApiKey api, MakeRequest make, TakePart take)
      : state_(state), api_(api), make_(std::move(make)), take_(std::move(take)) {}

  Status Run(std::vector<int> buckets) {
    const RemoteOptions& options = state_.cluster().options();
    int64_t deadline_ms = MonotonicMs() + options.retry_timeout_ms;
    int64_t pause_ms = kPauseMsMin;
    while (true) {
      ASSIGN_OR_RETURN(std::vector<int> again, RunOnce(buckets));
      if (again.empty()) return {};
      if (MonotonicMs() + pause_ms > deadline_ms) return last_failure_;
      std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
      pause_ms = std::min(2 * pause_ms, kPauseMsMax);
      Status refreshed = state_.Refresh();
      if (!refreshed.ok() && !MayTryAgain(refreshed.kind())) return refreshed;
      buckets = std::move(again);
    }
  }

 private:
  using Answer = Result<rpc::Reply<Response>>;
  static constexpr int64_t kPauseMsMin = 20;
  static constexpr int64_t kPauseMsMax = 1000;

  /// Returns the buckets that may answer another time.
  Result<std::vector<int>> RunOnce(const std::vector<int>& buckets) {
    auto table = state_.table();
    std::map<int, std::vector<int>> by_leader;
    for (int bucket : buckets) by_leader[table->leaders[bucket]].push_back(bucket);
    std::vector<std::pair<const std::vector<int>*, std::future<Answer>>> asked;
    std::vector<int> again;
    for (const auto& [leader, part] : by_leader) {
      auto server = state_.cluster().Server(leader);
      if (!server.ok()) {
        last_failure_ = server.status();
        again.insert(again.end(), part.begin(), part.end());
        continue;
      }
      auto promise = std::make_shared<std::promise<Answer>>();
      asked.emplace_back(&part, promise->get_future());
      (*server)->template Call<Response>(
          api_, make_(*table, part), state_.cluster().options().request_timeout_ms,
          [promise](Answer answer) { promise->set_value(std::move(answer)); });
    }
    Status failure;
    for (auto& [part, answer] : asked) {
      Status taken = Take(answer.get(), *part, again);
      if (failure.ok()) failure = taken;
    }
    RETURN_IF_ERROR(failure);
    return again;
  }

  Status Take(Answer answer, const std::vector<int>& buckets, std::vector<int>& again) {
    if (!answer.ok()) {
      if (!MayTryAgain(answer.kind()) && answer.kind() != ErrorKind::kNotFound) {
        return answer.status();
      }
      last_failure_ = answer.status();
      again.insert(again.end(), buckets.begin(), buckets.end());
      return {};
    }
    if (answer->message.buckets_resp.size() != buckets.size()) {
      return Corruption("{} buckets were asked for, {} answered", buckets.size(),
                        answer->message.buckets_resp.size());
    }
    for (Part& part : answer->message.buckets_resp) {
      if (std::find(buckets.begin(), buckets.end(), part.bucket_id) == buckets.end()) {
        return Corruption("bucket {} was not asked for, but answered", part.bucket_id);
      }
      int32_t code = part.error_code.value_or(0);
      if (code == 0) {
        RETURN_IF_ERROR(take_(part, *answer));
        continue;
      }
      Error error = BucketError(code, part.error_message);
      if (!MayTryAgain(code)) return error;
      last_failure_ = error;
      again.push_back(part.bucket_id);
    }
    return {};
  }

  RemoteTableState& state_;
  const rpc::ApiKey api_;
  const MakeRequest make_;
  const TakePart take_;
  Status last_failure_;
};

}  // namespace forebay::client
