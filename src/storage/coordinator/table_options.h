#pragma once

#include "base/result.h"
#include "format/batch/compression.h"
#include "format/batch/log_batch.h"
#include "format/row/row_format.h"
#include "model/table.h"
#include "storage/coordinator/auto_partition.h"
#include "storage/log/log_tablet.h"

namespace forebay::storage {

/// What a primary-key table does with -D rows.
enum class DeleteBehavior { kAllow, kIgnore, kDisable };

/// What becomes of a row that is written when its key has one already (kv/row_merger.h).
enum class MergeEngine { kNone, kFirstRow, kVersioned, kAggregation };
/// What the changelog has of an update: both images, or the new one alone.
enum class ChangelogImage { kFull, kWal };

/// The options of a table that storage acts on, read from its `properties`.
struct TableOptions {
  LogOptions log;
  format::BodyCompression compression = format::Compression::kZstd;
  format::LogFormat log_format = format::LogFormat::kArrow;
  /// Columns that our own writers keep statistics of ("*": all that can have them).
  std::vector<std::string> statistics_columns;
  MergeEngine merge_engine = MergeEngine::kNone;
  std::string version_column;  ///< of the merge engine `versioned`
  /// kIgnore with a merge engine, unless said otherwise.
  DeleteBehavior delete_behavior = DeleteBehavior::kAllow;
  ChangelogImage changelog_image = ChangelogImage::kFull;
  /// How clients send and get rows of a primary-key table; storage keeps them compacted.
  format::RowFormat kv_format = format::RowFormat::kCompacted;
  /// Values of the auto-increment column that a bucket reserves at once.
  int64_t auto_increment_cache_size = 100000;
  AutoPartition auto_partition;

  /// kInvalidArgument for an unknown option or a value that cannot be read, kNotSupported for what
  /// Fluss has and we do not.
  static Result<TableOptions> Parse(const std::map<std::string, std::string>& properties,
                                    const LogOptions& defaults);
};

/// Whether a table can be created so: names, columns, keys, buckets, types, options.
Status ValidateTable(const model::TablePath& path, const model::TableDescriptor& descriptor);
/// A database or table name: 1 to 200 ASCII letters, digits, '_' and '-', not starting with "__".
Status ValidateName(std::string_view what, const std::string& name);

}  // namespace forebay::storage
