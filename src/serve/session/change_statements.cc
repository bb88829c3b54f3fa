#include <set>

#include "base/log.h"
#include "serve/session/catalog_objects.h"
#include "serve/session/session.h"

// Statements that change tables as a whole or rows in them: CREATE TABLE [AS], REPLACE TABLE AS,
// INSERT OVERWRITE, UPDATE, DELETE, TRUNCATE TABLE.

namespace forebay::serve {

using model::TablePath;

namespace {

/// `sink` for the table as it is in the catalog now.
Result<sql::PlanPtr> WithTable(const sql::PlanPtr& sink, SqlCatalog& catalog,
                               const TablePath& path) {
  ASSIGN_OR_RETURN(auto table, catalog.FindTable(path));
  if (!table) return NotFound("table {} does not exist", path.ToString());
  auto copy = std::make_shared<sql::SinkNode>(static_cast<const sql::SinkNode&>(*sink));
  copy->table = table->ref;
  return sql::PlanPtr(std::move(copy));
}

/// The partitions of a table that the rows belong to are dropped; writing makes them again.
Status DropTouchedPartitions(client::Connection& connection, const sql::TableRef& table,
                             const std::vector<model::Batch>& rows) {
  ASSIGN_OR_RETURN(auto writer, connection.OpenWriter(table.path, {}));
  std::set<model::PartitionId> touched;
  for (const model::Batch& batch : rows) {
    ASSIGN_OR_RETURN(std::vector<model::BucketId> buckets, writer->BucketsOf(batch));
    for (const model::BucketId& bucket : buckets) {
      if (bucket.partition) touched.insert(*bucket.partition);
    }
  }
  const auto& keys = table.info.descriptor.partition_keys;
  ASSIGN_OR_RETURN(auto partitions, connection.admin().ListPartitions(table.path));
  for (const model::PartitionInfo& partition : partitions) {
    if (!touched.contains(partition.id)) continue;
    model::PartitionSpec spec;
    for (size_t i = 0; i < keys.size(); ++i) spec[keys[i]] = partition.values[i];
    RETURN_IF_ERROR(connection.admin().DropPartition(table.path, spec, true));
  }
  return Status::Ok();
}

void LogFailure(const Status& status, const char* what) {
  if (status.ok()) return;
  Log(LogLevel::kWarning, "serve", "{}: {}", what, status.message());
}

}  // namespace

Result<StatementResult> Session::Run(const sql::CreateTableStatement& create) {
  const TablePath& path = create.table.ref.path;
  if (create.or_replace) return ReplaceTableAs(create);
  if (create.fill != nullptr) return CreateTableAs(create);
  Status status = catalog_.CreateTable(create.table, create.temporary);
  if (!status.ok() && status.kind() == ErrorKind::kAlreadyExists && create.if_not_exists) {
    return StatementResult::Message(fmt::format("table {} exists already", path.ToString()));
  }
  if (!status.ok()) return status;
  return StatementResult::Message(fmt::format("table {} created", path.ToString()));
}

/// The table is made, then filled. In batch mode it is noted as unfinished until the rows are in
/// it: neither a failed query nor a crash leaves a half of it. In streaming mode a job fills it,
/// which a restart resumes.
Result<StatementResult> Session::CreateTableAs(const sql::CreateTableStatement& create) {
  const TablePath path = create.table.ref.path;
  client::Admin& admin = engine_.connection->admin();
  ASSIGN_OR_RETURN(auto existing, catalog_.FindTable(path));
  if (existing && create.if_not_exists) {
    sql::StatementAst insert;
    auto ast = std::make_shared<sql::InsertAst>(*create.fill);
    ast->by_name = false;
    insert.node = *ast;
    ASSIGN_OR_RETURN(sql::BoundStatement bound,
                     sql::AnalyzeStatement(insert, statement_, catalog_, AnalyzerOptions()));
    return Run(std::get<sql::InsertStatement>(bound));
  }
  if (existing) return AlreadyExists("table {} exists already", path.ToString());
  const std::string name = path.ToString();
  RETURN_IF_ERROR(admin.PutObject(kUnfinishedObject, name, "{}", true));
  auto finish = [&admin, name] {
    Status dropped = admin.DropObject(kUnfinishedObject, name);
    bool gone = dropped.ok() || dropped.kind() == ErrorKind::kNotFound;
    if (!gone) LogFailure(dropped, "unfinished table");
  };
  auto undo = [this, path, finish] {
    LogFailure(catalog_.DropTable(path, false), "table of a failed CREATE TABLE AS");
    finish();
  };
  Status created = catalog_.CreateTable(create.table, false);
  if (!created.ok()) {
    finish();
    return created;
  }
  auto filled = Fill(create);
  if (!filled.ok()) {
    undo();
    return filled;
  }
  if (IsStreaming() || filled->work == nullptr) finish();
  if (filled->work != nullptr) filled->work = WithUndo(std::move(filled->work), undo, finish);
  return filled;
}

Result<StatementResult> Session::Fill(const sql::CreateTableStatement& create) {
  const TablePath& path = create.table.ref.path;
  ASSIGN_OR_RETURN(sql::PlanPtr sink, WithTable(create.sink, catalog_, path));
  return Run(sql::InsertStatement{{sink}, {path}});
}

/// In batch mode the query ends before the table is replaced, so that its failure leaves the table
/// as it was.
Result<StatementResult> Session::ReplaceTableAs(const sql::CreateTableStatement& create) {
  const TablePath path = create.table.ref.path;
  ASSIGN_OR_RETURN(auto existing, catalog_.FindTable(path));
  if (!existing && create.if_exists_only) {
    Error error = NotFound("the table {} to be replaced does not exist", path.ToString());
    error.hint = "CREATE TABLE ... AS, or CREATE OR REPLACE TABLE ... AS";
    return error;
  }
  if (!existing) return CreateTableAs(create);
  RETURN_IF_ERROR(CheckReplaceable(path));
  if (IsStreaming()) {
    RETURN_IF_ERROR(catalog_.ReplaceTable(create.table));
    return Fill(create);
  }
  TableWrite write;
  write.sink = create.sink;
  write.collects = true;
  write.prepare =
      [this, table = create.table](const std::vector<model::Batch>&) -> Result<sql::TableRef> {
    RETURN_IF_ERROR(catalog_.ReplaceTable(table));
    ASSIGN_OR_RETURN(auto replaced, catalog_.FindTable(table.ref.path));
    if (!replaced) return NotFound("table {} does not exist", table.ref.path.ToString());
    return replaced->ref;
  };
  StatementResult result;
  result.work = WriteBatch({std::move(write)}, engine_, settings_, Evaluation());
  return result;
}

/// How an INSERT writes its table. INSERT OVERWRITE of one of Forebay's own takes the place of all
/// rows, or of those in the partitions it writes.
TableWrite Session::InsertOf(const sql::PlanPtr& sink) {
  TableWrite write;
  write.sink = sink;
  const auto& node = static_cast<const sql::SinkNode&>(*sink);
  if (!node.overwrite || node.table.IsForeign()) return write;
  write.collects = true;
  write.prepare =
      [this, table = node.table](const std::vector<model::Batch>& rows) -> Result<sql::TableRef> {
    if (table.info.descriptor.IsPartitioned()) {
      RETURN_IF_ERROR(DropTouchedPartitions(*engine_.connection, table, rows));
      return table;
    }
    ASSIGN_OR_RETURN(auto before, catalog_.FindTable(table.path));
    if (!before) return NotFound("table {} does not exist", table.path.ToString());
    RETURN_IF_ERROR(catalog_.ReplaceTable(*before));
    ASSIGN_OR_RETURN(auto after, catalog_.FindTable(table.path));
    if (!after) return NotFound("table {} does not exist", table.path.ToString());
    return after->ref;
  };
  return write;
}

Result<StatementResult> Session::Run(const sql::ChangeStatement& change) {
  using Kind = sql::ChangeStatement::Kind;
  const TablePath& path = change.table.ref.path;
  if (change.kind == Kind::kTruncate) {
    RETURN_IF_ERROR(CheckReplaceable(path));
    RETURN_IF_ERROR(catalog_.ReplaceTable(change.table));
    return StatementResult::Message(fmt::format("table {} truncated", path.ToString()));
  }
  TableWrite write;
  write.sink = change.sink;
  write.collects = true;
  bool deletes = change.kind == Kind::kDelete;
  write.change = deletes ? model::ChangeType::kDelete : model::ChangeType::kUpdateAfter;
  StatementResult result;
  result.work = WriteBatch({std::move(write)}, engine_, settings_, Evaluation(),
                           deletes ? "deleted" : "updated");
  return result;
}

Status RemoveUnfinishedTables(client::Connection& connection) {
  client::Admin& admin = connection.admin();
  ASSIGN_OR_RETURN(std::vector<std::string> names, admin.ListObjects(kUnfinishedObject));
  for (const std::string& name : names) {
    size_t dot = name.rfind('.');
    TablePath path{name.substr(0, dot), name.substr(dot + 1)};
    if (model::IsLocalDatabase(path.database)) {
      Status dropped = admin.DropTable(path);
      if (!dropped.ok() && dropped.kind() == ErrorKind::kNotFound) {
        dropped = admin.DropObject(kForeignTableObject, name);
      }
      if (!dropped.ok() && dropped.kind() != ErrorKind::kNotFound) return dropped;
      Log(LogLevel::kInfo, "serve", "half made table removed table={}", name);
    }
    RETURN_IF_ERROR(admin.DropObject(kUnfinishedObject, name));
  }
  return Status::Ok();
}

}  // namespace forebay::serve
