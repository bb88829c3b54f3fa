#include "compute/sink/partition_commit.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/duration.h"
#include "compute/source/file_layout.h"
#include "compute/source/format_options.h"
#include "model/calendar.h"

namespace forebay::compute {
namespace {

/// Takes a number of up to `digits` digits, with a sign, off the text.
bool TakeNumber(std::string_view& text, size_t digits, int64_t& number) {
  bool negative = text.starts_with('-');
  size_t begin = negative ? 1 : 0, end = begin;
  while (end < text.size() && end - begin < digits && text[end] >= '0' && text[end] <= '9') ++end;
  if (end == begin) return false;
  std::from_chars(text.data() + begin, text.data() + end, number);
  if (negative) number = -number;
  text.remove_prefix(end);
  return true;
}

bool TakeLiteral(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// ".5" as milliseconds; nothing there is 0.
bool TakeFraction(std::string_view& text, int64_t& ms) {
  ms = 0;
  if (!TakeLiteral(text, '.')) return true;
  int64_t unit = 100;
  size_t digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9' && digits < 9) {
    ms += (text[0] - '0') * unit;
    unit /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  return digits > 0;
}

constexpr int64_t kMsPerSecond = 1000;
/// Milliseconds of years beyond it do not fit into 64 bits.
constexpr int64_t kYearMax = 292'000'000;

void ReplaceAll(std::string& text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos;) {
    text.replace(at, what.size(), with);
    at = text.find(what, at + with.size());
  }
}

std::string OptionOr(const sql::TableRef& table, const char* key, const char* fallback) {
  const std::string* value = FindOption(table, key);
  return value == nullptr ? fallback : *value;
}

Status CheckPolicy(const sql::TableRef& table, const std::string& kind) {
  if (kind == "success-file") return {};
  if (kind == "metastore") {
    return InvalidArgument(
        "'sink.partition-commit.policy.kind' = 'metastore' is for Hive's tables: those of the "
        "filesystem connector have no metastore (table {})",
        table.path.ToString());
  }
  if (kind == "custom") {
    return NotSupported(
        "'sink.partition-commit.policy.kind' = 'custom' needs a Java class; there is: "
        "success-file");
  }
  return InvalidArgument("'sink.partition-commit.policy.kind' = '{}' (there is: success-file)",
                         kind);
}

}  // namespace

std::optional<int64_t> ParsePartitionTime(std::string_view text) {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  bool date = TakeNumber(text, 10, year) && TakeLiteral(text, '-') && TakeNumber(text, 2, month) &&
              TakeLiteral(text, '-') && TakeNumber(text, 2, day);
  if (!date || std::abs(year) > kYearMax) return std::nullopt;
  if (!text.empty()) {
    bool time = TakeLiteral(text, ' ') && TakeNumber(text, 2, hour) && TakeLiteral(text, ':') &&
                TakeNumber(text, 2, minute) && TakeLiteral(text, ':') &&
                TakeNumber(text, 2, second) && TakeFraction(text, ms) && text.empty();
    if (!time) return std::nullopt;
  }
  int64_t months = year * 12 + month - 1;
  int64_t days = model::DaysOfCivil(model::FloorDiv(months, 12),
                                    static_cast<int>(model::FloorMod(months, 12)) + 1, 1) +
                 day - 1;
  return days * model::kMillisPerDay + ((hour * 60 + minute) * 60 + second) * kMsPerSecond + ms;
}

Result<PartitionTime> PartitionTime::Of(const sql::TableRef& table) {
  PartitionTime time;
  time.keys_ = table.info.descriptor.partition_keys;
  time.pattern_ = OptionOr(table, "partition.time-extractor.timestamp-pattern", "");
  const std::string* format = FindOption(table, "partition.time-extractor.timestamp-formatter");
  if (format != nullptr) {
    ASSIGN_OR_RETURN(time.formatter_, DateFormat::Compile(*format));
  }
  return time;
}

Result<int64_t> PartitionTime::LocalMs(const std::string& partition) const {
  auto values = PartitionValuesOf("", partition);
  std::string text = pattern_.empty() && !keys_.empty() ? values[keys_[0]] : pattern_;
  for (const std::string& key : keys_) ReplaceAll(text, "$" + key, values[key]);
  std::optional<int64_t> ms;
  if (!formatter_) {
    ms = ParsePartitionTime(text);
  } else if (std::optional<DayTime> parsed = formatter_->Parse(text)) {
    ms = parsed->days * kMsPerDay + parsed->nanos / 1'000'000;
  }
  if (ms) return *ms;
  Error error = InvalidArgument("partition {} is no time: '{}'", partition, text);
  error.hint = "'partition.time-extractor.timestamp-pattern' and '.timestamp-formatter'";
  return error;
}

Result<PartitionCommitRule> PartitionCommitRule::Of(const sql::TableRef& table) {
  PartitionCommitRule rule;
  const std::string* policies = FindOption(table, "sink.partition-commit.policy.kind");
  std::string zone = OptionOr(table, "sink.partition-commit.watermark-time-zone", "UTC");
  ASSIGN_OR_RETURN(rule.zone_, TimeZone::Find(zone));
  if (policies == nullptr) return rule;
  for (size_t begin = 0; begin <= policies->size();) {
    size_t end = std::min(policies->find(',', begin), policies->size());
    RETURN_IF_ERROR(CheckPolicy(table, policies->substr(begin, end - begin)));
    begin = end + 1;
  }
  std::string trigger = OptionOr(table, "sink.partition-commit.trigger", "process-time");
  rule.by_partition_time_ = trigger == "partition-time";
  if (!rule.by_partition_time_ && trigger != "process-time") {
    return InvalidArgument(
        "'sink.partition-commit.trigger' is process-time or partition-time, not '{}'", trigger);
  }
  if (const std::string* delay = FindOption(table, "sink.partition-commit.delay")) {
    ASSIGN_OR_RETURN(rule.delay_ms_, ParseDurationMs(*delay));
  }
  if (rule.by_partition_time_) {
    ASSIGN_OR_RETURN(rule.time_, PartitionTime::Of(table));
  }
  rule.success_file_ = OptionOr(table, "sink.partition-commit.success-file.name", "_SUCCESS");
  return rule;
}

Result<bool> PartitionCommitRule::IsDone(const std::string& partition, int64_t since_ms,
                                         int64_t now_ms, Watermark watermark) const {
  if (!by_partition_time_) return delay_ms_ == 0 || now_ms > since_ms + delay_ms_;
  ASSIGN_OR_RETURN(int64_t local_ms, time_->LocalMs(partition));
  int64_t local_seconds = model::FloorDiv(local_ms, kMsPerSecond);
  int64_t utc_ms = local_ms - zone_->OffsetOfLocal(local_seconds) * kMsPerSecond;
  return watermark > utc_ms + delay_ms_;
}

}  // namespace forebay::compute
