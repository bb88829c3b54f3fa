#include "compute/runtime/dead_letters.h"

#include "compute/sink/table_sink.h"
#include "format/text/json_writer.h"

namespace forebay::compute {

using model::Batch;
using model::DataType;

namespace {

constexpr size_t kLetterBytesMax = size_t{1} << 20;

model::Schema LetterSchema() {
  model::Schema schema;
  int id = 0;
  auto add = [&](const char* name, DataType type) {
    schema.columns.push_back({name, std::move(type), "", id++});
  };
  add("occurred_at", DataType::TimestampLtz(3));
  add("code", DataType::String());
  add("message", DataType::String());
  add("origin", DataType::String());
  add("position", DataType::String());
  add("record", DataType::Bytes());
  return schema;
}

Result<model::TablePath> LetterPath(const JobContext& context) {
  auto name = context.settings.find("table.exec.bad-row.table");
  if (name == context.settings.end() || name->second.empty()) {
    Error error = InvalidArgument(
        "'table.exec.bad-row.policy' = 'dead-letter' needs the name of a table for the rows");
    error.hint = "SET 'table.exec.bad-row.table' = 'default_database.dead_letters'";
    return error;
  }
  size_t dot = name->second.rfind('.');
  if (dot == std::string::npos) return model::TablePath{"default_database", name->second};
  return model::TablePath{name->second.substr(0, dot), name->second.substr(dot + 1)};
}

/// The row as an object of its columns; results' form of JSON.
std::string RowText(const Batch& batch, int row, const std::vector<std::string>& names) {
  std::string text = "{";
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].num_rows() == 0) continue;  // nothing reads it
    if (text.size() > 1) text += ',';
    format::AppendJsonString(text, i < names.size() ? names[i] : std::to_string(i));
    text += ':';
    format::AppendJsonValue(text, batch.columns[i], row);
  }
  return text + "}";
}

}  // namespace

Result<BadRowPolicy> BadRowPolicyOf(const JobContext& context) {
  auto setting = context.settings.find("table.exec.bad-row.policy");
  if (setting == context.settings.end() || setting->second == "fail") return BadRowPolicy::kFail;
  if (setting->second == "skip") return BadRowPolicy::kSkip;
  if (setting->second == "dead-letter") return BadRowPolicy::kDeadLetter;
  return InvalidArgument("'table.exec.bad-row.policy' is fail, skip or dead-letter, not '{}'",
                         setting->second);
}

Status DeadLetters::Take(BadRecord record) {
  ++count_;
  if (writer_ == nullptr) return {};
  if (record.bytes.size() > kLetterBytesMax) record.bytes.resize(kLetterBytesMax);
  model::BatchBuilder builder(LetterSchema().Types(), 1);
  builder.column(0).Append<int64_t>(now_ms_());
  builder.column(1).AppendString(code_);
  builder.column(2).AppendString(record.reason);
  builder.column(3).AppendString(origin_);
  if (record.position.empty()) {
    builder.column(4).AppendNull();
  } else {
    builder.column(4).AppendString(record.position);
  }
  builder.column(5).AppendString(record.bytes);
  builder.FinishRow();
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
  return Take({RowText(batch, row, names_), std::string(failure.message()), ""});
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
  client::Connection* connection = context.environment->connection;
  if (connection == nullptr) return Internal("no connection for dead letters");
  ASSIGN_OR_RETURN(model::TablePath path, LetterPath(context));
  Result<model::TableInfo> info = connection->admin().GetTable(path);
  if (!info.ok() && info.status().kind() == ErrorKind::kNotFound) {
    model::TableDescriptor descriptor;
    descriptor.schema = LetterSchema();
    descriptor.comment = "rows that jobs could not read or compute";
    info = connection->admin().CreateTable(path, descriptor);
    bool raced = !info.ok() && info.status().kind() == ErrorKind::kAlreadyExists;
    if (raced) info = connection->admin().GetTable(path);
  }
  if (!info.ok()) return info.status().WithContext("the table of dead letters");
  if (info->descriptor.schema.Types() != LetterSchema().Types()) {
    Error error = InvalidArgument(
        "table {} cannot take dead letters: its columns are not occurred_at TIMESTAMP_LTZ(3), code "
        "STRING, message STRING, origin STRING, position STRING, record BYTES",
        path.ToString());
    error.hint = "name a table that does not exist: it is created";
    return error;
  }
  auto table = std::make_unique<DeadLetterTable>();
  table->node_.table.path = path;
  table->node_.table.info = std::move(*info);
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
