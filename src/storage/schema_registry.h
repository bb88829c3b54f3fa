#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "format/batch/log_batch.h"
#include "format/row/compacted_row.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::storage {

/// The schemas of a table by id, from its first to its latest. Batches and rows are stored in the
/// schema they were written in, and a later schema has only more columns behind. Shared by all who
/// hold the table, also those who opened it before the last change. Thread-safe.
class SchemaRegistry {
 public:
  using SchemaPtr = std::shared_ptr<const model::Schema>;

  /// kNotFound.
  Result<SchemaPtr> Get(model::SchemaId id) const;
  void Add(model::SchemaId id, model::Schema schema);
  /// How many columns the table had first.
  size_t FewestColumns() const;

 private:
  mutable std::mutex mutex_;
  std::map<model::SchemaId, SchemaPtr> schemas_;  ///< guarded by `mutex_`
};

/// `batch` with NULLs for those of `types` that it lacks at its end.
model::Batch WidenBatch(model::Batch batch, const std::vector<model::DataType>& types);

/// Reads log batches of any schema of a table as rows of one of them: columns that came later are
/// left out, those a batch has not are NULL. Thread-safe.
class LogBatchReader {
 public:
  /// `types` are the columns of the schema `id`; `projection` the wanted ones, ascending; nullopt:
  /// all.
  LogBatchReader(std::shared_ptr<const SchemaRegistry> schemas, model::SchemaId id,
                 std::vector<model::DataType> types,
                 std::optional<std::vector<int>> projection = std::nullopt,
                 format::LogFormat format = format::LogFormat::kArrow);

  /// See format::DecodeLogBatch. kCorruption when the table has never had the batch's schema.
  Result<model::Batch> Decode(const format::LogBatchHeader& header, std::string_view bytes,
                              const std::shared_ptr<const void>& owner) const;

 private:
  const std::shared_ptr<const SchemaRegistry> schemas_;
  const model::SchemaId id_;
  const std::vector<model::DataType> types_;
  const std::optional<std::vector<int>> projection_;
  const format::LogFormat format_;
};

/// Reads stored rows (kv/row_value.h) of any schema of a table likewise. Thread-safe.
class RowValueReader {
 public:
  RowValueReader(std::shared_ptr<const SchemaRegistry> schemas, model::SchemaId id,
                 std::vector<model::DataType> types,
                 std::optional<std::vector<int>> projection = std::nullopt);

  /// Types of the wanted columns.
  const std::vector<model::DataType>& types() const { return reader_.types(); }
  /// See format::CompactedRowReader.
  Status Read(std::string_view value, model::BatchBuilder& builder) const;

 private:
  Result<const format::CompactedRowReader*> ReaderOf(model::SchemaId id) const;

  const std::shared_ptr<const SchemaRegistry> schemas_;
  const model::SchemaId id_;
  const std::vector<model::DataType> types_;
  const std::optional<std::vector<int>> projection_;
  const format::CompactedRowReader reader_;  ///< of the schema `id_`
  mutable std::mutex mutex_;
  /// Of other schemas; guarded by `mutex_`.
  mutable std::map<model::SchemaId, format::CompactedRowReader> others_;
};

}  // namespace forebay::storage
