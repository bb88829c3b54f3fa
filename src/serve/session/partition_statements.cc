#include <algorithm>

#include "serve/session/session.h"

// SHOW PARTITIONS and ALTER TABLE ... PARTITION.

namespace forebay::serve {

namespace {

/// "a=1/b=2", as Flink writes a partition.
std::string PartitionText(const std::vector<std::string>& keys,
                          const std::vector<std::string>& values) {
  std::string text;
  for (size_t i = 0; i < keys.size() && i < values.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : "/", keys[i], values[i]);
  }
  return text;
}

}  // namespace

Result<StatementResult> Session::ShowPartitions(const sql::ShowStatement& show) {
  client::Admin& admin = engine_.connection->admin();
  ASSIGN_OR_RETURN(model::TableInfo table, admin.GetTable(show.path));
  const auto& keys = table.descriptor.partition_keys;
  if (keys.empty()) return InvalidArgument("table {} is not partitioned", show.path.ToString());
  for (const auto& [key, value] : show.partition) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return InvalidArgument("table {} has no partition key '{}'", show.path.ToString(), key);
    }
  }
  ASSIGN_OR_RETURN(auto partitions, admin.ListPartitions(show.path));
  std::vector<std::vector<std::string>> rows;
  for (const model::PartitionInfo& partition : partitions) {
    bool wanted = true;
    for (size_t i = 0; i < keys.size(); ++i) {
      auto value = show.partition.find(keys[i]);
      wanted &= value == show.partition.end() || value->second == partition.values[i];
    }
    if (wanted) rows.push_back({PartitionText(keys, partition.values)});
  }
  StatementResult result;
  result.rows = TextCursor({"partition name"}, rows);
  return result;
}

Result<StatementResult> Session::AlterPartitions(const sql::AlterTableStatement& alter) {
  client::Admin& admin = engine_.connection->admin();
  StatementResult result;
  auto table = admin.GetTable(alter.path);
  if (!table.ok() && table.kind() == ErrorKind::kNotFound && alter.if_exists) {
    result.message = fmt::format("table {} does not exist", alter.path.ToString());
    return result;
  }
  if (!table.ok()) return table.status();
  for (const model::PartitionSpec& spec : alter.partitions) {
    if (alter.drops_partitions) {
      RETURN_IF_ERROR(admin.DropPartition(alter.path, spec, alter.lenient));
    } else {
      RETURN_IF_ERROR(internal::ToStatus(admin.CreatePartition(alter.path, spec, alter.lenient)));
    }
  }
  result.message = fmt::format("table {} altered", alter.path.ToString());
  return result;
}

}  // namespace forebay::serve
