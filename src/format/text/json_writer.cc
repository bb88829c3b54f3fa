#include "format/text/json_writer.h"

#include <simdjson.h>

#include <bit>
#include <cmath>

#include "base/byte_scan.h"
#include "base/bytes.h"
#include "format/text/format_text.h"
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

/// How many bytes at the start of `text` are written as they are; looks at eight at a time.
size_t PlainBytes(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighBits = kOnes << 7;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
    auto word = LoadLe<uint64_t>(text.data() + i);
    uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    // The highest bit of a byte that is below 0x20, or zero; a false one is only above a true one.
    uint64_t found = ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) |
                     ((backslash - kOnes) & ~backslash);
    found &= kHighBits;
    if (found != 0) return i + static_cast<size_t>(std::countr_zero(found)) / 8;
  }
  while (i < text.size() && !NeedsEscape(text[i])) ++i;
  return i;
}

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

/// Writes cells; nested types look the same as results and as Flink's json.
class CellWriter {
 public:
  /// `flink` null: the form of query results.
  CellWriter(std::string& out, const JsonWriteOptions* flink) : out_(out), flink_(flink) {}

  void Append(const Column& column, int row) {
    if (column.IsNull(row)) {
      out_ += "null";
      return;
    }
    switch (column.type().root()) {
      case TypeRoot::kArray: AppendArray(column, row); break;
      case TypeRoot::kRow: AppendRow(column, row); break;
      case TypeRoot::kMap:
      case TypeRoot::kMultiset: AppendMap(column, row); break;
      default: AppendScalar(column, row);
    }
  }
  /// Begins a field unless it is to be left out.
  bool BeginField(std::string_view name, bool is_null, bool& first) {
    if (is_null && flink_ != nullptr && flink_->ignore_null_fields) return false;
    if (!first) out_ += ',';
    first = false;
    AppendJsonString(out_, name);
    out_ += ':';
    return true;
  }
  bool has_null_key() const { return has_null_key_; }

 private:
  void AppendArray(const Column& column, int row) {
    out_ += '[';
    for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      if (i > column.offsets()[row]) out_ += ',';
      Append(column.children()[0], i);
    }
    out_ += ']';
  }

  void AppendRow(const Column& column, int row) {
    out_ += '{';
    bool first = true;
    for (size_t i = 0; i < column.children().size(); ++i) {
      const Column& child = column.children()[i];
      if (BeginField(column.type().fields()[i].name, child.IsNull(row), first)) Append(child, row);
    }
    out_ += '}';
  }

  void AppendMap(const Column& column, int row) {
    const Column& keys = column.children()[0];
    // A result shows a map as an object when its keys can be names; NULL is none.
    bool object = keys.type().IsCharacter();
    for (int i = column.offsets()[row]; flink_ == nullptr && i < column.offsets()[row + 1]; ++i) {
      object = object && !keys.IsNull(i);
    }
    out_ += object ? '{' : '[';
    bool first = true;
    for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      if (object && keys.IsNull(i) && !TakesNullKey()) continue;
      if (!first) out_ += ',';
      first = false;
      if (!object) out_ += '[';
      if (object && keys.IsNull(i)) {
        AppendJsonString(out_, flink_->map_null_key_literal);
      } else {
        Append(keys, i);
      }
      out_ += object ? ':' : ',';
      Append(column.children()[1], i);
      if (!object) out_ += ']';
    }
    out_ += object ? '}' : ']';
  }

  bool TakesNullKey() {
    has_null_key_ = has_null_key_ || flink_->map_null_key == MapNullKey::kFail;
    return flink_->map_null_key == MapNullKey::kLiteral;
  }

  void AppendScalar(const Column& column, int row) {
    const model::DataType& type = column.type();
    if (type.IsCharacter()) return AppendJsonString(out_, column.GetString(row));
    bool number = type.IsInteger() || type.Is(TypeRoot::kBoolean) ||
                  (type.Is(TypeRoot::kFloat) && IsFinite(column, row)) ||
                  (type.Is(TypeRoot::kDouble) && IsFinite(column, row));
    if (flink_ != nullptr) number |= type.Is(TypeRoot::kDecimal) || type.IsInterval();
    if (number) return AppendNumber(column, row);
    out_ += '"';
    size_t begin = out_.size();
    if (flink_ == nullptr) {
      model::AppendText(out_, column, row, {.bytes_as_hex = true});
    } else {
      AppendFormatText(out_, column, row);
      size_t blank = flink_->iso_timestamps ? out_.find(' ', begin) : std::string::npos;
      if (type.IsTimestamp() && blank != std::string::npos) out_[blank] = 'T';
    }
    out_ += '"';
  }

  void AppendNumber(const Column& column, int row) {
    size_t begin = out_.size();
    AppendFormatText(out_, column, row);
    bool plain = flink_ == nullptr || flink_->plain_decimals;
    if (plain || !column.type().Is(TypeRoot::kDecimal)) return;
    std::string text = out_.substr(begin);
    out_.resize(begin);
    AppendJavaDecimal(out_, text);
  }

  std::string& out_;
  const JsonWriteOptions* flink_;
  bool has_null_key_ = false;
};

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  // Of short texts ASCII is found faster than UTF-8.
  if (!IsAscii(text) && !simdjson::validate_utf8(text.data(), text.size())) {
    return AppendJsonString(out, ReplaceInvalid(text));
  }
  out += '"';
  for (size_t plain = PlainBytes(text); plain < text.size(); plain = PlainBytes(text)) {
    out += text.substr(0, plain);
    AppendEscaped(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
  out += text;
  out += '"';
}

void AppendJsonValue(std::string& out, const Column& column, int row) {
  CellWriter(out, nullptr).Append(column, row);
}

Status AppendJsonRow(std::string& out, const std::vector<std::string>& names,
                     const model::Batch& batch, int row, const JsonWriteOptions& options) {
  CellWriter cells(out, &options);
  out += '{';
  bool first = true;
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    if (cells.BeginField(names[i], column.IsNull(row), first)) cells.Append(column, row);
  }
  out += '}';
  if (!cells.has_null_key()) return {};
  return InvalidArgument(
      "JSON has no form for a map's NULL key: 'map-null-key.mode' says what to write instead");
}

}  // namespace forebay::format
