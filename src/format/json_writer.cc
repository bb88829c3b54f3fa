#include "format/json_writer.h"

#include <simdjson.h>

#include <cmath>

#include "format/format_text.h"
#include "model/value_text.h"

namespace forebay::format {

using model::Column;
using model::TypeRoot;

namespace {

/// The bytes of the UTF-8 character at the start of `text`, or 0 when there is none. Overlong forms
/// and surrogates are none.
size_t Utf8Length(std::string_view text) {
  auto lead = static_cast<uint8_t>(text[0]);
  size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 0 || length > text.size()) return 0;
  return simdjson::validate_utf8(text.data(), length) ? length : 0;
}

void AppendEscaped(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    default:
      out += "\\u00";
      out += kHex[c >> 4 & 15];
      out += kHex[c & 15];
  }
}

bool NeedsEscape(char c) { return static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\'; }

std::string ReplaceInvalid(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    size_t length = Utf8Length(text);
    valid += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return valid;
}

bool IsFinite(const Column& column, int row) {
  return column.type().Is(TypeRoot::kFloat) ? std::isfinite(column.Get<float>(row))
                                            : std::isfinite(column.Get<double>(row));
}

/// The two forms of scalars; nested types look the same in both.
enum class Form { kResult, kFlinkJson };

void AppendCell(std::string& out, const Column& column, int row, Form form);

void AppendScalar(std::string& out, const Column& column, int row, Form form) {
  const model::DataType& type = column.type();
  if (type.IsCharacter()) return AppendJsonString(out, column.GetString(row));
  bool number = type.IsInteger() || type.Is(TypeRoot::kBoolean) ||
                (type.Is(TypeRoot::kFloat) && IsFinite(column, row)) ||
                (type.Is(TypeRoot::kDouble) && IsFinite(column, row));
  if (form == Form::kFlinkJson) number |= type.Is(TypeRoot::kDecimal) || type.IsInterval();
  if (number) return AppendFormatText(out, column, row);
  out += '"';
  if (form == Form::kFlinkJson) {
    AppendFormatText(out, column, row);
  } else {
    model::AppendText(out, column, row, {.bytes_as_hex = true});
  }
  out += '"';
}

void AppendMap(std::string& out, const Column& column, int row, Form form) {
  const Column& keys = column.children()[0];
  // A result shows a map as an object when its keys can be names; NULL is none.
  bool object = keys.type().IsCharacter();
  for (int i = column.offsets()[row]; form == Form::kResult && i < column.offsets()[row + 1]; ++i) {
    object = object && !keys.IsNull(i);
  }
  out += object ? '{' : '[';
  for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (i > column.offsets()[row]) out += ',';
    if (!object) out += '[';
    if (object && keys.IsNull(i)) {
      out += "\"null\"";
    } else {
      AppendCell(out, keys, i, form);
    }
    out += object ? ':' : ',';
    AppendCell(out, column.children()[1], i, form);
    if (!object) out += ']';
  }
  out += object ? '}' : ']';
}

void AppendCell(std::string& out, const Column& column, int row, Form form) {
  if (column.IsNull(row)) {
    out += "null";
    return;
  }
  switch (column.type().root()) {
    case TypeRoot::kArray:
      out += '[';
      for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
        if (i > column.offsets()[row]) out += ',';
        AppendCell(out, column.children()[0], i, form);
      }
      out += ']';
      break;
    case TypeRoot::kRow:
      for (size_t i = 0; i < column.children().size(); ++i) {
        out += i == 0 ? '{' : ',';
        AppendJsonString(out, column.type().fields()[i].name);
        out += ':';
        AppendCell(out, column.children()[i], row, form);
      }
      out += column.children().empty() ? "{}" : "}";
      break;
    case TypeRoot::kMap:
    case TypeRoot::kMultiset: AppendMap(out, column, row, form); break;
    default: AppendScalar(out, column, row, form);
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return AppendJsonString(out, ReplaceInvalid(text));
  }
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out += text.substr(plain, i - plain);
    AppendEscaped(out, text[i]);
    plain = i + 1;
  }
  out += text.substr(plain);
  out += '"';
}

void AppendJsonValue(std::string& out, const Column& column, int row) {
  AppendCell(out, column, row, Form::kResult);
}

void AppendJsonRow(std::string& out, const std::vector<std::string>& names,
                   const model::Batch& batch, int row) {
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    out += i == 0 ? '{' : ',';
    AppendJsonString(out, names[i]);
    out += ':';
    AppendCell(out, batch.columns[i], row, Form::kFlinkJson);
  }
  out += batch.columns.empty() ? "{}" : "}";
}

}  // namespace forebay::format
