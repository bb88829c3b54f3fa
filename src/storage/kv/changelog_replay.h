#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "model/table.h"
#include "storage/coordinator/table_options.h"
#include "storage/kv/auto_increment.h"
#include "storage/kv/row_store.h"
#include "storage/log/log_tablet.h"
#include "storage/schema_registry.h"

namespace forebay::storage {

/// Applies a changelog to a row store again, after a crash. It holds what merge engines made, so
/// nothing is merged. Thread-compatible.
class ChangelogReplay {
 public:
  /// All must outlive the object. `values` is told what the auto-increment column had; null when
  /// there is none. Rows are counted when the changelog tells inserts from updates.
  ChangelogReplay(LogTablet& log, RowStore& store, const model::TableInfo& table,
                  std::shared_ptr<const SchemaRegistry> schemas, const TableOptions& options,
                  AutoIncrement* values)
      : log_(log),
        store_(store),
        values_(values),
        counts_rows_(options.changelog_image == ChangelogImage::kFull),
        reader_(std::move(schemas), table.schema_id, table.descriptor.schema.Types(), std::nullopt,
                options.log_format),
        key_indexes_(table.descriptor.PhysicalPrimaryKeyIndexes()),
        schema_id_(table.schema_id) {}

  /// The changes from `offset` up to `end`; gives their bytes.
  Result<int64_t> Run(model::LogOffset offset, model::LogOffset end);

 private:
  struct Row {
    std::string key;
    std::string value;
    bool present;
  };
  Status Read(const format::LogBatchHeader& header, std::string_view bytes);
  Status WriteRows(model::LogOffset end);

  LogTablet& log_;
  RowStore& store_;
  AutoIncrement* const values_;
  const bool counts_rows_;
  const LogBatchReader reader_;
  const std::vector<int> key_indexes_;
  const model::SchemaId schema_id_;
  std::optional<int64_t> row_count_;  ///< with rows_
  std::vector<Row> rows_;             ///< not written yet, in the order of the changelog
};

}  // namespace forebay::storage
