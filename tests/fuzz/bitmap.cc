// Two compressed bitmaps that clients wrote: the first byte says of how many bits their numbers
// are, the next two how long the first of them is.

#include "base/bytes.h"
#include "base/check.h"
#include "storage/kv/roaring_union.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(bitmap) {
  constexpr size_t kHeadBytes = 3;
  if (input.size() < kHeadBytes) return;
  auto unite = (input[0] & 1) != 0 ? storage::UniteRoaring64 : storage::UniteRoaring32;
  auto size = LoadLe<uint16_t>(input.data() + 1);
  std::string_view both = input.substr(kHeadBytes);
  std::string_view a = both.substr(0, size), b = both.substr(a.size());
  auto united = unite(a, b);
  if (!united.ok()) return;
  // What is written can be read, and has every number of both already.
  auto again = unite(*united, a);
  CHECK(again.ok() && *again == *united);
}

}  // namespace forebay
