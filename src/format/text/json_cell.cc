#include "format/text/json_cell.h"

#include <cmath>
#include <limits>

#include "format/text/text_cell.h"
#include "model/value_text.h"

namespace forebay::format {

using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;
namespace ondemand = simdjson::ondemand;

namespace {

#define RETURN_IF_MALFORMED(expr)                                          \
  do {                                                                     \
    if (simdjson::error_code error = (expr); error != simdjson::SUCCESS) { \
      return InvalidArgument("{}", MalformedJson(error));                  \
    }                                                                      \
  } while (false)

std::string_view TrimRight(std::string_view text) {
  size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

Error NotOfType(ondemand::value value, const DataType& type) {
  return format::NotOfType(TrimRight(value.raw_json_token()), type);
}

/// A string column takes any value as its JSON text.
Status AppendRaw(ColumnBuilder& builder, ondemand::value value) {
  std::string_view raw;
  RETURN_IF_MALFORMED(value.raw_json().get(raw));
  std::string minified(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t size = 0;
  RETURN_IF_MALFORMED(simdjson::minify(raw.data(), raw.size(), minified.data(), size));
  builder.AppendString(std::string_view(minified).substr(0, size));
  return {};
}

/// A number that has too many digits for its DECIMAL is NULL in Flink.
bool IsWideDecimal(const DataType& type, std::string_view text) {
  return type.Is(TypeRoot::kDecimal) && type.nullable() && model::ParseDouble(text).has_value() &&
         std::isfinite(*model::ParseDouble(text)) &&
         !model::ParseDecimal(text, type.precision(), type.scale());
}

}  // namespace

std::string MalformedJson(simdjson::error_code error) {
  std::string_view text = simdjson::error_message(error);
  size_t colon = text.find(": ");
  if (colon != std::string_view::npos) text.remove_prefix(colon + 2);
  return fmt::format("malformed JSON: {}", text);
}

Status JsonCellReader::Append(ColumnBuilder& builder, ondemand::value value) const {
  if (!options_.ignore_parse_errors) return AppendStrictly(builder, value);
  ColumnBuilder cell(builder.type(), 1);
  if (AppendStrictly(cell, value).ok()) {
    builder.AppendFrom(cell.Finish(), 0);
    return {};
  }
  if (!builder.type().nullable()) return InvalidArgument("no value for a NOT NULL column");
  builder.AppendNull();
  return {};
}

Status JsonCellReader::AppendStrictly(ColumnBuilder& builder, ondemand::value value) const {
  ondemand::json_type kind;
  RETURN_IF_MALFORMED(value.type().get(kind));
  switch (kind) {
    case ondemand::json_type::null: return AppendNull(builder, value);
    case ondemand::json_type::boolean: return AppendBoolean(builder, value);
    case ondemand::json_type::number: return AppendNumber(builder, value);
    case ondemand::json_type::string: {
      std::string_view text;
      RETURN_IF_MALFORMED(value.get_string().get(text));
      return AppendText(builder, text);
    }
    default: return AppendNested(builder, value);
  }
}

Status JsonCellReader::AppendNull(ColumnBuilder& builder, ondemand::value value) const {
  bool null = false;
  if (value.is_null().get(null) != simdjson::SUCCESS || !null) {
    return NotOfType(value, builder.type());
  }
  if (!builder.type().nullable()) return InvalidArgument("null in a NOT NULL column");
  builder.AppendNull();
  return {};
}

Status JsonCellReader::AppendBoolean(ColumnBuilder& builder, ondemand::value value) const {
  bool flag = false;
  if (value.get_bool().get(flag) != simdjson::SUCCESS) return NotOfType(value, builder.type());
  if (builder.type().IsCharacter()) return AppendTextCell(builder, flag ? "true" : "false");
  if (!builder.type().Is(TypeRoot::kBoolean)) {
    return format::NotOfType(flag ? "true" : "false", builder.type());
  }
  builder.Append<uint8_t>(flag ? 1 : 0);
  return {};
}

Status JsonCellReader::AppendText(ColumnBuilder& builder, std::string_view text) const {
  const DataType& type = builder.type();
  if (!IsFlink() || type.IsCharacter()) return AppendTextCell(builder, text);
  if (type.Is(TypeRoot::kBoolean)) {
    // Java's parseBoolean: all but "true" is false.
    builder.Append<uint8_t>(model::ParseBoolean(text).value_or(false) && text.size() > 3 ? 1 : 0);
    return {};
  }
  if (type.IsTimestamp()) {
    bool iso = text.find('T') != std::string_view::npos;
    if (iso != options_.iso_timestamps) return format::NotOfType(text, type);
    bool zone = text.ends_with('Z');
    if (type.Is(TypeRoot::kTimestampLtz) != zone) return format::NotOfType(text, type);
  }
  if (IsWideDecimal(type, text)) {
    builder.AppendNull();
    return {};
  }
  return AppendTextCell(builder, text);
}

Status JsonCellReader::AppendIntegerPart(ColumnBuilder& builder, std::string_view text) const {
  double number = model::ParseDouble(text).value_or(std::numeric_limits<double>::quiet_NaN());
  double limit = builder.type().Is(TypeRoot::kInteger) ? 0x1p31 : 0x1p63;
  if (!(number > -limit - 1 && number < limit)) return format::NotOfType(text, builder.type());
  return AppendTextCell(builder, std::to_string(static_cast<int64_t>(number)));
}

Status JsonCellReader::AppendNumber(ColumnBuilder& builder, ondemand::value value) const {
  int64_t integer = 0;
  double number = 0;
  std::string_view text = TrimRight(value.raw_json_token());
  bool fraction = text.find_first_of(".eE") != std::string_view::npos;
  switch (builder.type().root()) {
    case TypeRoot::kBigint:
      if (IsFlink() && fraction) return AppendIntegerPart(builder, text);
      if (value.get_int64().get(integer) != simdjson::SUCCESS) break;
      builder.Append<int64_t>(integer);
      return {};
    case TypeRoot::kDouble:
      if (value.get_double().get(number) != simdjson::SUCCESS) break;
      builder.Append<double>(number);
      return {};
    case TypeRoot::kBoolean:
      if (!IsFlink()) break;
      builder.Append<uint8_t>(0);
      return {};
    case TypeRoot::kInteger:
      if (IsFlink() && fraction) return AppendIntegerPart(builder, text);
      [[fallthrough]];
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint:
    case TypeRoot::kFloat:
    case TypeRoot::kDecimal:
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
      // The text as it stands keeps every digit; the double only says that it is a number.
      if (value.get_double().get(number) != simdjson::SUCCESS) break;
      return AppendText(builder, text);
    default: break;
  }
  return format::NotOfType(text, builder.type());
}

Status JsonCellReader::AppendNested(ColumnBuilder& builder, ondemand::value value) const {
  const DataType& type = builder.type();
  ondemand::array list;
  ondemand::object object;
  if (type.IsCharacter()) return AppendRaw(builder, value);
  if (type.Is(TypeRoot::kArray) && value.get_array().get(list) == simdjson::SUCCESS) {
    RETURN_IF_ERROR(AppendElements(builder.child(0), list));
  } else if ((type.Is(TypeRoot::kMap) || type.Is(TypeRoot::kMultiset)) &&
             type.children()[0].IsCharacter() &&
             value.get_object().get(object) == simdjson::SUCCESS) {
    RETURN_IF_ERROR(AppendEntries(builder, object));
  } else if (type.Is(TypeRoot::kRow) && value.get_object().get(object) == simdjson::SUCCESS) {
    RETURN_IF_ERROR(AppendFields(builder, object));
  } else {
    return NotOfType(value, type);
  }
  builder.FinishEntry();
  return {};
}

Status JsonCellReader::AppendElements(ColumnBuilder& child, ondemand::array list) const {
  for (auto entry : list) {
    ondemand::value value;
    RETURN_IF_MALFORMED(entry.get(value));
    RETURN_IF_ERROR(Append(child, value));
  }
  return {};
}

Status JsonCellReader::AppendEntries(ColumnBuilder& builder, ondemand::object object) const {
  for (auto entry : object) {
    ondemand::field field;
    RETURN_IF_MALFORMED(std::move(entry).get(field));
    std::string_view key;
    RETURN_IF_MALFORMED(field.unescaped_key(false).get(key));
    builder.child(0).AppendString(key);
    RETURN_IF_ERROR(Append(builder.child(1), field.value()));
  }
  return {};
}

Status JsonCellReader::AppendFields(ColumnBuilder& builder, ondemand::object object) const {
  const auto& fields = builder.type().fields();
  std::vector<char> seen(fields.size());
  for (auto entry : object) {
    ondemand::field field;
    RETURN_IF_MALFORMED(std::move(entry).get(field));
    std::string_view key;
    RETURN_IF_MALFORMED(field.unescaped_key(false).get(key));
    size_t index = 0;
    while (index < fields.size() && fields[index].name != key) ++index;
    if (index == fields.size()) {
      if (options_.ignore_unknown_fields) continue;
      return InvalidArgument("field '{}' does not exist", key);
    }
    if (seen[index]++ != 0) return InvalidArgument("field '{}' occurs twice", key);
    Status cell = Append(builder.child(static_cast<int>(index)), field.value());
    if (!cell.ok()) return cell.WithContext(fmt::format("field '{}'", fields[index].name));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (seen[i] != 0) continue;
    if (!fields[i].type.nullable() || options_.fail_on_missing_field) {
      return InvalidArgument("field '{}' is missing", fields[i].name);
    }
    builder.child(static_cast<int>(i)).AppendNull();
  }
  return {};
}

}  // namespace forebay::format
