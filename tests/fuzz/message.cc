// The first byte says which message the rest is.

#include "rpc/message_list.h"
#include "rpc/messages.h"
#include "tests/fuzz/fuzz_target.h"

#include "base/check.h"

namespace forebay {

namespace {

/// What the structs of one message may take.
constexpr int64_t kBudgetBytes = 1 << 20;

/// What was read is written, and read again as the same.
template <typename M>
void ReadAndWrite(std::string_view input) {
  auto message = rpc::ParseMessage<M>(input, kBudgetBytes);
  if (!message.ok()) return;
  std::string bytes = rpc::MessageToBytes(*message);
  CHECK(bytes.size() == rpc::MessageSize(*message));
  auto again = rpc::ParseMessage<M>(bytes, 2 * kBudgetBytes);
  CHECK_OK(again);
  CHECK(rpc::MessageToBytes(*again) == bytes);
}

using Read = void (*)(std::string_view);
#define READ_AND_WRITE(name) ReadAndWrite<rpc::name>,
constexpr Read kReaders[] = {FOREBAY_FOR_EACH_MESSAGE(READ_AND_WRITE)};
#undef READ_AND_WRITE
static_assert(std::size(kReaders) <= 256);

}  // namespace

FUZZ_TARGET(message) {
  if (input.empty()) return;
  auto which = static_cast<uint8_t>(input[0]);
  kReaders[which % std::size(kReaders)](input.substr(1));
}

}  // namespace forebay
