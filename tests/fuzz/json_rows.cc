#include "format/text/json_rows.h"

#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(json_rows) {
  std::vector<model::ColumnSpec> columns;
  for (const model::DataType& type : format::GoldenTypes()) {
    columns.push_back({.name = "f" + std::to_string(columns.size()), .type = type});
  }
  for (bool ignore : {false, true}) {
    format::JsonRowReader reader(columns, {.ignore_unknown_fields = ignore});
    auto batch = reader.Read(input);
    if (batch.ok()) fuzz::TouchAll(*batch);
  }
}

}  // namespace forebay
