#include "format/table_json.h"

#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(table_json) {
  auto table = format::TableFromJson(input);
  if (table.ok()) (void)format::TableToJson(*table);
  auto schema = format::SchemaFromJson(input);
  if (schema.ok()) (void)format::SchemaToJson(*schema);
  auto type = format::DataTypeFromJson(input);
  if (type.ok()) (void)type->ToString();
}

}  // namespace forebay
