#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/manifest.h"
#include "lake/iceberg/table_metadata.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::lake {

/// The columns of a table's data files: the table's in types that Iceberg v2 has (TINYINT and
/// SMALLINT as INT, timestamps and times with microseconds), then __bucket, __offset, __timestamp.
/// Column i has field id i + 1.
model::Schema LakeSchema(const model::Schema& schema);

/// Whether Fluss's programs can read and write the lake table: a bucket key's buckets must be the
/// lake's, and partitions are told apart by texts.
bool HasFlussLayout(const model::TableDescriptor& table);

/// How Fluss's clients expect the lake table to be partitioned: by the bucket key when the table's
/// buckets are Iceberg's.
TablePartitioning LakePartitioning(const model::TableDescriptor& table);

/// The partition's values as data files have them. kNotSupported for keys of types other than
/// STRING, BOOLEAN, integers and DATE.
Result<PartitionKeys> LakePartitionKeys(const model::TableDescriptor& table,
                                        const std::vector<std::string>& values);

/// Where rows come from, for the system columns.
struct RowOrigin {
  int bucket = 0;
  int64_t timestamp_ms = 0;
  std::vector<model::LogOffset> offsets;  ///< one a row
};

/// Rows of the table as rows of its data files.
model::Batch ToLakeRows(const model::Batch& rows, const RowOrigin& origin);

/// Cells of a data file's column back in the table's type; `type` is the table's.
model::Column FromLakeColumn(const model::Column& column, const model::DataType& type);

/// The type a column of `type` has in data files.
model::DataType LakeType(const model::DataType& type);

}  // namespace forebay::lake
