// The first byte chooses the columns, the rest is an Arrow record batch message.

#include "format/batch/record_batch_message.h"
#include "format/batch/record_batch_metadata.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(arrow_message) {
  if (input.empty()) return;
  std::vector<model::DataType> all = format::GoldenTypes(), types = all;
  size_t choice = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  if (choice < all.size()) types = {all[choice]};
  std::string_view body;
  auto metadata = format::ReadRecordBatchMetadata(input, &body);
  if (!metadata.ok() || metadata->length < 0 || metadata->length > INT32_MAX) return;
  auto rows = static_cast<int>(metadata->length);
  auto columns = format::DecodeRecordBatchMessage(input, rows, types, nullptr, nullptr);
  if (columns.ok()) fuzz::TouchAll(model::Batch(rows, std::move(*columns)));
}

}  // namespace forebay
