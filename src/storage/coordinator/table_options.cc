#include "storage/coordinator/table_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/ascii_case.h"
#include "base/byte_size.h"
#include "base/duration.h"
#include "base/name_list.h"
#include "format/batch/batch_statistics.h"
#include "format/row/row_format.h"
#include "storage/coordinator/partition_spec.h"
#include "storage/coordinator/row_rules.h"

namespace forebay::storage {
namespace {

using model::DataType;
using model::TypeRoot;

constexpr size_t kNameBytesMax = 200;
constexpr int kBucketsMax = 1024;
constexpr int kColumnsMax = 4096;

constexpr std::array<std::string_view, 30> kKnownOptions = {
    "table.log.format",
    "table.log.arrow.compression.type",
    "table.log.arrow.compression.zstd.level",
    "table.kv.format",
    "table.kv.format-version",
    "table.kv.standby-replica.enabled",
    "table.log.ttl",
    "table.log.local-ttl",
    "table.log.tiered.local-segments",
    "table.log.segment.file-size",
    "table.replication.factor",
    "table.auto-partition.enabled",
    "table.auto-partition.key",
    "table.auto-partition.time-unit",
    "table.auto-partition.time-format",
    "table.auto-partition.time-zone",
    "table.auto-partition.num-precreate",
    "table.auto-partition.num-retention",
    "table.datalake.enabled",
    "table.datalake.format",
    "table.datalake.freshness",
    "table.datalake.auto-compaction",
    "table.datalake.auto-expire-snapshot",
    "table.datalake.historical-partition.enabled",
    "table.merge-engine",
    "table.merge-engine.versioned.ver-column",
    "table.delete.behavior",
    "table.changelog.image",
    "table.auto-increment.cache-size",
    "table.statistics.columns"};

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

Error UnknownOption(const std::string& key) {
  Error error = InvalidArgument("unknown table option '{}'", key);
  auto nearest = std::min_element(kKnownOptions.begin(), kKnownOptions.end(),
                                  [&](std::string_view a, std::string_view b) {
                                    return EditDistance(key, a) < EditDistance(key, b);
                                  });
  if (EditDistance(key, *nearest) <= key.size() / 3) {
    error.hint = fmt::format("did you mean '{}'?", *nearest);
  }
  return error;
}

Result<bool> ParseBool(const std::string& text) {
  std::string upper = UpperAscii(text);
  if (upper == "TRUE") return true;
  if (upper == "FALSE") return false;
  return InvalidArgument("'{}' is neither true nor false", text);
}

/// -1: for ever.
Result<int64_t> ParseTtlMs(const std::string& text) {
  if (text == "-1") return -1;
  return ParseDurationMs(text);
}

Result<int> ParseSegmentCount(const std::string& text) {
  int count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && count > 0) return count;
  return InvalidArgument("'{}' is not a number above 0", text);
}

Result<DeleteBehavior> ParseDeleteBehavior(const std::string& text) {
  std::string upper = UpperAscii(text);
  if (upper == "ALLOW") return DeleteBehavior::kAllow;
  if (upper == "IGNORE") return DeleteBehavior::kIgnore;
  if (upper == "DISABLE") return DeleteBehavior::kDisable;
  return InvalidArgument("'{}' is none of ALLOW, IGNORE, DISABLE", text);
}

Result<MergeEngine> ParseMergeEngine(const std::string& text) {
  std::string upper = UpperAscii(text);
  if (upper == "FIRST_ROW") return MergeEngine::kFirstRow;
  if (upper == "VERSIONED") return MergeEngine::kVersioned;
  if (upper == "AGGREGATION") return MergeEngine::kAggregation;
  return InvalidArgument("'{}' is none of FIRST_ROW, VERSIONED, AGGREGATION", text);
}

Result<ChangelogImage> ParseChangelogImage(const std::string& text) {
  std::string upper = UpperAscii(text);
  if (upper == "FULL") return ChangelogImage::kFull;
  if (upper == "WAL") return ChangelogImage::kWal;
  return InvalidArgument("'{}' is neither FULL nor WAL", text);
}

Result<format::RowFormat> ParseKvFormat(const std::string& text) {
  std::string upper = UpperAscii(text);
  if (upper == "COMPACTED") return format::RowFormat::kCompacted;
  if (upper == "INDEXED") return format::RowFormat::kIndexed;
  return InvalidArgument("'{}' is neither COMPACTED nor INDEXED", text);
}

Result<int64_t> ParseCount(const std::string& text) {
  int64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size() && count > 0) return count;
  return InvalidArgument("'{}' is no number above 0", text);
}

