#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "sql/catalog/catalog.h"

namespace forebay::sql {

/// The key by which a format knows its metadata: Kafka's connector puts "value." in front of it,
/// and tables that were written for it have it so.
std::string_view MetadataKeyOf(std::string_view key);

/// The type in which the table's connector or format gives the metadata `key`
/// (SupportsReadingMetadata.listReadableMetadata); nullopt when it does not.
std::optional<model::DataType> ReadableMetadata(const TableRef& table, const std::string& key);

/// Whether the connector has all the table's metadata columns in types that can be cast to the
/// declared ones, and takes those that are to be written. SQL-1024.
Status CheckReadableMetadata(const TableRef& table);
Status CheckWritableMetadata(const TableRef& table);

/// The METADATA column `name`, or null.
const MetadataColumn* FindMetadata(const TableRef& table, const std::string& name);

// As JSON in stored plans and in a table's properties. Reading throws nlohmann's exceptions.
nlohmann::json MetadataJson(const MetadataColumn& column);
MetadataColumn MetadataOf(const nlohmann::json& json);

}  // namespace forebay::sql
