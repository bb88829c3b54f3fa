#include "format/text/csv_writer.h"

#include <algorithm>
#include <charconv>

#include "base/byte_scan.h"
#include "format/text/format_text.h"

namespace forebay::format {

using model::Column;
using model::TypeRoot;

namespace {

/// Flink's writer looks at the first few characters only of a text, and not too closely.
constexpr int kCheckedCharactersMax = 24;
constexpr size_t kUtf8BytesOfUtf16UnitMax = 3;
constexpr size_t kIntBytesMax = 20;

/// Cells that are written as they are.
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
    if (!column.type().Is(TypeRoot::kDecimal)) return;
    std::string text = out.substr(begin);
    out.resize(begin);
    AppendJavaDecimal(out, text);
  }
}

}  // namespace

CsvRowWriter::CsvRowWriter(CsvOptions options) : options_(std::move(options)) {
  auto safe = static_cast<unsigned char>(std::max({options_.delimiter, options_.quote, '\n'}));
  std::fill_n(is_special_.begin(), safe + 1, true);
  is_special_['\r'] = true;
  if (options_.escape) is_special_[static_cast<unsigned char>(*options_.escape)] = true;
}

std::string_view CsvRowWriter::Write(const model::Batch& batch, std::span<const uint32_t> rows) {
  at_ = memory_.get();
  for (uint32_t row : rows) {
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      if (i > 0) Put(options_.delimiter);
      PutCell(batch.columns[i], static_cast<int>(row));
    }
    Put('\n');
  }
  return {memory_.get(), static_cast<size_t>(at_ - memory_.get())};
}

void CsvRowWriter::PutCell(const Column& column, int row) {
  const model::DataType& type = column.type();
  if (type.Is(TypeRoot::kNull) || (column.validity() != nullptr && column.IsNull(row))) {
    if (options_.null_literal) Put(*options_.null_literal);
    return;
  }
  switch (type.root()) {
    case TypeRoot::kTinyint: return PutInt(column.Get<int8_t>(row));
    case TypeRoot::kSmallint: return PutInt(column.Get<int16_t>(row));
    case TypeRoot::kInteger: return PutInt(column.Get<int32_t>(row));
    case TypeRoot::kBigint: return PutInt(column.Get<int64_t>(row));
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: return PutField(column.GetString(row), true);
    default: break;
  }
  cell_.clear();
  AppendCell(cell_, column, row, options_);
  IsPlain(type) ? Put(cell_) : PutField(cell_, false);
}

void CsvRowWriter::PutInt(int64_t value) {
  char* out = Room(kIntBytesMax);
  at_ = std::to_chars(out, out + kIntBytesMax, value).ptr;
}

void CsvRowWriter::PutField(std::string_view field, bool character) {
  if (!NeedsQuotes(field, character)) return Put(field);
  char* out = Room(2 * field.size() + 2);
  *out++ = options_.quote;
  if (field.find(options_.quote) == std::string_view::npos) {
    out = std::copy(field.begin(), field.end(), out);
  } else {
    for (char c : field) {
      *out++ = c;
      if (c == options_.quote) *out++ = c;
    }
  }
  *out++ = options_.quote;
  at_ = out;
}

bool CsvRowWriter::NeedsQuotes(std::string_view field, bool character) const {
  if (options_.disable_quote) return false;
  if (field.size() > kCheckedCharactersMax * kUtf8BytesOfUtf16UnitMax) return true;
  if (field.size() > kCheckedCharactersMax && IsAscii(field)) return true;
  if (character && options_.null_literal && field == *options_.null_literal) return true;
  int length = 0;
  for (char c : field) {
    auto byte = static_cast<unsigned char>(c);
    if (is_special_[byte]) return true;
    // UTF-16 units: a character of four bytes is two.
    if ((byte & 0xc0) != 0x80) length += byte >= 0xf0 ? 2 : 1;
  }
  return length > kCheckedCharactersMax;
}

void CsvRowWriter::Put(std::string_view text) {
  char* out = Room(text.size());
  at_ = std::copy(text.begin(), text.end(), out);
}

void CsvRowWriter::Grow(size_t bytes) {
  auto used = static_cast<size_t>(at_ - memory_.get());
  constexpr size_t kFirstBytes = size_t{64} << 10;
  size_t capacity = std::max({2 * used, used + bytes, kFirstBytes});
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::copy_n(memory_.get(), used, larger.get());
  memory_ = std::move(larger);
  at_ = memory_.get() + used;
  end_ = memory_.get() + capacity;
}

}  // namespace forebay::format
