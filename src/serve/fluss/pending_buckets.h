#pragma once

#include <atomic>
#include <utility>

#include "rpc/server.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Gathers what the buckets of one write request answer and sends `Response` when the last has.
/// Each bucket is finished once, on any thread; its part of the response belongs to the one who
/// finishes it until then.
template <typename Response>
class PendingBuckets {
 public:
  template <typename BucketRequests>
  PendingBuckets(rpc::Responder responder, const BucketRequests& requests)
      : responder_(std::move(responder)), left_(requests.size()) {
    for (const auto& request : requests) {
      auto& bucket = response_.buckets_resp.emplace_back();
      bucket.bucket_id = request.bucket_id;
      bucket.partition_id = request.partition_id;
    }
  }

  auto& bucket(size_t index) { return response_.buckets_resp[index]; }

  void Finish() {
    if (left_.fetch_sub(1) == 1) responder_.Succeed(response_);
  }
  void Fail(size_t index, const rpc::Failure& failure) {
    SetError(bucket(index), failure);
    Finish();
  }

 private:
  const rpc::Responder responder_;
  Response response_;
  std::atomic<size_t> left_;
};

}  // namespace forebay::serve
