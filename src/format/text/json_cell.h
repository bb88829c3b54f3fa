#pragma once

// Private to the json formats' sources: simdjson's types in its declarations.

#include <simdjson.h>

#include <string>
#include <string_view>

#include "format/text/json_rows.h"
#include "model/column.h"

namespace forebay::format {

/// "malformed JSON: ...", simdjson's message without its code in front.
std::string MalformedJson(simdjson::error_code error);

/// Reads JSON values into cells. Nested errors name the field in their message. Thread-compatible.
class JsonCellReader {
 public:
  explicit JsonCellReader(const JsonReadOptions& options) : options_(options) {}

  /// Under `ignore_parse_errors` a cell that cannot be read is NULL.
  Status Append(model::ColumnBuilder& builder, simdjson::ondemand::value value) const;

 private:
  using Value = simdjson::ondemand::value;

  bool IsFlink() const { return options_.rules == JsonRules::kFlink; }
  Status AppendStrictly(model::ColumnBuilder& builder, Value value) const;
  Status AppendNull(model::ColumnBuilder& builder, Value value) const;
  Status AppendBoolean(model::ColumnBuilder& builder, Value value) const;
  Status AppendNumber(model::ColumnBuilder& builder, Value value) const;
  Status AppendIntegerPart(model::ColumnBuilder& builder, std::string_view text) const;
  Status AppendText(model::ColumnBuilder& builder, std::string_view text) const;
  Status AppendNested(model::ColumnBuilder& builder, Value value) const;
  Status AppendElements(model::ColumnBuilder& child, simdjson::ondemand::array list) const;
  Status AppendEntries(model::ColumnBuilder& builder, simdjson::ondemand::object object) const;
  Status AppendFields(model::ColumnBuilder& builder, simdjson::ondemand::object object) const;

  const JsonReadOptions options_;
};

}  // namespace forebay::format
