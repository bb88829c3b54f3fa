#pragma once

#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Answers Fluss's requests about offsets that writers note for themselves. Thread-safe.
class ProducerRequests {
 public:
  /// `gateway` outlives the object.
  explicit ProducerRequests(client::TabletGateway& gateway) : gateway_(gateway) {}

  Outcome<rpc::RegisterProducerOffsetsResponse> Register(
      const rpc::RegisterProducerOffsetsRequest& request);
  Outcome<rpc::GetProducerOffsetsResponse> Get(const rpc::GetProducerOffsetsRequest& request);
  Outcome<rpc::DeleteProducerOffsetsResponse> Delete(
      const rpc::DeleteProducerOffsetsRequest& request);

 private:
  client::TabletGateway& gateway_;
};

}  // namespace forebay::serve
