#include "compute/source/source_factory.h"

#include "compute/source/datagen_source.h"
#include "compute/source/filesystem_source.h"
#include "compute/source/table_source.h"
#include "compute/source/values_source.h"

namespace forebay::compute {

Result<std::unique_ptr<Source>> MakeSource(const sql::PlanNode& node, const JobContext& context) {
  if (node.kind == sql::PlanKind::kValues) {
    return MakeValuesSource(static_cast<const sql::ValuesNode&>(node), context);
  }
  if (node.kind != sql::PlanKind::kTableScan) return Internal("plan node {} is no source", node.id);
  const auto& scan = static_cast<const sql::TableScanNode&>(node);
  std::string connector = scan.table.connector();
  if (connector == "forebay") return MakeTableSource(scan, context);
  if (connector == "filesystem") return MakeFilesystemSource(scan, context);
  if (connector == "datagen") return MakeDatagenSource(scan, context);
  return NotSupported("connector '{}' of {} cannot be read", connector, scan.table.path.ToString());
}

}  // namespace forebay::compute
