#include "lake/tiering/position_deletes.h"

#include <algorithm>

#include "format/parquet_file.h"
#include "lake/iceberg/iceberg_table.h"
#include "lake/tiering/parquet_bytes.h"

namespace forebay::lake {

namespace {

// Reserved field ids of the spec.
constexpr int kFilePathId = 2147483546;
constexpr int kPositionId = 2147483545;

model::Schema DeleteSchema() {
  model::Schema schema;
  schema.columns.push_back({"file_path", model::DataType::String().NotNull(), {}, kFilePathId});
  schema.columns.push_back({"pos", model::DataType::Bigint().NotNull(), {}, kPositionId});
  return schema;
}

}  // namespace

Result<std::string> EncodePositionDeletes(const PositionDeletes& deletes) {
  model::Schema schema = DeleteSchema();
  ASSIGN_OR_RETURN(auto writer, ParquetBytes::Open(schema, {kFilePathId, kPositionId}));
  model::BatchBuilder builder(schema.Types());
  for (const auto& [path, positions] : deletes) {
    std::vector<int64_t> sorted = positions;
    std::sort(sorted.begin(), sorted.end());
    std::string uri = IcebergTable::UriOf(path);
    for (int64_t position : sorted) {
      builder.column(0).AppendString(uri);
      builder.column(1).Append(position);
      builder.FinishRow();
    }
  }
  RETURN_IF_ERROR(writer->Write(builder.Finish()));
  return writer->Finish();
}

Status ReadPositionDeletes(const std::string& path, PositionDeletes& deletes) {
  auto reader = format::ParquetFileReader::Open(path);
  if (!reader.ok()) return reader.status().WithContext(path);
  RETURN_IF_ERROR((*reader)->Select(DeleteSchema().columns, true));
  while (true) {
    auto batch = (*reader)->Next();
    if (!batch.ok()) return batch.status().WithContext(path);
    if (batch->num_rows == 0) return Status::Ok();
    for (int row = 0; row < batch->num_rows; ++row) {
      std::string file = IcebergTable::PathOf(batch->columns[0].GetString(row));
      deletes[file].push_back(batch->columns[1].Get<int64_t>(row));
    }
  }
}

}  // namespace forebay::lake
