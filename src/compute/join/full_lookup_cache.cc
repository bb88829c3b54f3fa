#include "compute/join/full_lookup_cache.h"

#include <algorithm>
#include <charconv>

#include "base/ascii_case.h"
#include "base/duration.h"

namespace forebay::compute {

using model::Batch;

namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 24 * 60 * kMinuteMs;
const std::string kPrefix = "lookup.full-cache.";
using OptionMap = std::map<std::string, std::string>;

std::string ValueOf(const OptionMap& options, const std::string& key, const char* otherwise) {
  auto found = options.find(kPrefix + key);
  return found == options.end() ? otherwise : found->second;
}

Error Bad(const std::string& key, const std::string& value) {
  return InvalidArgument("option {}{} cannot be '{}'", kPrefix, key, value);
}

Result<int64_t> NumberOf(std::string_view text, const std::string& key) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;
  return Bad(key, std::string(text));
}

/// "10:15", "10:15:30", each also with "Z" or an offset "+07:00" behind: milliseconds of the day in
/// UTC.
Result<int64_t> TimeOfDay(const std::string& text) {
  const std::string key = "timed-reload.iso-time";
  std::string_view rest = text;
  auto part = [&](int64_t max) -> Result<int64_t> {
    if (rest.size() < 2) return Bad(key, text);
    ASSIGN_OR_RETURN(int64_t value, NumberOf(rest.substr(0, 2), key));
    rest.remove_prefix(2);
    if (value > max) return Bad(key, text);
    return value;
  };
  ASSIGN_OR_RETURN(int64_t hours, part(23));
  int64_t ms = hours * 60 * kMinuteMs;
  int64_t unit = kMinuteMs;
  for (int i = 0; i < 2 && rest.starts_with(":"); ++i) {
    rest.remove_prefix(1);
    ASSIGN_OR_RETURN(int64_t value, part(59));
    ms += value * unit;
    unit = 1000;
  }
  if (rest.empty() || rest == "Z") return ms;
  int64_t sign = rest[0] == '+' ? -1 : 1;
  if (rest[0] != '+' && rest[0] != '-') return Bad(key, text);
  rest.remove_prefix(1);
  ASSIGN_OR_RETURN(int64_t offset_hours, part(18));
  ms += sign * offset_hours * 60 * kMinuteMs;
  if (rest.starts_with(":")) {
    rest.remove_prefix(1);
    ASSIGN_OR_RETURN(int64_t minutes, part(59));
    ms += sign * minutes * kMinuteMs;
  }
  if (!rest.empty()) return Bad(key, text);
  return (ms % kDayMs + kDayMs) % kDayMs;
}

}  // namespace

Result<std::optional<FullLookupCache::Options>> FullLookupCache::OptionsOf(
    const OptionMap& options) {
  auto cache = options.find("lookup.cache");
  if (cache == options.end() || UpperAscii(cache->second) != "FULL")
    return std::optional<Options>();
  Options read;
  std::string strategy = ValueOf(options, "reload-strategy", "PERIODIC");
  if (UpperAscii(strategy) == "TIMED") {
    read.mode = Options::Mode::kTimed;
    ASSIGN_OR_RETURN(read.time_of_day_ms, TimeOfDay(ValueOf(options, "timed-reload.iso-time", "")));
    const std::string key = "timed-reload.interval-in-days";
    ASSIGN_OR_RETURN(int64_t days, NumberOf(ValueOf(options, key, "1"), key));
    if (days <= 0) return Bad(key, std::to_string(days));
    read.interval_ms = days * kDayMs;
    return std::optional<Options>(read);
  }
  if (UpperAscii(strategy) != "PERIODIC") return Bad("reload-strategy", strategy);
  const std::string key = "periodic-reload.interval";
  std::string interval = ValueOf(options, key, "");
  if (interval.empty()) {
    return InvalidArgument("'lookup.cache' = 'FULL' needs the option {}{}", kPrefix, key);
  }
  auto duration = ParseDurationMs(interval);
  if (!duration.ok() || *duration <= 0) return Bad(key, interval);
  read.interval_ms = *duration;
  std::string mode = UpperAscii(ValueOf(options, "periodic-reload.schedule-mode", "FIXED_DELAY"));
  if (mode != "FIXED_DELAY" && mode != "FIXED_RATE") {
    return Bad("periodic-reload.schedule-mode", mode);
  }
  if (mode == "FIXED_RATE") read.mode = Options::Mode::kFixedRate;
  return std::optional<Options>(read);
}

