// The first byte chooses the format, the rest is a row.

#include "format/row/compacted_columns.h"
#include "format/row/compacted_row.h"
#include "format/row/row_format.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(row) {
  if (input.empty()) return;
  auto choice = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  auto format = static_cast<format::RowFormat>(choice % 3);
  std::vector<model::DataType> types = format::GoldenTypes();
  model::BatchBuilder builder(types);
  if (format::ReadRow(format, input, types, format::RowTarget(builder)).ok()) {
    builder.FinishRow();
    model::Batch batch = builder.Finish();
    fuzz::TouchAll(batch);
    std::string again;
    // A BINARY shorter or longer than its type is read from some formats.
    (void)format::AppendRow(format, batch.columns, 0, again);
  }
  std::vector<int> projection = {3, 27, 31};
  format::CompactedRowReader reader(types, &projection);
  model::BatchBuilder projected(reader.types());
  (void)reader.Read(input, projected);
  auto columns = format::ReadCompactedColumns({&input, 1}, types);
  if (columns.ok()) fuzz::TouchAll(model::Batch(1, std::move(*columns)));
}

}  // namespace forebay
