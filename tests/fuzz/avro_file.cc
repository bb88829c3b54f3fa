// The first byte says where the file is cut in two.

#include "format/avro/avro_file.h"

#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(avro_file) {
  if (input.empty()) return;
  auto choice = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  std::vector<model::ColumnSpec> columns;
  std::vector<model::DataType> types = format::GoldenTypes();
  for (const model::DataType& type : types) {
    columns.push_back({.name = "f" + std::to_string(columns.size()), .type = type});
  }
  format::AvroFileReader reader(columns);
  model::BatchBuilder builder(types);
  size_t cut = input.size() * choice / 256;
  if (!reader.Feed(input.substr(0, cut), builder).ok()) return;
  if (!reader.Feed(input.substr(cut), builder).ok()) return;
  if (reader.Finish().ok()) fuzz::TouchAll(builder.Finish());
}

}  // namespace forebay