int64_t FullLookupCache::NextLoad(const Options& options, int64_t began_ms, int64_t ended_ms) {
  switch (options.mode) {
    case Options::Mode::kFixedDelay: return ended_ms + options.interval_ms;
    case Options::Mode::kFixedRate: return began_ms + options.interval_ms;
    case Options::Mode::kTimed: break;
  }
  int64_t today = began_ms - began_ms % kDayMs + options.time_of_day_ms;
  // The first reload is at the next such time, the others as many days later as the option says.
  if (today > began_ms) return today;
  return today + options.interval_ms;
}

FullLookupCache::FullLookupCache(Options options, client::Connection& connection,
                                 model::TableInfo table, std::vector<int> keys,
                                 std::vector<int> projection)
    : options_(options), connection_(connection), table_(std::move(table)), columns_(keys) {
  columns_.insert(columns_.end(), projection.begin(), projection.end());
  std::sort(columns_.begin(), columns_.end());
  columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
  auto place = [&](int column) {
    return static_cast<int>(std::lower_bound(columns_.begin(), columns_.end(), column) -
                            columns_.begin());
  };
  std::vector<model::DataType> key_types;
  std::vector<model::DataType> row_types;
  const auto& schema = table_.descriptor.schema.columns;
  for (int column : keys) {
    key_places_.push_back(place(column));
    key_types.push_back(schema[column].type);
  }
  for (int column : projection) {
    row_places_.push_back(place(column));
    row_types.push_back(schema[column].type);
  }
  key_codec_ = RowCodec(std::move(key_types), RowCodec::Purpose::kKey);
  row_codec_ = RowCodec(std::move(row_types));
}

Status FullLookupCache::LoadBucket(const model::BucketId& bucket) {
  ASSIGN_OR_RETURN(auto scanner, connection_.OpenSnapshotScanner(table_.path, bucket, columns_));
  EncodedRows keys;
  EncodedRows rows;
  for (;;) {
    ASSIGN_OR_RETURN(Batch batch, scanner->Next());
    if (batch.num_rows == 0) return Status::Ok();
    key_codec_.Encode(batch, key_places_, keys);
    row_codec_.Encode(batch, row_places_, rows);
    for (int row = 0; row < batch.num_rows; ++row) {
      auto at = static_cast<size_t>(row);
      auto found = rows_.find(keys[at]);
      if (found == rows_.end()) {
        found = rows_.emplace(StateString(keys[at]), StateVector<StateString>()).first;
        bytes_ += static_cast<int64_t>(sizeof(Rows::value_type) + keys[at].size());
      }
      found->second.emplace_back(rows[at]);
      bytes_ += static_cast<int64_t>(sizeof(StateString) + rows[at].size());
    }
  }
}

Status FullLookupCache::Load() {
  rows_.clear();
  bytes_ = 0;
  std::vector<std::optional<model::PartitionId>> partitions = {std::nullopt};
  if (table_.descriptor.IsPartitioned()) {
    partitions.clear();
    ASSIGN_OR_RETURN(auto all, connection_.admin().ListPartitions(table_.path));
    for (const model::PartitionInfo& partition : all) partitions.emplace_back(partition.id);
  }
  for (const auto& partition : partitions) {
    for (int bucket = 0; bucket < table_.descriptor.bucket_count; ++bucket) {
      RETURN_IF_ERROR(LoadBucket({partition, bucket}));
    }
  }
  ++loads_;
  return Status::Ok();
}

Result<Batch> FullLookupCache::Find(const Batch& keys, int64_t (*now_ms)(),
                                    std::vector<uint32_t>& key_of_row) {
  int64_t now = now_ms();
  if (!next_load_ms_ || now >= *next_load_ms_) {
    RETURN_IF_ERROR(Load());
    next_load_ms_ = NextLoad(options_, now, now_ms());
  }
  EncodedRows wanted;
  key_codec_.Encode(keys, wanted);
  std::vector<const char*> found;
  for (int key = 0; key < keys.num_rows; ++key) {
    auto rows = rows_.find(wanted[static_cast<size_t>(key)]);
    if (rows == rows_.end()) continue;
    for (const StateString& row : rows->second) {
      found.push_back(row.data());
      key_of_row.push_back(static_cast<uint32_t>(key));
    }
  }
  return Batch(static_cast<int>(found.size()), row_codec_.Decode(found));
}

}  // namespace forebay::compute
