// The first byte says how the rest, a log batch, is read.

#include "format/batch/log_batch.h"

#include "format/batch/batch_filter.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

namespace {

void ReadBounds(std::string_view batch) {
  auto header = format::ParseLogBatchHeader(batch);
  if (!header.ok()) return;
  auto statistics =
      format::ReadStatistics(format::StatisticsOf(*header, batch), format::GoldenTypes());
  if (!statistics.ok()) return;
  for (int column : {3, 10, 21}) {
    format::BatchFilter filter{.op = format::BatchFilter::Operator::kLess,
                               .column = column,
                               .literals = {model::Value(int64_t{5})}};
    (void)format::MayMatch(filter, *statistics, header->record_count);
  }
}

}  // namespace

FUZZ_TARGET(log_batch) {
  if (input.empty()) return;
  auto kind = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  std::vector<int> projection = {31, 10, 8};
  auto owner = std::make_shared<const std::string>(input);
  (void)format::VerifyLogBatch(*owner);
  ReadBounds(*owner);
  auto batch = format::DecodeLogBatch(
      *owner, format::GoldenTypes(), (kind & 4) != 0 ? &projection : nullptr,
      (kind & 8) != 0 ? owner : nullptr, static_cast<format::LogFormat>(kind % 3));
  if (batch.ok()) fuzz::TouchAll(*batch);
}

}  // namespace forebay
