#include "compute/source/source_factory.h"

#include <fmt/ranges.h>

#include "compute/nexmark/nexmark_source.h"
#include "compute/source/datagen_source.h"
#include "compute/source/faker_source.h"
#include "compute/source/filesystem_source.h"
#include "compute/source/table_source.h"
#include "compute/source/values_source.h"
#include "sql/functions/function_table.h"

namespace forebay::compute {

Error UnknownConnector(const sql::TableRef& table, std::string_view used,
                       const std::vector<std::string>& names) {
  Error error =
      NotSupported("connector '{}' of {} cannot be {}: those that can are {}", table.connector(),
                   table.path.ToString(), used, fmt::join(names, ", "));
  if (auto near = sql::NearestName(table.connector(), names)) {
    error.hint = fmt::format("did you mean '{}'?", *near);
  }
  return error;
}

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
  if (connector == "faker") return MakeFakerSource(scan, context);
  if (connector == "nexmark") return MakeNexmarkSource(scan, context);
  return UnknownConnector(scan.table, "read", {"filesystem", "datagen", "faker", "nexmark"});
}

}  // namespace forebay::compute
