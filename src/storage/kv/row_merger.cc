#include "storage/kv/row_merger.h"

#include <algorithm>
#include <set>

#include "format/row/compacted_row.h"
#include "storage/kv/aggregate_merger.h"
#include "storage/kv/partial_update.h"

namespace forebay::storage {
namespace {

using model::Batch;
using model::Column;
using model::DataType;
using model::TypeRoot;

/// Keeps the first row of a key.
class FirstRowMerger : public RowMerger {
 public:
  Result<MergeOutcome> Upsert(std::optional<std::string_view> before, const Batch&, int,
                              std::string&) const override {
    return before.has_value() ? MergeOutcome::kUnchanged : MergeOutcome::kWritten;
  }
};

/// Keeps the row with the greatest version, of several the last written. NULL is the smallest.
class VersionedMerger : public RowMerger {
 public:
  VersionedMerger(const model::Schema& schema, int column)
      : column_(column), projection_({column}), reader_(schema.Types(), &projection_) {}

  Result<MergeOutcome> Upsert(std::optional<std::string_view> before, const Batch& written, int row,
                              std::string&) const override {
    if (!before.has_value()) return MergeOutcome::kWritten;
    model::BatchBuilder builder(reader_.types());
    RETURN_IF_ERROR(reader_.Read(*before, builder));
    builder.FinishRow();
    Batch stored = builder.Finish();
    bool newer = VersionOf(stored.columns[0], 0) <= VersionOf(written.columns[column_], row);
    return newer ? MergeOutcome::kWritten : MergeOutcome::kUnchanged;
  }

 private:
  static int64_t VersionOf(const Column& column, int row) {
    bool is_int = column.type().Is(TypeRoot::kInteger);
    if (column.IsNull(row)) return is_int ? INT32_MIN : INT64_MIN;
    return is_int ? column.Get<int32_t>(row) : column.Get<int64_t>(row);
  }

  const int column_;
  const std::vector<int> projection_;
  const format::CompactedRowReader reader_;
};

std::string_view NameOf(MergeEngine engine) {
  switch (engine) {
    case MergeEngine::kFirstRow: return "first_row";
    case MergeEngine::kVersioned: return "versioned";
    case MergeEngine::kAggregation: return "aggregation";
    default: return "default";
  }
}

}  // namespace

Result<bool> RowMerger::Delete(std::string_view, std::string&) const { return false; }

Result<RowMergers> RowMergers::Make(const model::Schema& schema, const TableOptions& options) {
  RowMergers mergers;
  mergers.schema_ = schema;
  mergers.engine_ = options.merge_engine;
  switch (options.merge_engine) {
    case MergeEngine::kNone: break;
    case MergeEngine::kFirstRow: mergers.whole_rows_ = std::make_shared<FirstRowMerger>(); break;
    case MergeEngine::kVersioned: {
      int column = schema.IndexOf(options.version_column);
      if (column < 0) {
        return InvalidArgument("there is no version column '{}'", options.version_column);
      }
      mergers.whole_rows_ = std::make_shared<VersionedMerger>(schema, column);
      break;
    }
    case MergeEngine::kAggregation: {
      ASSIGN_OR_RETURN(mergers.whole_rows_, AggregateMerger::Make(schema, {}));
      break;
    }
  }
  return mergers;
}

Status RowMergers::CheckTargets(const std::vector<int>& targets, bool overwrite) const {
  if (!targets.empty() && !overwrite &&
      (engine_ == MergeEngine::kFirstRow || engine_ == MergeEngine::kVersioned)) {
    return OutOfRange("Partial update is not supported for the {} merge engine.", NameOf(engine_));
  }
  if (schema_.auto_increment_columns.empty()) return {};
  const std::string& name = schema_.auto_increment_columns[0];
  if (targets.empty()) {
    return OutOfRange(
        "the table has the auto-increment column '{}': name the target columns, without it", name);
  }
  if (std::find(targets.begin(), targets.end(), schema_.IndexOf(name)) != targets.end()) {
    return OutOfRange("the auto-increment column '{}' must not be a target column", name);
  }
  return {};
}

Result<std::shared_ptr<const RowMerger>> RowMergers::For(const std::vector<int>& targets,
                                                         bool overwrite) const {
  RETURN_IF_ERROR(CheckTargets(targets, overwrite));
  bool aggregates = engine_ == MergeEngine::kAggregation && !overwrite;
  if (targets.empty()) return overwrite ? nullptr : whole_rows_;
  if (aggregates) return AggregateMerger::Make(schema_, targets);
  std::set<int> distinct(targets.begin(), targets.end());
  bool all = std::ssize(distinct) == std::ssize(schema_.columns) && *distinct.begin() == 0 &&
             *distinct.rbegin() == std::ssize(schema_.columns) - 1;
  if (all) return std::shared_ptr<const RowMerger>();
  ASSIGN_OR_RETURN(std::shared_ptr<const RowMerger> partial, PartialUpdate::Make(schema_, targets));
  return partial;
}

}  // namespace forebay::storage
