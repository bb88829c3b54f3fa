#include "serve/session/settings.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

#include "base/ascii_case.h"
#include "base/byte_size.h"
#include "base/duration.h"
#include "base/time_zone.h"
#include "compute/state/state_io.h"
#include "sql/functions/function_table.h"

namespace forebay::serve {
namespace {

Error WrongValue(const std::string& key, const std::string& value, std::string_view wanted) {
  return InvalidArgument("'{}' is {}, not '{}'", key, wanted, value);
}

Result<std::string> CheckRuntimeMode(const std::string& key, const std::string& value) {
  std::string lower = LowerAscii(value);
  if (lower == "batch" || lower == "streaming") return lower;
  if (lower == "automatic") return NotSupported("'{}' = 'automatic': say batch or streaming", key);
  return WrongValue(key, value, "'batch' or 'streaming'");
}

Result<std::string> CheckBoolean(const std::string& key, const std::string& value) {
  std::string lower = LowerAscii(value);
  if (lower == "true" || lower == "false") return lower;
  return WrongValue(key, value, "'true' or 'false'");
}

Result<std::string> CheckEnforcer(const std::string& key, const std::string& value) {
  std::string lower = LowerAscii(value);
  if (lower == "error") return std::string("ERROR");
  if (lower == "drop") return std::string("DROP");
  return WrongValue(key, value, "'ERROR' or 'DROP'");
}

/// One of `words`, in any case; as Flink spells it.
Result<std::string> CheckWord(const std::string& key, const std::string& value,
                              std::initializer_list<const char*> words) {
  std::string list;
  for (const char* word : words) {
    if (LowerAscii(value) == LowerAscii(word)) return std::string(word);
    list += (list.empty() ? "'" : ", '") + std::string(word) + "'";
  }
  return WrongValue(key, value, "one of " + list);
}

Result<std::string> CheckLengthEnforcer(const std::string& key, const std::string& value) {
  return CheckWord(key, value, {"IGNORE", "TRIM_PAD", "ERROR"});
}

Result<std::string> CheckMaterialize(const std::string& key, const std::string& value) {
  return CheckWord(key, value, {"NONE", "AUTO", "FORCE"});
}

Result<std::string> CheckBadRowPolicy(const std::string& key, const std::string& value) {
  return CheckWord(key, value, {"fail", "skip", "dead-letter"});
}

Result<std::string> CheckText(const std::string&, const std::string& value) { return value; }

Result<std::string> CheckDuration(const std::string& key, const std::string& value) {
  if (ParseDurationMs(value).ok()) return value;
  return WrongValue(key, value, "a duration such as '5s' or '200 ms'");
}

Result<std::string> CheckParallelism(const std::string& key, const std::string& value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  bool whole = error == std::errc() && end == value.data() + value.size();
  // Flink's default is -1: as many as there are cores.
  if (whole && number >= -1 && number <= compute::kKeyGroups) return value;
  return WrongValue(key, value, fmt::format("a number from 1 to {}", compute::kKeyGroups));
}

Result<std::string> CheckTimeZone(const std::string& key, const std::string& value) {
  if (value == "default" || TimeZone::Find(value).ok()) return value;
  return WrongValue(key, value, "a time zone such as 'Europe/Berlin', 'UTC' or 'GMT+08:00'");
}

Result<std::string> CheckCount(const std::string& key, const std::string& value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  bool whole = error == std::errc() && end == value.data() + value.size();
  if (whole && number > 0) return value;
  return WrongValue(key, value, "a number above 0");
}

Result<std::string> CheckMemory(const std::string& key, const std::string& value) {
  if (ParseByteSize(value).ok()) return value;
  return WrongValue(key, value, "a size such as '2GB' or '512MB'");
}

Result<std::string> CheckFraction(const std::string& key, const std::string& value) {
  double number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  bool whole = error == std::errc() && end == value.data() + value.size();
  if (whole && number > 0 && number < 1) return value;
  return WrongValue(key, value, "a number between 0 and 1");
}

struct KnownSetting {
  const char* key;
  Result<std::string> (*check)(const std::string& key, const std::string& value);
};

constexpr KnownSetting kSettings[] = {
    {"execution.runtime-mode", CheckRuntimeMode},
    {"execution.checkpointing.interval", CheckDuration},
    {"execution.checkpointing.savepoint-dir", CheckText},
    {"execution.state-recovery.path", CheckText},
    {"input.order", CheckText},
    {"parallelism.default", CheckParallelism},
    {"pipeline.auto-watermark-interval", CheckDuration},
    {"python.executable", CheckText},
    {"python.files", CheckText},
    {"python.fn-execution.timeout", CheckDuration},
    {"python.memory-limit", CheckMemory},
    {"source.batch-rows", CheckCount},
    {"table.dml-sync", CheckBoolean},
    {"table.exec.emit.allow-lateness", CheckDuration},
    {"table.exec.emit.early-fire.delay", CheckDuration},
    {"table.exec.emit.early-fire.enabled", CheckBoolean},
    {"table.exec.emit.late-fire.delay", CheckDuration},
    {"table.exec.emit.late-fire.enabled", CheckBoolean},
    {"table.exec.mini-batch.enabled", CheckBoolean},
    {"table.exec.shared-arrangements", CheckBoolean},
    {"table.exec.sink.not-null-enforcer", CheckEnforcer},
    {"table.exec.sink.type-length-enforcer", CheckLengthEnforcer},
    {"table.exec.sink.upsert-materialize", CheckMaterialize},
    {"table.exec.source.cdc-events-duplicate", CheckBoolean},
    {"table.exec.state.ttl", CheckDuration},
    {"table.exec.bad-row.policy", CheckBadRowPolicy},
    {"table.exec.bad-row.table", CheckText},
    {"table.exec.source.idle-timeout", CheckDuration},
    {"table.local-time-zone", CheckTimeZone},
    {"table.plan.force-recompile", CheckBoolean},
    {"materialized-table.default-freshness.continuous", CheckDuration},
    {"materialized-table.default-freshness.full", CheckDuration},
    {"materialized-table.refresh-mode.freshness-threshold", CheckDuration},
    {"taskmanager.memory.managed.fraction", CheckFraction},
    {"taskmanager.memory.managed.size", CheckMemory},
    {"batch.memory-limit", CheckMemory}};

using Settings = std::map<std::string, std::string>;

bool IsOn(const Settings& settings, const std::string& key) {
  auto setting = settings.find(key);
  return setting != settings.end() && setting->second == "true";
}

/// In milliseconds; nothing when it is not set.
std::optional<int64_t> DurationSetting(const Settings& settings, const std::string& key) {
  auto setting = settings.find(key);
  if (setting == settings.end()) return std::nullopt;
  auto parsed = ParseDurationMs(setting->second);
  return parsed.ok() ? std::optional<int64_t>(*parsed) : std::nullopt;
}

/// What 'table.exec.emit.*' asks for.
std::optional<sql::WindowEmit> WindowEmitOf(const Settings& settings) {
  auto delay_of = [&settings](const std::string& firing) -> std::optional<int64_t> {
    std::string prefix = "table.exec.emit." + firing;
    if (!IsOn(settings, prefix + ".enabled")) return std::nullopt;
    return DurationSetting(settings, prefix + ".delay").value_or(-1);
  };
  sql::WindowEmit emit;
  emit.early_ms = delay_of("early-fire");
  emit.late_ms = delay_of("late-fire");
  if (!emit.early_ms && !emit.late_ms) return std::nullopt;
  emit.lateness_ms = DurationSetting(settings, "table.exec.emit.allow-lateness")
                         .value_or(DurationSetting(settings, "table.exec.state.ttl").value_or(0));
  return emit;
}

}  // namespace

Result<CheckedSetting> CheckSetting(const std::string& key, const std::string& value) {
  std::vector<std::string> keys;
  for (const KnownSetting& setting : kSettings) {
    if (key == setting.key) {
      ASSIGN_OR_RETURN(std::string checked, setting.check(key, value));
      return CheckedSetting{std::move(checked), ""};
    }
    keys.emplace_back(setting.key);
  }
  CheckedSetting unknown{value, fmt::format("'{}' is no setting of Forebay: it is kept and has no "
                                            "effect",
                                            key)};
  if (auto near = sql::NearestName(key, keys)) {
    unknown.warning += fmt::format("; did you mean '{}'?", *near);
  }
  return unknown;
}

void ApplySettings(const Settings& settings, sql::AnalyzerOptions& options) {
  auto zone = settings.find("table.local-time-zone");
  if (zone != settings.end() && zone->second != "default") options.time_zone = zone->second;
  for (const auto& [key, value] : settings) {
    if (key.starts_with("python.")) options.python_settings[key] = value;
  }
  options.cdc_events_duplicate = IsOn(settings, "table.exec.source.cdc-events-duplicate");
  options.state_ttl_ms = DurationSetting(settings, "table.exec.state.ttl").value_or(0);
  // A state that forgets rows after a time is not shared.
  options.shares_tables =
      IsOn(settings, "table.exec.shared-arrangements") && options.state_ttl_ms == 0;
  options.window_emit = WindowEmitOf(settings);
}

}  // namespace forebay::serve
