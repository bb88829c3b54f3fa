#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/named_type.h"
#include "base/result.h"
#include "model/data_type.h"

namespace forebay::model {

using TableId = NamedType<int64_t, struct TableIdTag>;
using PartitionId = NamedType<int64_t, struct PartitionIdTag>;
using SchemaId = NamedType<int32_t, struct SchemaIdTag>;
/// A position in one bucket's log, counted in records from 0.
using LogOffset = int64_t;
/// Stands for "the first offset there is" in requests.
inline constexpr LogOffset kEarliestOffset = -2;
/// Stands for "the end of the log" in requests.
inline constexpr LogOffset kLatestOffset = -1;

/// The name of a table: database and table.
struct TablePath {
  std::string database;
  std::string table;

  std::string ToString() const { return database + "." + table; }
  friend auto operator<=>(const TablePath&, const TablePath&) = default;
};

/// One bucket of a table, or of one partition of it: the unit of writing, ordering and recovery.
struct TableBucket {
  TableId table_id;
  std::optional<PartitionId> partition_id;
  int bucket = 0;

  std::string ToString() const;
  friend auto operator<=>(const TableBucket&, const TableBucket&) = default;
};

/// A physical column of a table. Ids are given once and never reused, so that a renamed or dropped
/// column is not confused with a new one.
struct ColumnSpec {
  std::string name;
  DataType type;
  std::string comment = {};
  int id = 0;
  friend bool operator==(const ColumnSpec&, const ColumnSpec&) = default;
};

/// The columns of a table and its primary key (names of NOT NULL columns; empty for a log table).
struct Schema {
  std::vector<ColumnSpec> columns;
  std::vector<std::string> primary_key;

  /// The index of the column `name` (case-sensitive, as in Flink), or -1.
  int IndexOf(const std::string& name) const;
  std::vector<int> PrimaryKeyIndexes() const;
  std::vector<DataType> Types() const;
  friend bool operator==(const Schema&, const Schema&) = default;
};

/// What a table is, as CREATE TABLE says it (org.apache.fluss.metadata.TableDescriptor). Options
/// that storage knows stand in `properties` ("table.log.ttl"); all others (connector, format,
/// computed columns, watermark: see sql/catalog) in `custom_properties`.
struct TableDescriptor {
  Schema schema;
  std::string comment;
  std::vector<std::string> partition_keys;
  /// Columns that choose the bucket; empty: the primary key, or none for a log table.
  std::vector<std::string> bucket_keys;
  int bucket_count = 1;
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> custom_properties;

  bool HasPrimaryKey() const { return !schema.primary_key.empty(); }
  friend bool operator==(const TableDescriptor&, const TableDescriptor&) = default;
};

/// A table that exists.
struct TableInfo {
  TableId id;
  SchemaId schema_id{1};
  TablePath path;
  TableDescriptor descriptor;
  int64_t created_ms = 0;
};

}  // namespace forebay::model
