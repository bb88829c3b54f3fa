#include "format/partition_name.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "model/calendar.h"
#include "model/value_text.h"

namespace forebay::format {
namespace {

using model::Column;
using model::TypeRoot;

/// Between values of one row's key; no valid value has it.
constexpr char kSeparator = '$';

template <typename T>
void AppendReal(std::string& out, T value, void (*append)(std::string&, T)) {
  if (std::isinf(value)) {
    out += value > 0 ? "Inf" : "-Inf";
    return;
  }
  std::string text;
  append(text, value);
  std::replace(text.begin(), text.end(), '.', '_');
  out += text;
}

void AppendDay(std::string& out, int64_t days) {
  model::CivilDate date = model::CivilOfDays(days);
  out += fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

size_t FractionDigits(model::TimeUnit unit) {
  return unit == model::TimeUnit::kMilli ? 3 : unit == model::TimeUnit::kMicro ? 6 : 9;
}

void AppendTimestampValue(std::string& out, int64_t value, model::TimeUnit unit) {
  int64_t per_second = unit == model::TimeUnit::kMilli   ? 1000
                       : unit == model::TimeUnit::kMicro ? 1000000
                                                         : 1000000000;
  constexpr int64_t kSecondsPerDay = 86400;
  int64_t seconds = model::FloorDiv(value, per_second);
  int64_t of_day = model::FloorMod(seconds, kSecondsPerDay);
  AppendDay(out, model::FloorDiv(seconds, kSecondsPerDay));
  out += fmt::format("-{:02}-{:02}-{:02}_", of_day / 3600, of_day / 60 % 60, of_day % 60);
  std::string fraction =
      fmt::format("{:0{}}", model::FloorMod(value, per_second), FractionDigits(unit));
  out += fraction.substr(0, fraction.find_last_not_of('0') + 1);
}

void AppendTimeValue(std::string& out, int32_t millis) {
  out += fmt::format("{:02}-{:02}-{:02}_{:03}", millis / 3600000, millis / 60000 % 60,
                     millis / 1000 % 60, millis % 1000);
}

void AppendHex(std::string& out, std::string_view bytes) {
  for (char c : bytes) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
}

}  // namespace

Status AppendPartitionValue(std::string& out, const Column& column, int row) {
  if (column.IsNull(row)) return InvalidArgument("a partition key is NULL");
  switch (column.type().root()) {
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: out += column.GetString(row); break;
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: AppendHex(out, column.GetString(row)); break;
    case TypeRoot::kBoolean: out += column.Get<uint8_t>(row) != 0 ? "true" : "false"; break;
    case TypeRoot::kTinyint: model::AppendInt(out, column.Get<int8_t>(row)); break;
    case TypeRoot::kSmallint: model::AppendInt(out, column.Get<int16_t>(row)); break;
    case TypeRoot::kInteger: model::AppendInt(out, column.Get<int32_t>(row)); break;
    case TypeRoot::kBigint: model::AppendInt(out, column.Get<int64_t>(row)); break;
    case TypeRoot::kDate: AppendDay(out, column.Get<int32_t>(row)); break;
    case TypeRoot::kTime: AppendTimeValue(out, column.Get<int32_t>(row)); break;
    case TypeRoot::kFloat: AppendReal(out, column.Get<float>(row), model::AppendFloat); break;
    case TypeRoot::kDouble: AppendReal(out, column.Get<double>(row), model::AppendDouble); break;
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz:
      AppendTimestampValue(out, column.Get<int64_t>(row), column.type().time_unit());
      break;
    default: return InvalidArgument("{} cannot be a partition key", column.type().ToString());
  }
  return Status::Ok();
}

namespace {

constexpr int32_t kDatePartMax = 99'999;

/// The numbers of a text like "2024-02-29-12-34-56_123", one a mark; false when it is not so.
bool ReadNumbers(std::string_view text, std::string_view marks, int64_t* numbers,
                 int32_t max = kDatePartMax) {
  for (size_t i = 0; i <= marks.size(); ++i) {
    size_t end = i < marks.size() ? text.find(marks[i]) : text.size();
    if (end == std::string_view::npos) return false;
    int32_t number = 0;
    auto [rest, error] = std::from_chars(text.data(), text.data() + end, number);
    if (error != std::errc() || rest != text.data() + end || std::abs(number) > max) return false;
    numbers[i] = number;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

template <typename T>
bool AppendNumber(std::string_view text, model::ColumnBuilder& column) {
  T value = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return false;
  column.Append(value);
  return true;
}

template <typename T>
bool AppendRealOf(std::string_view text, model::ColumnBuilder& column) {
  std::string number(text);
  std::replace(number.begin(), number.end(), '_', '.');
  return AppendNumber<T>(number, column);  // it reads "Inf", too
}

bool AppendBytesOf(std::string_view hex, model::ColumnBuilder& column) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    uint8_t byte = 0;
    if (std::from_chars(&hex[i], &hex[i] + 2, byte, 16).ptr != &hex[i] + 2) return false;
    bytes.push_back(static_cast<char>(byte));
  }
  column.AppendString(bytes);
  return true;
}

bool AppendTimestampOf(std::string_view text, model::ColumnBuilder& column) {
  constexpr size_t kSecondsBytes = 20;  // up to and with the '_'
  int64_t n[6];
  if (text.size() < kSecondsBytes || text[kSecondsBytes - 1] != '_' ||
      !ReadNumbers(text.substr(0, kSecondsBytes - 1), "-----", n)) {
    return false;
  }
  size_t digits = FractionDigits(column.type().time_unit());
  std::string fraction(text.substr(kSecondsBytes));
  fraction.resize(std::max(fraction.size(), digits), '0');
  int64_t part = 0;
  if (!ReadNumbers(fraction, "", &part, INT32_MAX)) return false;
  int64_t value = model::DaysOfCivil(n[0], static_cast<int>(n[1]), static_cast<int>(n[2])) * 86400 +
                  n[3] * 3600 + n[4] * 60 + n[5];
  // What does not fit is found when the cell is written again.
  auto units = static_cast<uint64_t>(value);
  for (size_t i = 0; i < digits; ++i) units *= 10;
  column.Append(static_cast<int64_t>(units + static_cast<uint64_t>(part)));
  return true;
}

bool AppendCellOf(std::string_view text, model::ColumnBuilder& column) {
  int64_t n[4];
  switch (column.type().root()) {
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: column.AppendString(text); return true;
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: return AppendBytesOf(text, column);
    case TypeRoot::kBoolean: column.Append(static_cast<uint8_t>(text == "true")); return true;
    case TypeRoot::kTinyint: return AppendNumber<int8_t>(text, column);
    case TypeRoot::kSmallint: return AppendNumber<int16_t>(text, column);
    case TypeRoot::kInteger: return AppendNumber<int32_t>(text, column);
    case TypeRoot::kBigint: return AppendNumber<int64_t>(text, column);
    case TypeRoot::kFloat: return AppendRealOf<float>(text, column);
    case TypeRoot::kDouble: return AppendRealOf<double>(text, column);
    case TypeRoot::kDate:
      if (!ReadNumbers(text, "--", n)) return false;
      column.Append(static_cast<int32_t>(
          model::DaysOfCivil(n[0], static_cast<int>(n[1]), static_cast<int>(n[2]))));
      return true;
    case TypeRoot::kTime:
      if (!ReadNumbers(text, "--_", n)) return false;
      column.Append(static_cast<int32_t>(((n[0] * 60 + n[1]) * 60 + n[2]) * 1000 + n[3]));
      return true;
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return AppendTimestampOf(text, column);
    default: return false;
  }
}

}  // namespace

Status ParsePartitionValue(std::string_view text, model::ColumnBuilder& column) {
  // Any text that is not what this value is written as stands for none.
  model::ColumnBuilder cell(column.type(), 1);
  if (AppendCellOf(text, cell)) {
    model::Column read = cell.Finish();
    std::string written;
    RETURN_IF_ERROR(AppendPartitionValue(written, read, 0));
    if (written == text) {
      column.AppendFrom(read, 0);
      return {};
    }
  }
  return InvalidArgument("'{}' is no partition value of type {}", text, column.type().ToString());
}

Result<PartitionedRows> PartitionRows(const model::Batch& batch, const std::vector<int>& keys) {
  PartitionedRows rows;
  rows.partition_of_row.resize(batch.num_rows);
  std::unordered_map<std::string, int> known;
  std::string name, last;
  std::vector<size_t> ends(keys.size());
  for (int row = 0; row < batch.num_rows; ++row) {
    name.clear();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (i > 0) name += kSeparator;
      RETURN_IF_ERROR(AppendPartitionValue(name, batch.columns[keys[i]], row));
      ends[i] = name.size();
    }
    if (row > 0 && name == last) {
      rows.partition_of_row[row] = rows.partition_of_row[row - 1];
      continue;
    }
    auto [found, is_new] = known.try_emplace(name, static_cast<int>(rows.values.size()));
    if (is_new) {
      auto& values = rows.values.emplace_back();
      for (size_t i = 0, begin = 0; i < keys.size(); begin = ends[i++] + 1) {
        values.push_back(name.substr(begin, ends[i] - begin));
      }
    }
    rows.partition_of_row[row] = found->second;
    std::swap(last, name);
  }
  return rows;
}

}  // namespace forebay::format
