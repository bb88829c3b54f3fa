// The two files of a segment's index in remote storage: eight bytes of the segment's base offset,
// two that say how long the file of the offsets is, that file, and the file of the times.

#include "storage/remote/remote_index.h"

#include "base/bytes.h"
#include "base/check.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(remote_index) {
  constexpr size_t kHead = 10;
  if (input.size() < kHead) return;
  auto base = LoadLe<int64_t>(input.data());
  auto split = LoadLe<uint16_t>(input.data() + 8);
  input.remove_prefix(kHead);
  std::string_view offsets = input.substr(0, split), times = input.substr(offsets.size());
  auto index = storage::RemoteIndex::Decode(base, offsets, times);
  if (!index.ok()) return;
  CHECK(index->EncodeOffsets() == offsets && index->EncodeTimes() == times);
  for (int64_t wanted : {int64_t{0}, base, base ^ 0xffff}) {
    auto at = index->AtOrBefore(wanted);
    CHECK(at.offset >= base && at.position <= INT32_MAX);
    CHECK(index->BeforeTime(wanted).offset >= base);
    (void)index->IsWithin(wanted, split);
  }
}

}  // namespace forebay
