#include "sql/catalog/connector_options.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <span>

#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

/// An option of a connector or format. `key` may hold a '#', which stands for any name.
struct OptionRule {
  std::string_view key;
  /// The one value there is, in any case; empty: any value.
  std::string_view only_value = "";
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
                                   {"lookup.partial-cache.cache-missing-key"}};
constexpr OptionRule kFilesystem[] = {{"path"}, {"format"}};
constexpr OptionRule kCsv[] = {{"csv.field-delimiter"},
                               {"csv.quote-character"},
                               {"csv.null-literal"},
                               {"csv.array-element-delimiter"},
                               {"csv.allow-comments"},
                               {"csv.ignore-parse-errors"},
                               {"csv.disable-quote-character", "false"},
                               {"csv.write-bigdecimal-in-scientific-notation", "false"}};
constexpr OptionRule kJson[] = {{"json.ignore-parse-errors", "false"},
                                {"json.fail-on-missing-field", "false"},
                                {"json.timestamp-format.standard", "SQL"},
                                {"json.map-null-key.mode", "FAIL"},
                                {"json.encode.decimal-as-plain-number", "true"}};
constexpr OptionRule kDatagen[] = {{"rows-per-second"},  {"number-of-rows"},    {"fields.#.kind"},
                                   {"fields.#.start"},   {"fields.#.end"},      {"fields.#.min"},
                                   {"fields.#.max"},     {"fields.#.max-past"}, {"fields.#.length"},
                                   {"fields.#.var-len"}, {"fields.#.null-rate"}};
constexpr OptionRule kNexmark[] = {{"events"}, {"rate"}, {"path"}};
constexpr OptionRule kPrint[] = {{"print-identifier"}, {"standard-error", "false"}};
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

/// The connector's rules; nullopt for connectors that are not known here.
std::optional<std::vector<OptionRule>> RulesOf(const TableRef& table) {
  std::string connector = table.connector();
  if (connector == "forebay") return Joined({kForebay});
  if (connector == "filesystem") {
    std::string format = Find(table, "format");
    if (format == "csv") return Joined({kEvery, kFilesystem, kCsv});
    if (format == "json") return Joined({kEvery, kFilesystem, kJson});
    return Joined({kEvery, kFilesystem});
  }
  if (connector == "datagen") return Joined({kEvery, kDatagen});
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

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
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
    supported += fmt::format("{}{}", supported.empty() ? "" : ", ", rule.key);
    names.push_back(Filled(rule.key, key));
  }
  if (!table.IsForeign()) supported += ", table.*";
  Error error = InvalidArgument(
      "SQL-1023 unsupported option '{}' of table '{}' with connector '{}'. Supported options: {}",
      key, table.path.ToString(), table.connector(), supported);
  if (auto near = NearestName(key, names)) error.hint = "did you mean '" + *near + "'?";
  return error;
}

}  // namespace

Status CheckConnectorOptions(const TableRef& table) {
  std::optional<std::vector<OptionRule>> rules = RulesOf(table);
  if (!rules) return Status::Ok();
  for (const auto& [key, value] : table.options) {
    if (!table.IsForeign() && key.starts_with("table.")) continue;
    auto rule = std::find_if(rules->begin(), rules->end(),
                             [&](const OptionRule& each) { return Matches(each.key, key); });
    if (rule == rules->end()) return Unsupported(table, key, *rules);
    if (!rule->only_value.empty() && !EqualsIgnoringCase(value, rule->only_value)) {
      return NotSupported("SQL-1023 '{}' = '{}' of table '{}' (only '{}' is supported)", key, value,
                          table.path.ToString(), rule->only_value);
    }
  }
  return Status::Ok();
}

}  // namespace forebay::sql
