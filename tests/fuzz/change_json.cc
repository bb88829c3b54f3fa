// The first byte holds the format and its options.

#include "format/text/change_json.h"

#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(change_json) {
  if (input.empty()) return;
  auto choice = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  std::vector<model::ColumnSpec> columns;
  for (const model::DataType& type : format::GoldenTypes()) {
    columns.push_back({.name = "f" + std::to_string(columns.size()), .type = type});
  }
  const model::DataType text = model::DataType::String();
  std::vector<format::ChangeMetadata> metadata = {
      {"source.table", text},
      {"table", text},
      {"ingestion-timestamp", model::DataType::TimestampLtz(3)},
      {"source.properties", model::DataType::Map(text.NotNull(), text)},
      {"pk-names", model::DataType::Array(text)}};
  format::ChangeJsonOptions options;
  options.kind = static_cast<format::ChangeJson>(choice & 3);
  options.schema_include = (choice & 4) != 0;
  options.ignore_parse_errors = (choice & 8) != 0;
  options.iso_timestamps = (choice & 16) != 0;
  format::ChangeJsonReader reader(columns, metadata, options);
  auto batch = reader.Read(input);
  if (batch.ok()) fuzz::TouchAll(*batch);
}

}  // namespace forebay
