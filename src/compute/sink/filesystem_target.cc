#include "compute/sink/filesystem_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/byte_size.h"
#include "base/duration.h"
#include "base/random.h"
#include "compute/source/file_layout.h"
#include "compute/source/file_rows.h"
#include "model/value_text.h"

namespace forebay::compute {
namespace {

/// Of a file, which cannot be without bytes.
Result<int64_t> FileSizeOf(const std::string& text) {
  ASSIGN_OR_RETURN(int64_t bytes, ParseByteSize(text));
  if (bytes > 0) return bytes;
  return InvalidArgument("'{}' is no size, such as 128MB", text);
}

Status ReadInterval(const sql::TableRef& table, const char* key, int64_t& interval_ms) {
  const std::string* text = FindOption(table, key);
  if (text == nullptr) return {};
  ASSIGN_OR_RETURN(interval_ms, ParseDurationMs(*text));
  if (interval_ms > 0) return {};
  return InvalidArgument("'{}' must be above 0, not '{}'", key, *text);
}

Result<RollingPolicy> ReadRolling(const sql::TableRef& table) {
  RollingPolicy rolling;
  ASSIGN_OR_RETURN(bool compacts, BoolOption(table, "auto-compaction", false));
  if (const std::string* size = FindOption(table, "sink.rolling-policy.file-size")) {
    ASSIGN_OR_RETURN(rolling.file_bytes, FileSizeOf(*size));
  }
  const std::string* compacted = FindOption(table, "compaction.file-size");
  if (compacted != nullptr) {
    ASSIGN_OR_RETURN(int64_t bytes, FileSizeOf(*compacted));
    if (compacts) rolling.file_bytes = bytes;
  }
  RETURN_IF_ERROR(
      ReadInterval(table, "sink.rolling-policy.rollover-interval", rolling.rollover_ms));
  RETURN_IF_ERROR(
      ReadInterval(table, "sink.rolling-policy.inactivity-interval", rolling.inactivity_ms));
  RETURN_IF_ERROR(ReadInterval(table, "sink.rolling-policy.check-interval", rolling.check_ms));
  return rolling;
}

void SplitColumns(const sql::TableRef& table, FilesystemTarget& target) {
  const auto& descriptor = table.info.descriptor;
  const auto& keys = descriptor.partition_keys;
  for (size_t i = 0; i < descriptor.schema.columns.size(); ++i) {
    const std::string& name = descriptor.schema.columns[i].name;
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      target.file_columns.push_back(static_cast<int>(i));
    }
  }
  for (const std::string& key : keys) {
    target.partition_columns.emplace_back(key, descriptor.schema.IndexOf(key));
  }
}

std::string StagingName(const sql::SinkNode& node, const JobContext& context, bool batch) {
  if (batch || context.job_id.empty()) return ".staging-" + RandomUuid();
  return fmt::format(".staging-{}-{}", context.job_id, node.id);
}

/// Sets the bits of rows whose cells are not equal in every bit to those before them.
void FindChanges(const model::Column& column, std::vector<bool>& changes) {
  if (column.MayHaveNulls() || !column.type().children().empty()) {
    changes.assign(changes.size(), true);
    return;
  }
  model::DispatchPhysical(column.physical(), [&]<typename T>(T*) {
    const T* cells = column.values<T>();
    for (size_t row = 1; row < changes.size(); ++row) {
      if constexpr (std::is_same_v<T, model::StringRef>) {
        if (cells[row] != cells[row - 1]) changes[row] = true;
      } else {
        if (std::memcmp(&cells[row], &cells[row - 1], sizeof(T)) != 0) changes[row] = true;
      }
    }
  });
}

}  // namespace

std::string UniqueFileName(int shard, const char* extension) {
  return fmt::format("part-{}-{:016x}{:016x}{}", shard, RandomBits(), RandomBits(), extension);
}

std::string FilesystemTarget::PartitionPath(const std::string& column,
                                            const std::string& value) const {
  return EscapePathName(column) + "=" + EscapePathName(value.empty() ? default_partition : value) +
         "/";
}

std::string FilesystemTarget::PartitionOf(const model::Batch& batch, int row) const {
  std::string path;
  for (const auto& [name, index] : partition_columns) {
    const model::Column& column = batch.columns[static_cast<size_t>(index)];
    std::string value;
    if (!column.IsNull(row)) model::AppendText(value, column, row);
    path += PartitionPath(name, value);
  }
  return path;
}

std::vector<bool> FilesystemTarget::PartitionChanges(const model::Batch& batch) const {
  std::vector<bool> changes(static_cast<size_t>(batch.num_rows));
  for (const auto& [name, index] : partition_columns) {
    FindChanges(batch.columns[static_cast<size_t>(index)], changes);
  }
  return changes;
}

std::string FilesystemTarget::StagedPath(std::string_view name) const {
  size_t slash = name.rfind('/');
  return io::JoinPath(staging, slash == std::string_view::npos ? name : name.substr(slash + 1));
}

Result<FilesystemTarget> FilesystemTarget::Of(const sql::SinkNode& node,
                                              const JobContext& context) {
  ASSIGN_OR_RETURN(std::string path, FilesystemPath(node.table));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  bool batch = IsBatch(context);
  if (node.overwrite && !batch) {
    return NotSupported("INSERT OVERWRITE in streaming mode");
  }
  ASSIGN_OR_RETURN(FileEncoding encoding, FileEncoding::Of(node.table));
  FilesystemTarget target{
      .fs = *context.environment->file_system,
      .directory = path,
      .staging = io::JoinPath(path, StagingName(node, context, batch)),
      .encoding = std::move(encoding),
      .file_columns = {},
      .partition_columns = {},
      .default_partition = DefaultPartitionName(node.table),
      .rolling = {},
      .commit = {},
      .grouped = batch,
      .overwrites = node.overwrite,
      .static_partition = {},
  };
  SplitColumns(node.table, target);
  ASSIGN_OR_RETURN(target.rolling, ReadRolling(node.table));
  ASSIGN_OR_RETURN(target.commit, PartitionCommitRule::Of(node.table));
  bool fixed =
      !target.partition_columns.empty() && node.partition.size() == target.partition_columns.size();
  for (const auto& [column, index] : target.partition_columns) {
    if (fixed) target.static_partition += target.PartitionPath(column, node.partition.at(column));
  }
  return target;
}

}  // namespace forebay::compute
