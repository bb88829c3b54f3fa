#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "format/row/row_key.h"
#include "model/column.h"
#include "model/table.h"

namespace forebay::format {

/// Whose keys and buckets a table has: Fluss's own, or those of the lake it is tiered to, so that
/// a bucket of the log is a bucket of the lake table.
enum class KeyEncoding : uint8_t { kFluss, kPaimon, kIceberg, kHudi };

/// The bucket keys of every row:
///   Fluss    see EncodeKeys
///   Paimon   an aligned row (binary_row.h)
///   Iceberg  one column only, as Iceberg hashes it: INT and DATE as int64, BIGINT, FLOAT, DOUBLE;
///            TIME and TIMESTAMP as int64 microseconds; strings as they are; DECIMAL as the
///            shortest big-endian two's complement
///   Hudi     Java's hash code of the list of the cells' texts as Fluss's Java objects print them,
///            4 bytes big-endian: different values may have the same key
/// kInvalidArgument when a cell is NULL, there is no column, or the value cannot be a key;
/// kNotSupported for a type that the lake cannot have as a key.
Result<EncodedKeys> EncodeBucketKeys(KeyEncoding encoding, std::span<const model::Column> columns);

/// The bucket of a key of EncodeBucketKeys.
int BucketOf(KeyEncoding encoding, std::string_view key, int bucket_count);

/// Appends the cells of a key of EncodeBucketKeys to builders of the columns' types; Fluss's and
/// Iceberg's keys only. kCorruption when the bytes are no such key.
Status DecodeBucketKey(KeyEncoding encoding, std::string_view key,
                       std::span<model::ColumnBuilder*> columns);

/// How a table of our own storage chooses buckets: as Iceberg does when 'table.datalake.format'
/// says so and there is one bucket key of a type that Iceberg has buckets of, else as Fluss. The
/// option is given when a table is made and never changes.
KeyEncoding BucketEncodingOf(const model::TableDescriptor& table);

/// How Fluss's clients encode the keys of such a table's rows (Fluss's KeyEncoder, version 2): as
/// they choose the bucket, unless the bucket key is a part of the primary key.
KeyEncoding RowKeyEncodingOf(const model::TableDescriptor& table);

}  // namespace forebay::format
