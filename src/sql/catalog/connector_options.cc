#include "sql/catalog/connector_options.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/ascii_case.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

/// An option of a connector or format. `key` may hold a '#', which stands for any name.
struct OptionRule {
  std::string_view key;
  /// The one value there is, in any case; empty: any value.
  std::string_view only_value = "";
  /// The one name that '#' stands for; empty: any.
  std::string_view name = {};
};

constexpr OptionRule kForebay[] = {{"bucket.num"},
                                   {"bucket.key"},
                                   {"auto-increment.fields"},
                                   {"fields.#.agg"},
                                   {"fields.#.listagg.delimiter"},
                                   {"fields.#.string_agg.delimiter"},
                                   {"scan.startup.mode"},
                                   {"scan.startup.timestamp"},
                                   {"scan.bounded.mode"},
                                   {"lookup.cache"},
                                   {"lookup.partial-cache.max-rows"},
                                   {"lookup.partial-cache.expire-after-write"},
                                   {"lookup.partial-cache.expire-after-access"},
                                   {"lookup.partial-cache.cache-missing-key"},
                                   {"lookup.full-cache.reload-strategy"},
                                   {"lookup.full-cache.periodic-reload.interval"},
                                   {"lookup.full-cache.periodic-reload.schedule-mode"},
                                   {"lookup.full-cache.timed-reload.iso-time"},
                                   {"lookup.full-cache.timed-reload.interval-in-days"}};
constexpr OptionRule kFilesystem[] = {{"path"},
                                      {"format"},
                                      {"partition.default-name"},
                                      {"source.monitor-interval"},
                                      {"source.path.regex-pattern"},
                                      {"source.report-statistics"},
                                      {"sink.rolling-policy.file-size"},
                                      {"sink.rolling-policy.rollover-interval"},
                                      {"sink.rolling-policy.inactivity-interval"},
                                      {"sink.rolling-policy.check-interval"},
                                      {"sink.shuffle-by-partition.enable"},
                                      {"sink.partition-commit.trigger"},
                                      {"sink.partition-commit.delay"},
                                      {"sink.partition-commit.watermark-time-zone"},
                                      {"sink.partition-commit.policy.kind"},
                                      {"sink.partition-commit.success-file.name"},
                                      {"partition.time-extractor.kind", "default"},
                                      {"partition.time-extractor.timestamp-pattern"},
                                      {"partition.time-extractor.timestamp-formatter"},
                                      {"auto-compaction"},
                                      {"compaction.file-size"}};
constexpr OptionRule kCsv[] = {{"csv.field-delimiter"},
                               {"csv.quote-character"},
                               {"csv.disable-quote-character"},
                               {"csv.escape-character"},
                               {"csv.null-literal"},
                               {"csv.array-element-delimiter"},
                               {"csv.allow-comments"},
                               {"csv.ignore-parse-errors"},
                               {"csv.trim-spaces"},
                               {"csv.empty-string-as-null"},
                               {"csv.ignore-trailing-unmappable"},
                               {"csv.allow-trailing-comma"},
                               {"csv.fail-on-missing-columns"},
                               {"csv.write-bigdecimal-in-scientific-notation"}};
constexpr std::string_view kJsonFormats[] = {"json", "debezium-json", "canal-json", "maxwell-json",
                                             "ogg-json"};
/// '#' is the format's name.
constexpr OptionRule kAnyJson[] = {{"#.ignore-parse-errors"},
                                   {"#.timestamp-format.standard"},
                                   {"#.map-null-key.mode"},
                                   {"#.map-null-key.literal"},
                                   {"#.encode.decimal-as-plain-number"},
                                   {"#.encode.ignore-null-fields"}};
constexpr OptionRule kJson[] = {{"json.fail-on-missing-field"},
                                {"json.decode.json-parser.enabled"}};
constexpr OptionRule kDebezium[] = {{"debezium-json.schema-include"}};
constexpr OptionRule kCanal[] = {{"canal-json.database.include"}, {"canal-json.table.include"}};
constexpr OptionRule kParquet[] = {{"parquet.compression"},
                                   {"parquet.utc-timezone"},
                                   {"parquet.timestamp.time.unit"},
                                   {"parquet.write.int64.timestamp"}};
constexpr OptionRule kAvro[] = {
    {"avro.codec"}, {"avro.encoding", "binary"}, {"avro.timestamp_mapping.legacy"}};
constexpr OptionRule kRaw[] = {{"raw.charset"}, {"raw.endianness"}};
constexpr OptionRule kDatagen[] = {
    {"scan.parallelism"},  {"rows-per-second"}, {"number-of-rows"},   {"fields.#.kind"},
    {"fields.#.start"},    {"fields.#.end"},    {"fields.#.min"},     {"fields.#.max"},
    {"fields.#.max-past"}, {"fields.#.length"}, {"fields.#.var-len"}, {"fields.#.null-rate"}};
constexpr OptionRule kFaker[] = {{"rows-per-second"},
                                 {"number-of-rows"},
                                 {"fields.#.expression"},
                                 {"fields.#.null-rate"},
                                 {"fields.#.length"}};
