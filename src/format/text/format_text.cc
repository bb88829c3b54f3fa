#include "format/text/format_text.h"

#include <algorithm>

#include "format/text/text_cell.h"
#include "model/value_text.h"

namespace forebay::format {

using model::Column;
using model::TypeRoot;

namespace {

/// Removes zeros at the end of a fraction that begins at or after `begin`, and its point.
void TrimFraction(std::string& out, size_t begin) {
  if (out.find('.', begin) == std::string::npos) return;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
}

void AppendIntervalValue(std::string& out, const Column& column, int row) {
  bool months = column.type().Is(TypeRoot::kIntervalYearMonth);
  model::AppendInt(out, months ? column.Get<int32_t>(row) : column.Get<int64_t>(row));
}

}  // namespace

void AppendFormatText(std::string& out, const Column& column, int row) {
  size_t begin = out.size();
  switch (column.type().root()) {
    case TypeRoot::kBoolean: out += column.Get<uint8_t>(row) != 0 ? "true" : "false"; break;
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: AppendBase64(out, column.GetString(row)); break;
    case TypeRoot::kTime:
      model::AppendTime(out, column.Get<int32_t>(row), 3);
      TrimFraction(out, begin);
      break;
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz:
      model::AppendTimestamp(out, column.Get<int64_t>(row), column.type().precision());
      TrimFraction(out, begin);
      if (column.type().Is(TypeRoot::kTimestampLtz)) out += 'Z';
      break;
    case TypeRoot::kIntervalYearMonth:
    case TypeRoot::kIntervalDayTime: AppendIntervalValue(out, column, row); break;
    default: model::AppendText(out, column, row);
  }
}

void AppendJavaDecimal(std::string& out, std::string_view number) {
  bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  size_t point = std::min(number.find('.'), number.size());
  std::string digits(number.substr(0, point));
  int64_t scale = 0;
  if (point < number.size()) {
    digits += number.substr(point + 1);
    scale = static_cast<int64_t>(number.size() - point - 1);
  }
  size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  if (digits.empty()) {
    out += '0';
    return;
  }
  while (digits.back() == '0') {
    digits.pop_back();
    --scale;
  }
  if (negative) out += '-';
  int64_t exponent = static_cast<int64_t>(digits.size()) - 1 - scale;
  if (scale < 0 || exponent < -6) {
    out += digits[0];
    if (digits.size() > 1) out += "." + digits.substr(1);
    out += exponent < 0 ? "E" : "E+";
    model::AppendInt(out, exponent);
    return;
  }
  auto fraction = static_cast<size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction - digits.size() + 1, '0');
  out += std::string_view(digits).substr(0, digits.size() - fraction);
  if (fraction > 0) out += "." + digits.substr(digits.size() - fraction);
}

}  // namespace forebay::format
