#include "serve/session/batch_insert.h"

#include "compute/sink/not_null_enforcer.h"
#include "compute/sink/sink_factory.h"
#include "serve/session/query_cursor.h"

namespace forebay::serve {

namespace {

/// Batch inserts commit once, at the end: nothing holds sources or asks for checkpoints.
class NoControl : public compute::SinkControl {
 public:
  void HoldSources() override {}
  void ReleaseSources() override {}
  void RequestCheckpoint() override {}
  bool IsFallback() const override { return false; }
};

/// Writes batches straight into one of Forebay's own tables.
Result<int64_t> InsertIntoTable(ResultCursor& rows, const model::TablePath& path,
                                const compute::NotNullEnforcer& enforcer,
                                client::Connection& connection) {
  ASSIGN_OR_RETURN(auto writer, connection.OpenWriter(path));
  int64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(std::optional<model::Batch> batch, rows.Next(-1));
    if (!batch) return count;
    ASSIGN_OR_RETURN(model::Batch checked, enforcer.Check(std::move(*batch)));
    if (checked.num_rows > 0) RETURN_IF_ERROR(writer->Write(checked));
    count += checked.num_rows;
  }
}

}  // namespace

Result<int64_t> InsertBatch(const sql::SinkNode& sink, const Engine& engine,
                            const std::map<std::string, std::string>& settings,
                            const compute::EvaluationContext& evaluation) {
  ASSIGN_OR_RETURN(auto rows, BatchCursor(sink.inputs[0], engine, settings, evaluation));
  if (!sink.table.IsForeign()) {
    return InsertIntoTable(*rows, sink.table.path, compute::NotNullEnforcer(sink, settings),
                           *engine.connection);
  }
  compute::JobContext context;
  context.environment = engine.environment;
  context.settings = settings;
  context.evaluation = evaluation;
  NoControl control;
  ASSIGN_OR_RETURN(auto target, compute::MakeSink(sink, context));
  ASSIGN_OR_RETURN(auto writer, target->MakeWriter(0, 1, control));
  ASSIGN_OR_RETURN(auto committer, target->MakeCommitter());
  if (committer != nullptr) {
    return NotSupported(
        "INSERT into connector '{}' in batch mode: SET 'execution.runtime-mode' = "
        "'streaming' first",
        sink.table.connector());
  }
  RETURN_IF_ERROR(writer->Open({}));
  int64_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(std::optional<model::Batch> batch, rows->Next(-1));
    if (!batch) break;
    count += batch->num_rows;
    RETURN_IF_ERROR(writer->Process(0, std::move(*batch)));
  }
  RETURN_IF_ERROR(writer->Finish());
  return count;
}

}  // namespace forebay::serve
