// The first byte holds options and where the text is cut in two.

#include "format/text/csv_rows.h"

#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(csv_rows) {
  if (input.empty()) return;
  auto choice = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  std::vector<model::ColumnSpec> columns;
  std::vector<model::DataType> types = format::GoldenTypes();
  if ((choice & 1) != 0) types = {model::DataType::Int(), model::DataType::String()};
  for (const model::DataType& type : types) {
    columns.push_back({.name = "f" + std::to_string(columns.size()), .type = type});
  }
  format::CsvRowReader reader(columns, {.header = (choice & 2) != 0});
  model::BatchBuilder builder(types);
  size_t cut = input.size() * (choice >> 2) / 64;
  if (!reader.Feed(input.substr(0, cut), builder).ok()) return;
  if (!reader.Feed(input.substr(cut), builder).ok()) return;
  if (reader.Finish(builder).ok()) fuzz::TouchAll(builder.Finish());
}

}  // namespace forebay
