#include "sql/catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "sql/catalog/metadata_columns.h"
#include "sql/catalog/schema_options.h"

namespace forebay::sql {
namespace {

constexpr std::string_view kColumns = "sql.columns";
constexpr std::string_view kComputed = "sql.computed.";
constexpr std::string_view kMetadata = "sql.metadata.";
constexpr std::string_view kWatermark = "sql.watermark.";
constexpr std::string_view kComment = "sql.comment.";
constexpr std::string_view kConstraint = "sql.constraint";
constexpr std::string_view kDistribution = "sql.distribution";
constexpr std::string_view kOption = "option.";

// Options that storage itself reads stand in `properties`.
bool IsStorageOption(const std::string& key) { return key.starts_with("table."); }

Status ReadMetadata(const std::string& text, CatalogTable& table) {
  try {
    table.ref.metadata.push_back(MetadataOf(nlohmann::json::parse(text)));
  } catch (const nlohmann::json::exception& e) {
    return Corruption("bad metadata column of a table: {}", e.what());
  }
  return {};
}

Status ReadCustom(const std::string& key, const std::string& value, CatalogTable& table,
                  std::map<std::string, std::string>& computed,
                  std::map<std::string, std::string>& comments) {
  if (key == kColumns) {
    auto json = nlohmann::json::parse(value, nullptr, false);
    if (!json.is_array()) return Corruption("bad '{}' of a table: {}", key, value);
    for (const auto& name : json) {
      if (!name.is_string()) return Corruption("bad '{}' of a table: {}", key, value);
      table.declared_order.push_back(name.get<std::string>());
    }
  } else if (key.starts_with(kComputed)) {
    computed[key.substr(kComputed.size())] = value;
  } else if (key.starts_with(kMetadata)) {
    return ReadMetadata(value, table);
  } else if (key.starts_with(kWatermark)) {
    table.watermark = WatermarkSpec{key.substr(kWatermark.size()), value};
  } else if (key.starts_with(kComment)) {
    comments[key.substr(kComment.size())] = value;
  } else if (key == kConstraint) {
    table.constraint = value;
  } else if (key == kDistribution) {
    size_t blank = value.find(' ');
    if (blank == std::string::npos) return Corruption("bad '{}' of a table: {}", key, value);
    table.distribution = DistributionSpec{value.substr(0, blank), std::nullopt};
    int buckets = std::atoi(value.c_str() + blank + 1);
    if (buckets > 0) table.distribution->buckets = buckets;
  } else if (key.starts_with(kOption)) {
    table.ref.options[key.substr(kOption.size())] = value;
  }
  return Status::Ok();
}

}  // namespace

std::string DescriptorKeyOf(const std::string& key) {
  return IsStorageOption(key) ? key : std::string(kOption) + key;
}

std::string ConstraintName(const CatalogTable& table) {
  if (!table.constraint.empty()) return table.constraint;
  std::string name = "PK";
  for (const std::string& column : table.ref.info.descriptor.schema.primary_key) {
    name += "_" + column;
  }
  return name;
}

model::TableDescriptor ToDescriptor(const CatalogTable& table) {
  model::TableDescriptor descriptor = table.ref.info.descriptor;
  descriptor.comment = table.comment;
  descriptor.properties.clear();
  descriptor.custom_properties.clear();
  auto& custom = descriptor.custom_properties;
  custom[std::string(kColumns)] = nlohmann::json(table.declared_order).dump();
  for (const ComputedColumn& column : table.computed) {
    custom[std::string(kComputed) + column.name] = column.expression;
    if (!column.comment.empty()) custom[std::string(kComment) + column.name] = column.comment;
  }
  for (const MetadataColumn& column : table.ref.metadata) {
    custom[std::string(kMetadata) + column.name] = MetadataJson(column).dump();
  }
  if (table.watermark) {
    custom[std::string(kWatermark) + table.watermark->column] = table.watermark->expression;
  }
  if (!table.constraint.empty()) custom[std::string(kConstraint)] = table.constraint;
  if (table.distribution) {
    custom[std::string(kDistribution)] =
        fmt::format("{} {}", table.distribution->kind, table.distribution->buckets.value_or(0));
  }
  for (const auto& [key, value] : table.ref.options) {
    if (table.ref.connector() == "forebay" && IsSchemaOption(key)) continue;
    if (IsStorageOption(key)) {
      descriptor.properties[key] = value;
    } else {
      custom[std::string(kOption) + key] = value;
    }
  }
  return descriptor;
}

Result<CatalogTable> FromTableInfo(const model::TableInfo& info) {
  CatalogTable table;
  table.ref.path = info.path;
  table.ref.info = info;
  table.ref.options = info.descriptor.properties;
  WriteSchemaOptions(info.descriptor.schema, table.ref.options);
  table.comment = info.descriptor.comment;
  std::map<std::string, std::string> computed;
  std::map<std::string, std::string> comments;
  for (const auto& [key, value] : info.descriptor.custom_properties) {
    RETURN_IF_ERROR(ReadCustom(key, value, table, computed, comments));
  }
  // Columns that were added later.
  for (const auto& column : info.descriptor.schema.columns) {
    auto& order = table.declared_order;
    if (std::find(order.begin(), order.end(), column.name) == order.end()) {
      order.push_back(column.name);
    }
  }
  for (const std::string& name : table.declared_order) {
    auto it = computed.find(name);
    if (it != computed.end()) table.computed.push_back({name, it->second, comments[name]});
  }
  return table;
}

}  // namespace forebay::sql