/// The options of primary-key tables' rows; whether `key` is one.
Result<bool> ApplyToRows(const std::string& key, const std::string& value, TableOptions& options) {
  if (key == "table.merge-engine") {
    ASSIGN_OR_RETURN(options.merge_engine, ParseMergeEngine(value));
  } else if (key == "table.merge-engine.versioned.ver-column") {
    options.version_column = value;
  } else if (key == "table.delete.behavior") {
    ASSIGN_OR_RETURN(options.delete_behavior, ParseDeleteBehavior(value));
  } else if (key == "table.changelog.image") {
    ASSIGN_OR_RETURN(options.changelog_image, ParseChangelogImage(value));
  } else if (key == "table.kv.format") {
    ASSIGN_OR_RETURN(options.kv_format, ParseKvFormat(value));
  } else if (key == "table.auto-increment.cache-size") {
    ASSIGN_OR_RETURN(options.auto_increment_cache_size, ParseCount(value));
  } else {
    return false;
  }
  return true;
}

/// An option of which we know only one value.
Status OnlyValue(const std::string& value, std::string_view supported) {
  if (UpperAscii(value) == supported) return {};
  return NotSupported("'{}' (only {} is)", value, supported);
}

Status Apply(const std::string& key, const std::string& value, TableOptions& options) {
  ASSIGN_OR_RETURN(bool taken, options.auto_partition.Set(key, value));
  if (taken) return {};
  ASSIGN_OR_RETURN(bool of_rows, ApplyToRows(key, value, options));
  if (of_rows) return {};
  if (key == "table.log.ttl") {
    ASSIGN_OR_RETURN(options.log.ttl_ms, ParseTtlMs(value));
  } else if (key == "table.log.local-ttl") {
    ASSIGN_OR_RETURN(options.log.local_ttl_ms, ParseTtlMs(value));
  } else if (key == "table.log.segment.file-size") {
    ASSIGN_OR_RETURN(options.log.segment_bytes, ParseByteSize(value));
    if (options.log.segment_bytes < 1024 || options.log.segment_bytes > (int64_t{1} << 30)) {
      return InvalidArgument("'{}' is not between 1kb and 1gb", value);
    }
  } else if (key == "table.log.tiered.local-segments") {
    ASSIGN_OR_RETURN(options.log.local_segments, ParseSegmentCount(value));
  } else if (key == "table.datalake.enabled") {
    ASSIGN_OR_RETURN(options.log.datalake_enabled, ParseBool(value));
  } else if (key == "table.datalake.freshness") {
    RETURN_IF_ERROR(ParseDurationMs(value));
  } else if (key == "table.datalake.format") {
    return OnlyValue(value, "ICEBERG");
  } else if (key == "table.log.arrow.compression.type") {
    ASSIGN_OR_RETURN(options.compression.codec, format::ParseCompression(value));
  } else if (key == "table.log.arrow.compression.zstd.level") {
    ASSIGN_OR_RETURN(options.compression.zstd_level, format::ParseZstdLevel(value));
  } else if (key == "table.log.format") {
    ASSIGN_OR_RETURN(options.log_format, format::ParseLogFormat(value));
  } else if (key == "table.statistics.columns") {
    options.statistics_columns = SplitNames(value);
  } else if (key == "table.datalake.historical-partition.enabled") {
    return OnlyValue(value, "FALSE");
  }
  return {};
}

bool IsStorable(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kNull:
    case TypeRoot::kIntervalYearMonth:
    case TypeRoot::kIntervalDayTime:
    case TypeRoot::kMultiset:
    case TypeRoot::kVariant:
    case TypeRoot::kRaw:
    case TypeRoot::kStructured:
    case TypeRoot::kDescriptor: return false;
    default: break;
  }
  for (const DataType& child : type.children()) {
    if (!IsStorable(child)) return false;
  }
  return true;
}

/// What the lake adds to every table.
bool IsSystemColumn(std::string_view name) {
  return name == "__offset" || name == "__timestamp" || name == "__bucket";
}

Status ValidateColumns(const model::Schema& schema) {
  if (schema.columns.empty()) return InvalidArgument("a table needs at least one column");
  if (std::ssize(schema.columns) > kColumnsMax) {
    return InvalidArgument("a table has at most {} columns, not {}", kColumnsMax,
                           schema.columns.size());
  }
  std::set<std::string> names;
  for (const model::ColumnSpec& column : schema.columns) {
    if (column.name.empty()) return InvalidArgument("a column has an empty name");
    if (IsSystemColumn(column.name)) {
      return InvalidArgument(
          "{} cannot be used as column names, because they are reserved system columns in Fluss. "
          "Please use other names for these columns. The reserved system columns are: __offset, "
          "__timestamp, __bucket",
          column.name);
    }
    if (!names.insert(column.name).second) {
      return InvalidArgument("there are two columns with the name '{}'", column.name);
    }
    if (!IsStorable(column.type)) {
      return NotSupported("column '{}' has type {}, which cannot be stored", column.name,
                          column.type.ToString());
    }
  }
  return {};
}

