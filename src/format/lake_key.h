#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "format/row_key.h"
#include "model/column.h"

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

}  // namespace forebay::format
