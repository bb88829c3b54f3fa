// The first byte says what the rest is: a batch of writes, or of values; and whether its checksum
// is made right, so that what lies behind it is reached.

#include "format/batch/kv_batch.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/row/row_format.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

namespace {

constexpr size_t kCrcAt = 5;
constexpr size_t kCheckedAt = 9;

void ReadRow(std::string_view bytes, format::RowFormat layout) {
  const auto& types = format::GoldenTypes();
  model::BatchBuilder builder(types, 1);
  if (!format::ReadRow(layout, bytes, types, format::RowTarget(builder)).ok()) return;
  builder.FinishRow();
  fuzz::TouchAll(builder.Finish());
}

void ReadWrites(std::string bytes, bool is_checked, format::RowFormat layout) {
  if (is_checked && bytes.size() > kCheckedAt) {
    auto length = static_cast<int32_t>(bytes.size() - sizeof(int32_t));
    bytes.replace(0, sizeof(length), reinterpret_cast<const char*>(&length), sizeof(length));
    uint32_t crc = Crc32c(std::string_view(bytes).substr(kCheckedAt));
    bytes.replace(kCrcAt, sizeof(crc), reinterpret_cast<const char*>(&crc), sizeof(crc));
  }
  auto reader = format::KvBatchReader::Open(bytes);
  if (!reader.ok()) return;
  while (true) {
    auto record = reader->Next();
    if (!record.ok() || !record->has_value()) return;
    if ((*record)->row.has_value()) ReadRow(*(*record)->row, layout);
  }
}

void ReadValues(std::string_view bytes, format::RowFormat layout) {
  (void)format::ValueRecord::Parse(bytes);
  auto reader = format::ValueBatchReader::Open(bytes);
  if (!reader.ok()) return;
  while (true) {
    auto value = reader->Next();
    if (!value.ok() || !value->has_value()) return;
    ReadRow((*value)->row, layout);
  }
}

}  // namespace

FUZZ_TARGET(kv_batch) {
  if (input.empty()) return;
  auto kind = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  auto layout = (kind & 4) != 0 ? format::RowFormat::kIndexed : format::RowFormat::kCompacted;
  if ((kind & 1) != 0) return ReadValues(input, layout);
  ReadWrites(std::string(input), (kind & 2) != 0, layout);
}

}  // namespace forebay
