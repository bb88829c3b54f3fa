#include "format/csv_rows.h"
#include "format/format_text.h"
#include "model/value_text.h"

namespace forebay::format {

using model::Column;
using model::TypeRoot;

namespace {

/// Quotes the field that begins at `begin` when it would be read as something else without quotes.
void QuoteIfNeeded(std::string& out, size_t begin, const CsvOptions& options, bool character) {
  std::string_view field = std::string_view(out).substr(begin);
  const char special[] = {options.delimiter, options.quote, '\n', '\r', '\0'};
  bool null = options.null_literal ? field == *options.null_literal : false;
  if (field.find_first_of(special) == std::string_view::npos && !(null && character)) return;
  std::string quoted(1, options.quote);
  for (char c : field) {
    quoted += c;
    if (c == options.quote) quoted += c;
  }
  quoted += options.quote;
  out.replace(begin, std::string::npos, quoted);
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
    AppendFormatText(out, column, row);
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
    if (!column.IsNull(row)) QuoteIfNeeded(out, begin, options, column.type().IsCharacter());
  }
  out += '\n';
}

}  // namespace forebay::format