constexpr OptionRule kNexmark[] = {{"events"}, {"rate"}, {"path"}};
constexpr OptionRule kPrint[] = {{"print-identifier"}, {"standard-error"}};
/// Of every connector of Flink; neither changes a result.
constexpr OptionRule kEvery[] = {{"connector"}, {"property-version"}, {"sink.parallelism"}};

std::vector<OptionRule> Joined(std::initializer_list<std::span<const OptionRule>> lists) {
  std::vector<OptionRule> rules;
  for (auto list : lists) rules.insert(rules.end(), list.begin(), list.end());
  return rules;
}

std::string Find(const TableRef& table, const std::string& key) {
  auto found = table.options.find(key);
  return found == table.options.end() ? "" : found->second;
}

std::span<const OptionRule> OwnRulesOfFormat(std::string_view format) {
  if (format == "csv") return kCsv;
  if (format == "json") return kJson;
  if (format == "debezium-json") return kDebezium;
  if (format == "canal-json") return kCanal;
  if (format == "parquet") return kParquet;
  if (format == "avro") return kAvro;
  if (format == "raw") return kRaw;
  return {};
}

/// The connector's rules; nullopt for connectors that are not known here.
std::optional<std::vector<OptionRule>> RulesOf(const TableRef& table) {
  std::string connector = table.connector();
  if (connector == "forebay") return Joined({kForebay});
  if (connector == "filesystem") {
    std::string format = Find(table, "format");
    std::vector<OptionRule> rules = Joined({kEvery, kFilesystem, OwnRulesOfFormat(format)});
    for (std::string_view name : kJsonFormats) {
      if (name != format) continue;
      for (const OptionRule& rule : kAnyJson) rules.push_back({rule.key, "", name});
    }
    return rules;
  }
  if (connector == "datagen") return Joined({kEvery, kDatagen});
  if (connector == "faker") return Joined({kEvery, kFaker});
  if (connector == "nexmark") return Joined({kEvery, kNexmark});
  if (connector == "print") return Joined({kEvery, kPrint});
  if (connector == "blackhole") return Joined({kEvery});
  return std::nullopt;
}

bool Matches(std::string_view pattern, std::string_view key) {
  size_t name = pattern.find('#');
  if (name == std::string_view::npos) return pattern == key;
  std::string_view before = pattern.substr(0, name);
  std::string_view after = pattern.substr(name + 1);
  return key.size() > before.size() + after.size() && key.starts_with(before) &&
         key.ends_with(after);
}

/// The key with its one name put in.
std::string Named(const OptionRule& rule) {
  std::string key(rule.key);
  size_t place = rule.name.empty() ? std::string::npos : key.find('#');
  return place == std::string::npos ? key : key.replace(place, 1, rule.name);
}

/// The key with the name that stands for '#' put in, so that it can be compared with `key`.
std::string Filled(std::string_view pattern, std::string_view key) {
  std::string filled(pattern);
  size_t name = filled.find('#');
  if (name == std::string::npos) return filled;
  size_t begin = key.find('.');
  size_t end = key.rfind('.');
  if (begin == std::string_view::npos || end <= begin) return filled;
  return filled.replace(name, 1, key.substr(begin + 1, end - begin - 1));
}

Error Unsupported(const TableRef& table, const std::string& key,
                  const std::vector<OptionRule>& rules) {
  std::string supported;
  std::vector<std::string> names;
  for (const OptionRule& rule : rules) {
    supported += fmt::format("{}{}", supported.empty() ? "" : ", ", Named(rule));
    names.push_back(Filled(Named(rule), key));
  }
  if (!table.IsForeign()) supported += ", table.*";
  Error error = InvalidArgument(
      "SQL-1023 unsupported option '{}' of table '{}' with connector '{}'. Supported options: {}",
      key, table.path.ToString(), table.connector(), supported);
  if (auto near = NearestName(key, names)) error.hint = "did you mean '" + *near + "'?";
  return error;
}

}  // namespace

bool IsChangeFormat(const TableRef& table) {
  std::string format = Find(table, "format");
  return format != "json" && std::find(std::begin(kJsonFormats), std::end(kJsonFormats), format) !=
                                 std::end(kJsonFormats);
}

Status CheckConnectorOptions(const TableRef& table) {
  std::optional<std::vector<OptionRule>> rules = RulesOf(table);
  if (!rules) return Status::Ok();
  for (const auto& [key, value] : table.options) {
    if (!table.IsForeign() && key.starts_with("table.")) continue;
    auto rule = std::find_if(rules->begin(), rules->end(),
                             [&](const OptionRule& each) { return Matches(Named(each), key); });
    if (rule == rules->end()) return Unsupported(table, key, *rules);
    if (!rule->only_value.empty() && !EqualsIgnoringCase(value, rule->only_value)) {
      return NotSupported("SQL-1023 '{}' = '{}' of table '{}' (only '{}' is supported)", key, value,
                          table.path.ToString(), rule->only_value);
    }
  }
  return Status::Ok();
}

}  // namespace forebay::sql
