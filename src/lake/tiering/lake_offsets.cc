#include "lake/tiering/lake_offsets.h"

namespace forebay::lake {

Status TellLakeOffsets(client::Admin& admin, const model::TablePath& table,
                       std::optional<model::PartitionId> partition,
                       const std::vector<model::LogOffset>& offsets) {
  Status told = admin.SetLakeOffsets(table, offsets, partition);
  bool is_gone = partition.has_value() && !told.ok() && told.kind() == ErrorKind::kNotFound;
  return is_gone ? Status::Ok() : told;
}

}  // namespace forebay::lake
