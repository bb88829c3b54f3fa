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

struct BucketId;

/// One bucket of a table, or of one partition of it: the unit of writing, ordering and recovery.
struct TableBucket {
  TableId table_id;
  std::optional<PartitionId> partition_id;
  int bucket = 0;

  BucketId id() const;
  std::string ToString() const;
  friend auto operator<=>(const TableBucket&, const TableBucket&) = default;
};

/// A bucket within its table: its number and, in a partitioned table, its partition. A plain number
/// stands for a bucket of a table without partitions.
struct BucketId {
  std::optional<PartitionId> partition;
  int bucket = 0;

  BucketId() = default;
  BucketId(int number) : bucket(number) {}  // NOLINT(google-explicit-constructor)
  BucketId(std::optional<PartitionId> of, int number) : partition(of), bucket(number) {}
  /// "3", or "7/3" for a bucket of partition 7.
  std::string ToString() const;
  friend auto operator<=>(const BucketId&, const BucketId&) = default;
};

/// Values of some or all partition keys as texts, by column name
/// (org.apache.fluss.metadata.PartitionSpec).
using PartitionSpec = std::map<std::string, std::string>;

/// A partition that exists (org.apache.fluss.metadata.PartitionInfo). Its id is never given again.
struct PartitionInfo {
  PartitionId id;
  std::vector<std::string> values;  ///< of the partition keys, in the keys' order
  int64_t created_ms = 0;

  /// The values, joined by '$'.
  std::string Name() const;
};

/// How the merge engine `aggregation` makes one cell of a stored and a written one
/// (org.apache.fluss.metadata.AggFunction).
struct AggFunction {
  std::string name;  ///< in lower case, as in Fluss: "sum", "last_value_ignore_nulls"
  std::map<std::string, std::string> parameters = {};
  friend bool operator==(const AggFunction&, const AggFunction&) = default;
};

/// A physical column of a table. Ids are given once and never reused, so that a renamed or dropped
/// column is not confused with a new one.
struct ColumnSpec {
  std::string name;
  DataType type;
  std::string comment = {};
  int id = 0;
  std::optional<AggFunction> agg_function = std::nullopt;
  friend bool operator==(const ColumnSpec&, const ColumnSpec&) = default;
};

/// The columns of a table and its primary key (names of NOT NULL columns; empty for a log table).
struct Schema {
  std::vector<ColumnSpec> columns;
  std::vector<std::string> primary_key;
  /// Columns whose values the server gives, at most one.
  std::vector<std::string> auto_increment_columns = {};

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
  /// Columns that choose the bucket; empty: the primary key without the partition keys, or none for
  /// a log table.
  std::vector<std::string> bucket_keys;
  int bucket_count = 1;
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> custom_properties;

  bool HasPrimaryKey() const { return !schema.primary_key.empty(); }
  bool IsPartitioned() const { return !partition_keys.empty(); }
  /// The primary key without the partition keys: what rows of one partition are told apart by.
  std::vector<std::string> PhysicalPrimaryKey() const;
  std::vector<int> PhysicalPrimaryKeyIndexes() const;
  std::vector<int> PartitionKeyIndexes() const;
  /// The columns that choose the bucket: `bucket_keys`, or what stands for them when there are
  /// none.
  std::vector<std::string> EffectiveBucketKeys() const;
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
