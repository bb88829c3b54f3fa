#include "format/partition_name.h"

#include <algorithm>
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

void AppendTimestampValue(std::string& out, int64_t value, model::TimeUnit unit) {
  int64_t per_second = unit == model::TimeUnit::kMilli   ? 1000
                       : unit == model::TimeUnit::kMicro ? 1000000
                                                         : 1000000000;
  int digits = unit == model::TimeUnit::kMilli ? 3 : unit == model::TimeUnit::kMicro ? 6 : 9;
  constexpr int64_t kSecondsPerDay = 86400;
  int64_t seconds = model::FloorDiv(value, per_second);
  int64_t of_day = model::FloorMod(seconds, kSecondsPerDay);
  AppendDay(out, model::FloorDiv(seconds, kSecondsPerDay));
  out += fmt::format("-{:02}-{:02}-{:02}_", of_day / 3600, of_day / 60 % 60, of_day % 60);
  std::string fraction = fmt::format("{:0{}}", model::FloorMod(value, per_second), digits);
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