Status ValidateKey(std::string_view what, const std::vector<std::string>& key,
                   const model::Schema& schema) {
  std::set<std::string> names;
  for (const std::string& name : key) {
    int index = schema.IndexOf(name);
    if (index < 0) return InvalidArgument("the {} names the unknown column '{}'", what, name);
    if (!names.insert(name).second) {
      return InvalidArgument("the {} names the column '{}' twice", what, name);
    }
    const DataType& type = schema.columns[index].type;
    if (!type.children().empty()) {
      return NotSupported("column '{}' of type {} cannot be in a {}", name, type.ToString(), what);
    }
  }
  return {};
}

Status ValidateKeys(const model::TableDescriptor& table) {
  RETURN_IF_ERROR(ValidateKey("primary key", table.schema.primary_key, table.schema));
  RETURN_IF_ERROR(ValidateKey("bucket key", table.bucket_keys, table.schema));
  for (const std::string& name : table.schema.primary_key) {
    if (table.schema.columns[table.schema.IndexOf(name)].type.nullable()) {
      return InvalidArgument("the primary key column '{}' must be NOT NULL", name);
    }
  }
  for (const std::string& name : table.bucket_keys) {
    const auto& key = table.schema.primary_key;
    if (table.HasPrimaryKey() && std::find(key.begin(), key.end(), name) == key.end()) {
      return InvalidArgument("the bucket key column '{}' is not in the primary key", name);
    }
  }
  RETURN_IF_ERROR(ValidatePartitionKeys(table));
  if (table.bucket_count < 1 || table.bucket_count > kBucketsMax) {
    return InvalidArgument("a table has 1 to {} buckets, not {}", kBucketsMax, table.bucket_count);
  }
  return {};
}

/// What the log's format and statistics ask of the columns.
Status ValidateLog(const model::TableDescriptor& table, const TableOptions& options) {
  if (options.log_format == format::LogFormat::kIndexed && table.HasPrimaryKey() &&
      options.kv_format == format::RowFormat::kCompacted) {
    return InvalidArgument(
        "Currently, Primary Key Table supports ARROW or COMPACTED log format when kv format is "
        "COMPACTED.");
  }
  if (options.log_format != format::LogFormat::kArrow) {
    RETURN_IF_ERROR(format::CheckRowTypes(table.schema.Types()));
  }
  for (const std::string& name : options.statistics_columns) {
    if (name == "*") continue;
    int index = table.schema.IndexOf(name);
    if (index < 0) {
      return InvalidArgument("table option 'table.statistics.columns': there is no column '{}'",
                             name);
    }
    const DataType& type = table.schema.columns[index].type;
    // Fluss's clients keep them of CHAR, too.
    if (format::HasBounds(type) || type.Is(TypeRoot::kChar)) continue;
    return InvalidArgument(
        "table option 'table.statistics.columns': column '{}' has type {}, of which there are no "
        "statistics",
        name, type.ToString());
  }
  return {};
}

}  // namespace

Result<TableOptions> TableOptions::Parse(const std::map<std::string, std::string>& properties,
                                         const LogOptions& defaults) {
  TableOptions options;
  options.log = defaults;
  for (const auto& [key, value] : properties) {
    if (std::find(kKnownOptions.begin(), kKnownOptions.end(), key) == kKnownOptions.end()) {
      return UnknownOption(key);
    }
    Status applied = Apply(key, value, options);
    if (!applied.ok()) return applied.WithContext(fmt::format("table option '{}'", key));
  }
  if (options.merge_engine != MergeEngine::kNone && !properties.contains("table.delete.behavior")) {
    options.delete_behavior = DeleteBehavior::kIgnore;
  }
  return options;
}

Status ValidateName(std::string_view what, const std::string& name) {
  bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (plain && !name.empty() && name.size() <= kNameBytesMax && !name.starts_with("__")) return {};
  return InvalidArgument(
      "a {} name has 1 to {} ASCII letters, digits, '_' or '-' and does not "
      "start with '__': '{}'",
      what, kNameBytesMax, name);
}

Status ValidateTable(const model::TablePath& path, const model::TableDescriptor& descriptor) {
  RETURN_IF_ERROR(ValidateName("database", path.database));
  RETURN_IF_ERROR(ValidateName("table", path.table));
  RETURN_IF_ERROR(ValidateColumns(descriptor.schema));
  RETURN_IF_ERROR(ValidateKeys(descriptor));
  ASSIGN_OR_RETURN(TableOptions options, TableOptions::Parse(descriptor.properties, {}));
  RETURN_IF_ERROR(options.auto_partition.Validate(descriptor));
  if (options.log.datalake_enabled) RETURN_IF_ERROR(ValidateLakePartitionKeys(descriptor));
  RETURN_IF_ERROR(ValidateLog(descriptor, options));
  return ValidateRowRules(descriptor);
}

}  // namespace forebay::storage
