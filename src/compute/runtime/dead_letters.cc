#include "compute/runtime/dead_letters.h"

#include "compute/sink/table_sink.h"

namespace forebay::compute {

using model::Batch;
using model::DataType;

Status DeadLetters::Take(BadRecord record) {
  ++count_;
  if (writer_ == nullptr) return {};
  model::BatchBuilder builder(LetterTypes(), 1);
  AppendLetter(builder, now_ms_(), code_, origin_, std::move(record));
  return writer_->Process(0, builder.Finish());
}

Status DeadLetters::Snapshot(ShardSnapshot& snapshot, bool keeps_state) {
  if (writer_ == nullptr) return {};
  ASSIGN_OR_RETURN(SinkWriter::EpochWork work, writer_->EndEpoch());
  if (work != nullptr) snapshot.late.emplace_back(operator_id_, std::move(work));
  if (!keeps_state) return {};
  snapshot.state.SetOperator(operator_id_);
  return writer_->Snapshot(snapshot.state);
}

Status DeadLetters::TakeFailed(const Batch& batch, int row, const Status& failure) {
  return Take(FailedRow(batch, row, names_, failure));
}

Result<Batch> DeadLetters::TakeNullTimes(Batch batch, int column) {
  const model::Column& times = batch.columns[static_cast<size_t>(column)];
  if (!times.MayHaveNulls()) return batch;
  std::vector<uint32_t> kept;
  for (int row = 0; row < batch.num_rows; ++row) {
    if (!times.IsNull(row)) {
      kept.push_back(static_cast<uint32_t>(row));
      continue;
    }
    Status failure = InvalidArgument("rowtime column '{}' is NULL", names_.at(column));
    RETURN_IF_ERROR(TakeFailed(batch, row, failure));
  }
  return batch.Gather(kept);
}

Result<Batch> DeadLetters::ComputeGoodRows(RowOperator& op, const Batch& batch) {
  std::vector<DataType> types;
  std::vector<Batch> good;
  for (int row = 0; row < batch.num_rows; ++row) {
    Result<Batch> result = op.Compute(batch.Slice(row, 1));
    if (!result.ok()) {
      RETURN_IF_ERROR(TakeFailed(batch, row, result.status()));
    } else if (result->num_rows > 0) {
      good.push_back(std::move(*result));
    }
  }
  if (good.empty()) return Batch();
  for (const model::Column& column : good[0].columns) types.push_back(column.type());
  model::BatchBuilder builder(types, static_cast<int>(good.size()));
  for (const Batch& each : good) builder.AppendRow(each, 0);
  return builder.Finish();
}

Result<std::unique_ptr<DeadLetterTable>> DeadLetterTable::Open(const JobContext& context) {
  auto table = std::make_unique<DeadLetterTable>();
  ASSIGN_OR_RETURN(table->node_.table.info, OpenLetterTable(context));
  table->node_.table.path = table->node_.table.info.path;
  auto input = std::make_shared<sql::ValuesNode>();
  table->node_.inputs = {input};
  ASSIGN_OR_RETURN(table->sink_, MakeTableSink(table->node_, context));
  return table;
}

Result<std::unique_ptr<SinkWriter>> DeadLetterTable::MakeWriter(int shard, int num_shards,
                                                                SinkControl& control) {
  ASSIGN_OR_RETURN(auto writer, sink_->MakeWriter(shard, num_shards, control));
  OperatorContext context;
  context.shard = shard;
  context.num_shards = num_shards;
  RETURN_IF_ERROR(writer->Open(context));
  return writer;
}

}  // namespace forebay::compute
