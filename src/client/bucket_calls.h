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
  using MakeRequest =
      std::function<Request(const RemoteTable&, const std::vector<model::BucketId>& buckets)>;
  /// Takes the answer of one bucket, which points into the reply's frame.
  using TakePart =
      std::function<Status(const model::BucketId&, Part&, const rpc::Reply<Response>&)>;

  /// Asks again for `patience_ms`.
  BucketCalls(RemoteTableState& state, rpc::ApiKey api, int64_t patience_ms, MakeRequest make,
              TakePart take)
      : state_(state),
        api_(api),
        patience_ms_(patience_ms),
        make_(std::move(make)),
        take_(std::move(take)) {}

  Status Run(std::vector<model::BucketId> buckets) {
    int64_t deadline_ms = MonotonicMs() + patience_ms_;
    int64_t pause_ms = kPauseMsMin;
    while (true) {
      ASSIGN_OR_RETURN(std::vector<model::BucketId> again, RunOnce(buckets));
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
  Result<std::vector<model::BucketId>> RunOnce(const std::vector<model::BucketId>& buckets) {
    auto table = state_.table();
    std::map<int, std::vector<model::BucketId>> by_leader;
    for (const auto& bucket : buckets) by_leader[table->LeaderOf(bucket)].push_back(bucket);
    std::vector<std::pair<const std::vector<model::BucketId>*, std::future<Answer>>> asked;
    std::vector<model::BucketId> again;
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
    if (!failure.ok()) return failure;
    return again;
  }

  Status Take(Answer answer, const std::vector<model::BucketId>& buckets,
              std::vector<model::BucketId>& again) {
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
      model::BucketId bucket = BucketOf(part, buckets.front());
      if (std::find(buckets.begin(), buckets.end(), bucket) == buckets.end()) {
        return Corruption("bucket {} was not asked for, but answered", bucket.ToString());
      }
      int32_t code = part.error_code.value_or(0);
      if (code == 0) {
        RETURN_IF_ERROR(take_(bucket, part, *answer));
        continue;
      }
      Error error = BucketError(code, part.error_message);
      if (!MayTryAgain(code)) return error;
      last_failure_ = error;
      again.push_back(bucket);
    }
    return {};
  }

  /// Some answers do not name the partition, since all their buckets are of one.
  static model::BucketId BucketOf(const Part& part, const model::BucketId& example) {
    model::BucketId bucket{example.partition, part.bucket_id};
    if constexpr (requires { part.partition_id; }) {
      bucket.partition.reset();
      if (part.partition_id) bucket.partition = model::PartitionId(*part.partition_id);
    }
    return bucket;
  }

  RemoteTableState& state_;
  const rpc::ApiKey api_;
  const int64_t patience_ms_;
  const MakeRequest make_;
  const TakePart take_;
  Status last_failure_;
};

}  // namespace forebay::client
