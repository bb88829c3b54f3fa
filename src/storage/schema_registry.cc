#include "storage/schema_registry.h"

#include "base/bytes.h"
#include "storage/kv/row_value.h"

namespace forebay::storage {

using model::Batch;
using model::Column;
using model::DataType;
using model::SchemaId;

Result<SchemaRegistry::SchemaPtr> SchemaRegistry::Get(SchemaId id) const {
  std::lock_guard lock(mutex_);
  auto found = schemas_.find(id);
  if (found != schemas_.end()) return found->second;
  return NotFound("the table has no schema {}", id.value());
}

void SchemaRegistry::Add(SchemaId id, model::Schema schema) {
  std::lock_guard lock(mutex_);
  schemas_[id] = std::make_shared<const model::Schema>(std::move(schema));
}

size_t SchemaRegistry::FewestColumns() const {
  std::lock_guard lock(mutex_);
  return schemas_.empty() ? 0 : schemas_.begin()->second->columns.size();
}

Batch WidenBatch(Batch batch, const std::vector<DataType>& types) {
  for (size_t i = batch.columns.size(); i < types.size(); ++i) {
    batch.columns.push_back(Column::AllNull(types[i], batch.num_rows));
  }
  return batch;
}

LogBatchReader::LogBatchReader(std::shared_ptr<const SchemaRegistry> schemas, SchemaId id,
                               std::vector<DataType> types,
                               std::optional<std::vector<int>> projection, format::LogFormat format)
    : schemas_(std::move(schemas)),
      id_(id),
      types_(std::move(types)),
      projection_(std::move(projection)),
      format_(format) {}

Result<Batch> LogBatchReader::Decode(const format::LogBatchHeader& header, std::string_view bytes,
                                     const std::shared_ptr<const void>& owner) const {
  if (header.schema_id == id_) {
    return format::DecodeLogBatch(bytes, types_, projection_ ? &*projection_ : nullptr, owner,
                                  format_);
  }
  auto schema = schemas_->Get(header.schema_id);
  if (!schema.ok())
    return Corruption("a batch of schema {}: {}", header.schema_id.value(), schema.message());
  int stored = static_cast<int>((*schema)->columns.size());
  std::vector<int> present;
  int wanted = static_cast<int>(projection_ ? projection_->size() : types_.size());
  for (int i = 0; i < wanted; ++i) {
    int column = projection_ ? (*projection_)[i] : i;
    if (column < stored) present.push_back(column);
  }
  ASSIGN_OR_RETURN(Batch batch,
                   format::DecodeLogBatch(bytes, (*schema)->Types(), &present, owner, format_));
  // The wanted columns ascend, so those that are missing come last.
  for (int i = static_cast<int>(present.size()); i < wanted; ++i) {
    int column = projection_ ? (*projection_)[i] : i;
    batch.columns.push_back(Column::AllNull(types_[column], batch.num_rows));
  }
  return batch;
}

RowValueReader::RowValueReader(std::shared_ptr<const SchemaRegistry> schemas, SchemaId id,
                               std::vector<DataType> types,
                               std::optional<std::vector<int>> projection)
    : schemas_(std::move(schemas)),
      id_(id),
      types_(std::move(types)),
      projection_(std::move(projection)),
      reader_(types_, projection_ ? &*projection_ : nullptr) {}

Status RowValueReader::Read(std::string_view value, model::BatchBuilder& builder) const {
  if (value.size() < kRowValuePrefixBytes) return Corruption("a row of {} bytes", value.size());
  SchemaId id = SchemaIdOf(value);
  if (id == id_) return reader_.Read(RowOf(value), builder);
  ASSIGN_OR_RETURN(const format::CompactedRowReader* reader, ReaderOf(id));
  return reader->Read(RowOf(value), builder);
}

Result<const format::CompactedRowReader*> RowValueReader::ReaderOf(SchemaId id) const {
  std::lock_guard lock(mutex_);
  if (auto found = others_.find(id); found != others_.end()) return &found->second;
  auto schema = schemas_->Get(id);
  if (!schema.ok()) return Corruption("a row of schema {}: {}", id.value(), schema.message());
  size_t stored = (*schema)->columns.size();
  std::vector<DataType> types = stored > types_.size() ? (*schema)->Types() : types_;
  std::vector<int> all;
  for (int i = 0; i < std::ssize(types_); ++i) all.push_back(i);
  const std::vector<int>& wanted = projection_ ? *projection_ : all;
  auto added = others_.try_emplace(id, std::move(types), &wanted, static_cast<int>(stored)).first;
  return &added->second;
}

}  // namespace forebay::storage
