#include "format/format_text.h"

#include "format/text_cell.h"
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

}  // namespace forebay::format
