#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "model/table.h"
#include "storage/kv/row_store.h"
#include "storage/log/log_tablet.h"
#include "storage/schema_registry.h"

namespace forebay::storage {

/// Applies a changelog to a row store again, after a crash. Thread-compatible.
class ChangelogReplay {
 public:
  /// All must outlive the object.
  ChangelogReplay(LogTablet& log, RowStore& store, const model::TableInfo& table,
                  std::shared_ptr<const SchemaRegistry> schemas, format::LogFormat log_format)
      : log_(log),
        store_(store),
        reader_(std::move(schemas), table.schema_id, table.descriptor.schema.Types(), std::nullopt,
                log_format),
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
  const LogBatchReader reader_;
  const std::vector<int> key_indexes_;
  const model::SchemaId schema_id_;
  std::optional<int64_t> row_count_;  ///< with rows_
  std::vector<Row> rows_;             ///< not written yet, in the order of the changelog
};

}  // namespace forebay::storage
