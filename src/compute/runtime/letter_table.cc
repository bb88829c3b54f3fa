#include "compute/runtime/letter_table.h"

#include "client/connection.h"
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

}  // namespace

Result<BadRowPolicy> BadRowPolicyOf(const JobContext& context) {
  auto setting = context.settings.find("table.exec.bad-row.policy");
  if (setting == context.settings.end() || setting->second == "fail") return BadRowPolicy::kFail;
  if (setting->second == "skip") return BadRowPolicy::kSkip;
  if (setting->second == "dead-letter") return BadRowPolicy::kDeadLetter;
  return InvalidArgument("'table.exec.bad-row.policy' is fail, skip or dead-letter, not '{}'",
                         setting->second);
}

std::vector<DataType> LetterTypes() { return LetterSchema().Types(); }

void AppendLetter(model::BatchBuilder& builder, int64_t now_ms, const std::string& code,
                  const std::string& origin, BadRecord record) {
  if (record.bytes.size() > kLetterBytesMax) record.bytes.resize(kLetterBytesMax);
  builder.column(0).Append<int64_t>(now_ms);
  builder.column(1).AppendString(code);
  builder.column(2).AppendString(record.reason);
  builder.column(3).AppendString(origin);
  if (record.position.empty()) {
    builder.column(4).AppendNull();
  } else {
    builder.column(4).AppendString(record.position);
  }
  builder.column(5).AppendString(record.bytes);
  builder.FinishRow();
}

BadRecord FailedRow(const Batch& batch, int row, const std::vector<std::string>& names,
                    const Status& failure) {
  std::string text = "{";
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].num_rows() == 0) continue;  // nothing reads it
    if (text.size() > 1) text += ',';
    format::AppendJsonString(text, i < names.size() ? names[i] : std::to_string(i));
    text += ':';
    format::AppendJsonValue(text, batch.columns[i], row);
  }
  return {text + "}", std::string(failure.message()), ""};
}

Result<model::TableInfo> OpenLetterTable(const JobContext& context) {
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
  if (info->descriptor.schema.Types() != LetterTypes()) {
    Error error = InvalidArgument(
        "table {} cannot take dead letters: its columns are not occurred_at TIMESTAMP_LTZ(3), code "
        "STRING, message STRING, origin STRING, position STRING, record BYTES",
        path.ToString());
    error.hint = "name a table that does not exist: it is created";
    return error;
  }
  info->path = path;
  return info;
}

}  // namespace forebay::compute
