#include <algorithm>

#include "format/text/csv_rows.h"
#include "format/text/format_text.h"
#include "model/value_text.h"

namespace forebay::format {

using model::Column;
using model::TypeRoot;

namespace {

/// Flink's writer looks at the first few characters only of a text, and not too closely.
constexpr int kCheckedCharactersMax = 24;

bool NeedsQuotesInFlink(std::string_view field, const CsvOptions& options) {
  auto safe = static_cast<unsigned char>(std::max({options.delimiter, options.quote, '\n'}));
  int length = 0;
  for (char c : field) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= safe || (options.escape && c == *options.escape)) return true;
    // UTF-16 units: a character of four bytes is two.
    if ((byte & 0xc0) != 0x80) length += byte >= 0xf0 ? 2 : 1;
  }
  return length > kCheckedCharactersMax;
}

bool NeedsQuotes(std::string_view field, const CsvOptions& options, bool character) {
  const char special[] = {options.delimiter, options.quote, '\n', '\r', '\0'};
  bool null = character && options.null_literal && field == *options.null_literal;
  if (null || field.find_first_of(special) != std::string_view::npos) return true;
  return options.flink_text && NeedsQuotesInFlink(field, options);
}

/// Quotes the field that begins at `begin` when it would be read as something else without quotes.
void QuoteIfNeeded(std::string& out, size_t begin, const CsvOptions& options, bool character) {
  std::string_view field = std::string_view(out).substr(begin);
  if (options.disable_quote || !NeedsQuotes(field, options, character)) return;
  std::string quoted(1, options.quote);
  for (char c : field) {
    quoted += c;
    if (c == options.quote) quoted += c;
  }
  quoted += options.quote;
  out.replace(begin, std::string::npos, quoted);
}

/// Cells that Flink writes as they are.
bool IsPlain(const model::DataType& type) {
  return type.IsNumeric() || type.Is(TypeRoot::kBoolean) || type.IsInterval();
}

void AppendCell(std::string& out, const Column& column, int row, const CsvOptions& options) {
  if (column.IsNull(row)) {
    if (options.null_literal) out += *options.null_literal;
    return;
  }
  if (column.type().Is(TypeRoot::kArray)) {
    for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      if (i > column.offsets()[row]) out += options.element_delimiter;
      AppendCell(out, column.children()[0], i, options);
    }
  } else if (column.type().Is(TypeRoot::kRow)) {
    for (size_t i = 0; i < column.children().size(); ++i) {
      if (i > 0) out += options.element_delimiter;
      AppendCell(out, column.children()[i], row, options);
    }
  } else {
    size_t begin = out.size();
    AppendFormatText(out, column, row);
    if (!options.flink_text || !column.type().Is(TypeRoot::kDecimal)) return;
    std::string text = out.substr(begin);
    out.resize(begin);
    AppendJavaDecimal(out, text);
  }
}

}  // namespace

void AppendCsvHeader(std::string& out, const std::vector<std::string>& names,
                     const CsvOptions& options) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += options.delimiter;
    size_t begin = out.size();
    out += names[i];
    QuoteIfNeeded(out, begin, options, false);
  }
  out += '\n';
}

void AppendCsvRow(std::string& out, const model::Batch& batch, int row, const CsvOptions& options) {
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    if (i > 0) out += options.delimiter;
    size_t begin = out.size();
    AppendCell(out, column, row, options);
    bool plain = options.flink_text && IsPlain(column.type());
    if (!column.IsNull(row) && !plain)
      QuoteIfNeeded(out, begin, options, column.type().IsCharacter());
  }
  out += '\n';
}

}  // namespace forebay::format
