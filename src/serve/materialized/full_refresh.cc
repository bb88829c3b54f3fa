#include "serve/materialized/full_refresh.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/failpoint.h"
#include "format/row/row_key.h"
#include "model/quoted_text.h"
#include "serve/session/query_cursor.h"
#include "serve/session/show_create.h"
#include "serve/session/sql_catalog.h"
#include "sql/analyzer/analyzer.h"

namespace forebay::serve {

namespace {

/// p = 'x' AND q = 'y'; the keys must be partition keys, and strings, as in Flink.
Result<std::string> ConditionOf(const model::TableDescriptor& table,
                                const model::PartitionSpec& partition) {
  std::string condition;
  for (const auto& [key, value] : partition) {
    const auto& keys = table.partition_keys;
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      std::string all;
      for (const std::string& each : keys) all += (all.empty() ? "" : "\n") + each;
      return InvalidArgument(
          "The partition spec contains unknown partition keys:\n\n{}\n\nAll known partition keys "
          "are:\n\n{}",
          key, all);
    }
    const model::DataType& type = table.schema.columns[table.schema.IndexOf(key)].type;
    if (!type.IsCharacter()) {
      return InvalidArgument(
          "Currently, refreshing materialized table only supports referring to char, varchar and "
          "string type partition keys. All specified partition keys in partition specs with "
          "unsupported types are:\n\n{}",
          key);
    }
    condition += fmt::format("{}{} = {}", condition.empty() ? "" : " AND ",
                             model::QuoteIdentifier(key), model::QuoteText(value));
  }
  return condition;
}

}  // namespace

Result<std::unique_ptr<FullRefresh>> FullRefresh::Begin(const Engine& engine,
                                                        const MaterializedTable& table,
                                                        const model::PartitionSpec& partition) {
  ASSIGN_OR_RETURN(model::TableInfo info, engine.connection->admin().GetTable(table.path));
  if (!info.descriptor.HasPrimaryKey()) {
    return NotSupported("{} has no PRIMARY KEY: its rows cannot be replaced",
                        table.path.ToString());
  }
  ASSIGN_OR_RETURN(std::string condition, ConditionOf(info.descriptor, partition));
  std::unique_ptr<FullRefresh> refresh(new FullRefresh(engine));
  refresh->options_ = AnalyzerOptionsOf(table, false);
  refresh->evaluation_.time_zone = refresh->options_.time_zone;
  refresh->settings_ = table.settings;
  refresh->settings_["execution.runtime-mode"] = "batch";
  refresh->types_ = info.descriptor.schema.Types();
  refresh->key_columns_ = info.descriptor.schema.PrimaryKeyIndexes();
  std::string names;
  for (const model::ColumnSpec& column : info.descriptor.schema.columns) {
    names += (names.empty() ? "" : ", ") + model::QuoteIdentifier(column.name);
  }
  refresh->select_old_ = fmt::format("SELECT {} FROM {}", names, QuotedPath(table.path));
  if (!condition.empty()) refresh->select_old_ += " WHERE " + condition;
  RETURN_IF_ERROR(refresh->Open(table, condition));
  return refresh;
}

Result<sql::PlanPtr> FullRefresh::Plan(const std::string& statement) const {
  SqlCatalog catalog(*engine_.connection, engine_.catalogs);
  ASSIGN_OR_RETURN(sql::BoundStatement bound, sql::AnalyzeSql(statement, catalog, options_));
  if (auto* insert = std::get_if<sql::InsertStatement>(&bound)) return insert->sinks[0];
  return std::get<sql::QueryStatement>(bound).plan;
}

Status FullRefresh::Open(const MaterializedTable& table, const std::string& condition) {
  ASSIGN_OR_RETURN(sql::PlanPtr plan, Plan(table.InsertText(condition)));
  const auto& sink = static_cast<const sql::SinkNode&>(*plan);
  ASSIGN_OR_RETURN(writer_, engine_.connection->OpenWriter(table.path, {}));
  enforcer_.emplace(sink, settings_);
  ASSIGN_OR_RETURN(new_rows_, BatchCursor(sink.inputs[0], engine_, settings_, evaluation_));
  return Status::Ok();
}

Result<bool> FullRefresh::Continue(int timeout_ms) {
  int64_t deadline_ms = MonotonicMs() + timeout_ms;
  while (true) {
    int left_ms = static_cast<int>(std::max<int64_t>(0, deadline_ms - MonotonicMs()));
    ResultCursor& cursor = new_rows_ != nullptr ? *new_rows_ : *old_rows_;
    Result<std::optional<model::Batch>> batch = cursor.Next(left_ms);
    if (!batch.ok() && batch.kind() == ErrorKind::kTimeout) return false;
    if (!batch.ok()) return batch.status();
    if (*batch) {
      RETURN_IF_ERROR(new_rows_ != nullptr ? WriteNew(std::move(**batch)) : DeleteOld(**batch));
    } else if (old_rows_ != nullptr) {
      Failpoint("refresh.before_write");
      RETURN_IF_ERROR(WriteStaged());
      Failpoint("refresh.after_write");
      return true;
    } else {
      Failpoint("refresh.before_delete");
      new_rows_.reset();
      ASSIGN_OR_RETURN(sql::PlanPtr plan, Plan(select_old_));
      ASSIGN_OR_RETURN(old_rows_, BatchCursor(plan, engine_, settings_, evaluation_));
    }
  }
}

namespace {

Result<format::EncodedKeys> KeysOf(const model::Batch& rows, const std::vector<int>& columns) {
  std::vector<model::Column> keys;
  for (int column : columns) keys.push_back(rows.columns[static_cast<size_t>(column)]);
  return format::EncodeKeys(keys);
}

}  // namespace

Status FullRefresh::WriteNew(model::Batch rows) {
  ASSIGN_OR_RETURN(model::Batch checked, enforcer_->Check(std::move(rows)));
  if (checked.num_rows == 0) return Status::Ok();
  ASSIGN_OR_RETURN(format::EncodedKeys keys, KeysOf(checked, key_columns_));
  for (int row = 0; row < keys.num_rows(); ++row) keys_.emplace(keys[row]);
  rows_ += checked.num_rows;
  return Stage(std::move(checked));
}

Status FullRefresh::DeleteOld(const model::Batch& rows) {
  ASSIGN_OR_RETURN(format::EncodedKeys keys, KeysOf(rows, key_columns_));
  std::vector<uint32_t> gone;
  for (int row = 0; row < keys.num_rows(); ++row) {
    if (!keys_.contains(std::string(keys[row]))) gone.push_back(static_cast<uint32_t>(row));
  }
  if (gone.empty()) return Status::Ok();
  model::Batch deletes = rows.Gather(gone);
  auto changes = std::make_shared<model::ChangeType[]>(gone.size());
  std::fill_n(changes.get(), gone.size(), model::ChangeType::kDelete);
  deletes.changes = changes;
  return Stage(std::move(deletes));
}

Status FullRefresh::Stage(model::Batch rows) {
  staged_bytes_ += rows.MemoryBytes();
  staged_.push_back(std::move(rows));
  return staged_bytes_ > kStagedBytesMax ? WriteStaged() : Status::Ok();
}

Status FullRefresh::WriteStaged() {
  if (staged_.empty()) return Status::Ok();
  model::BatchBuilder builder(types_);
  for (const model::Batch& batch : std::exchange(staged_, {})) {
    for (int row = 0; row < batch.num_rows; ++row) builder.AppendRow(batch, row);
  }
  staged_bytes_ = 0;
  return writer_->Write(builder.Finish()).status();
}

}  // namespace forebay::serve
