// The first byte chooses the key's column, the rest is a key.

#include "format/row/lake_key.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(key) {
  if (input.empty()) return;
  constexpr size_t kFlatTypes = 26;
  model::ColumnBuilder column(format::GoldenTypes()[static_cast<uint8_t>(input[0]) % kFlatTypes]);
  input.remove_prefix(1);
  for (auto encoding : {format::KeyEncoding::kFluss, format::KeyEncoding::kPaimon,
                        format::KeyEncoding::kIceberg, format::KeyEncoding::kHudi}) {
    (void)format::BucketOf(encoding, input, 7);
  }
  model::ColumnBuilder* columns[] = {&column};
  if (!format::DecodeKey(input, columns).ok()) return;
  model::Column cells = column.Finish();
  for (auto encoding : {format::KeyEncoding::kFluss, format::KeyEncoding::kPaimon,
                        format::KeyEncoding::kIceberg, format::KeyEncoding::kHudi}) {
    (void)format::EncodeBucketKeys(encoding, {&cells, 1});
  }
}

}  // namespace forebay
