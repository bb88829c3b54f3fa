#include "lake/tiering/outside_tiering.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "lake/tiering/lake_rows.h"

namespace forebay::lake {

using model::TableId;
using model::TableInfo;

Result<std::vector<TableInfo>> OutsideTiering::TieredTables() {
  std::vector<TableInfo> tiered;
  ASSIGN_OR_RETURN(auto databases, admin_.ListDatabases());
  for (const std::string& database : databases) {
    auto names = admin_.ListTables(database);
    if (!names.ok()) continue;  // dropped meanwhile
    for (const std::string& name : *names) {
      auto table = admin_.GetTable({database, name});
      if (!table.ok()) continue;
      auto freshness = TieringFreshnessMs(table->descriptor);
      if (!freshness.ok() || !*freshness || !HasFlussLayout(table->descriptor)) continue;
      tiered.push_back(std::move(table).value());
    }
  }
  return tiered;
}

std::optional<TieringAssignment> OutsideTiering::TakeDue(const std::vector<TableInfo>& tables) {
  std::lock_guard lock(mutex_);
  int64_t now = clock_.NowMs();
  std::erase_if(rounds_, [&](const auto& entry) {
    return std::none_of(tables.begin(), tables.end(),
                        [&](const TableInfo& table) { return table.id == entry.first; });
  });
  const TableInfo* first = nullptr;
  for (const TableInfo& table : tables) {
    Round& round = rounds_[table.id];
    round.freshness_ms = TieringFreshnessMs(table.descriptor).value().value();
    bool is_given = round.heard_ms.has_value() && now - *round.heard_ms < kSilenceMsMax;
    if (is_given || now < round.due_ms) continue;
    if (first == nullptr || round.due_ms < rounds_[first->id].due_ms) first = &table;
  }
  if (first == nullptr) return std::nullopt;
  Round& round = rounds_[first->id];
  // Larger than every one before, those of a former process too.
  round.epoch = std::max(now, round.epoch + 1);
  round.heard_ms = now;
  return TieringAssignment{first->id, first->path, round.epoch};
}

Result<std::optional<TieringAssignment>> OutsideTiering::Request() {
  ASSIGN_OR_RETURN(auto tables, TieredTables());
  std::optional<TieringAssignment> due = TakeDue(tables);
  if (!due.has_value()) return due;
  auto table = std::find_if(tables.begin(), tables.end(),
                            [&](const TableInfo& each) { return each.id == due->table; });
  Status prepared = service_.PrepareTable(*table);
  if (prepared.ok()) return due;
  Log(LogLevel::kWarning, "lake", "no Iceberg table table={} error=\"{}\"", due->path.ToString(),
      prepared.ToString());
  RETURN_IF_ERROR(Fail(due->table, due->epoch));
  return std::optional<TieringAssignment>();
}

/// The mutex is held.
Result<OutsideTiering::Round*> OutsideTiering::Given(TableId table, int64_t epoch) {
  auto found = rounds_.find(table);
  if (found == rounds_.end()) return NotFound("The table {} doesn't exist.", table.value());
  Round& round = found->second;
  if (round.epoch != epoch || !round.heard_ms.has_value()) {
    return Conflict(
        "The tiering epoch {} is not match current epoch {} in coordinator for table {}.", epoch,
        round.epoch, table.value());
  }
  return &round;
}

Status OutsideTiering::Renew(TableId table, int64_t epoch) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Round * round, Given(table, epoch));
  round->heard_ms = clock_.NowMs();
  return {};
}

Status OutsideTiering::Finish(TableId table, int64_t epoch, bool at_once) {
  return Return(table, epoch, at_once ? std::optional<int64_t>(0) : std::nullopt);
}

Status OutsideTiering::Fail(TableId table, int64_t epoch) {
  constexpr int64_t kRetryMs = 1000;
  return Return(table, epoch, kRetryMs);
}

/// Without a delay the table's freshness.
Status OutsideTiering::Return(TableId table, int64_t epoch, std::optional<int64_t> delay_ms) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Round * round, Given(table, epoch));
  round->heard_ms.reset();
  round->due_ms = clock_.NowMs() + delay_ms.value_or(round->freshness_ms);
  return {};
}

Result<std::string> OutsideTiering::MergeOffsets(
    const TableInfo& table, const std::map<model::BucketId, model::LogOffset>& ends) {
  auto newest = service_.SnapshotOf(table, std::nullopt);
  if (!newest.ok() && newest.kind() != ErrorKind::kNotFound) return newest.status();
  auto buckets = static_cast<size_t>(table.descriptor.bucket_count);
  if (!table.descriptor.IsPartitioned()) {
    std::vector<model::LogOffset> offsets;
    if (newest.ok()) offsets = newest->LogOffsets();
    offsets.resize(buckets, 0);
    for (const auto& [bucket, end] : ends) offsets.at(bucket.bucket) = end;
    return fmt::format("[{}]", fmt::join(offsets, ","));
  }
  std::map<model::PartitionId, PartitionOffsets> parts;
  if (newest.ok()) {
    for (PartitionOffsets& part : newest->LogOffsetsByPartition()) {
      parts[part.partition.id] = std::move(part);
    }
  }
  ASSIGN_OR_RETURN(auto partitions, admin_.ListPartitions(table.path));
  for (model::PartitionInfo& partition : partitions) {
    model::PartitionId id = partition.id;
    if (ends.lower_bound({id, 0}) == ends.end()) continue;
    parts.try_emplace(id, PartitionOffsets{std::move(partition), {}});
  }
  for (const auto& [bucket, end] : ends) {
    auto part = parts.find(*bucket.partition);
    if (part == parts.end()) continue;  // dropped meanwhile
    part->second.offsets.resize(buckets, 0);
    part->second.offsets.at(bucket.bucket) = end;
  }
  std::vector<PartitionOffsets> list;
  for (auto& [id, part] : parts) {
    if (!part.offsets.empty()) list.push_back(std::move(part));
  }
  return PartitionOffsetsToJson(list);
}

Status OutsideTiering::Committed(const TableInfo& table, int64_t snapshot_id) {
  ASSIGN_OR_RETURN(Snapshot snapshot, service_.SnapshotOf(table, snapshot_id));
  return service_.TellStorage(table, snapshot);
}

}  // namespace forebay::lake
