#include "compute/python/python_function.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/byte_size.h"
#include "base/duration.h"
#include "format/arrow_stream.h"
#include "sql/parser/parser.h"

namespace forebay::compute {

using model::Batch;
using model::Column;
using model::DataType;
using Json = nlohmann::json;

namespace {

model::Schema SchemaOf(const std::vector<DataType>& types) {
  model::Schema schema;
  for (size_t i = 0; i < types.size(); ++i) {
    schema.columns.push_back({"f" + std::to_string(i), types[i]});
  }
  return schema;
}

std::vector<DataType> TypesOf(const Batch& batch) {
  std::vector<DataType> types;
  for (const Column& column : batch.columns) types.push_back(column.type());
  return types;
}

Batch BatchOf(std::span<const Column> columns, int num_rows) {
  Batch batch;
  batch.num_rows = num_rows;
  batch.columns.assign(columns.begin(), columns.end());
  return batch;
}

/// The head of a reply, or the error in it.
Result<Json> HeadOf(const std::string& name, const std::string& text) {
  Json head = Json::parse(text, nullptr, false);
  if (!head.is_object()) return InvalidArgument("Python function '{}' sent no answer", name);
  auto error = head.find("error");
  if (error == head.end() || !error->is_string()) return head;
  Error failure =
      InvalidArgument("SQL-2020 Python function '{}': {}", name, error->get<std::string>());
  auto trace = head.find("traceback");
  if (trace != head.end() && trace->is_string()) failure.hint = trace->get<std::string>();
  return failure;
}

}  // namespace

Result<PythonOptions> PythonOptionsOf(const std::map<std::string, std::string>& settings) {
  PythonOptions options;
  auto setting = [&](const char* key) {
    auto found = settings.find(key);
    return found == settings.end() ? std::string() : found->second;
  };
  if (auto text = setting("python.executable"); !text.empty()) options.executable = text;
  options.files = setting("python.files");
  if (auto text = setting("python.fn-execution.timeout"); !text.empty()) {
    ASSIGN_OR_RETURN(options.timeout_ms, ParseDurationMs(text));
  }
  if (auto text = setting("python.memory-limit"); !text.empty()) {
    ASSIGN_OR_RETURN(options.memory_bytes, ParseByteSize(text));
  }
  return options;
}

Result<PythonWorker*> PythonRuntime::Worker(const PythonOptions& options) {
  std::string key = options.executable + "\n" + options.files + "\n" +
                    std::to_string(options.timeout_ms) + " " + std::to_string(options.memory_bytes);
  auto found = workers_.find(key);
  if (found == workers_.end()) {
    ASSIGN_OR_RETURN(auto worker, PythonWorker::Start(options));
    found = workers_.emplace(std::move(key), std::move(worker)).first;
  }
  return found->second.get();
}

Result<std::unique_ptr<PythonFunction>> PythonFunction::Make(
    std::string_view spec, std::vector<DataType> arguments, DataType result,
    std::shared_ptr<PythonRuntime> runtime) {
  Json json = Json::parse(spec, nullptr, false);
  if (!json.is_object()) return Corruption("the description of a Python function is damaged");
  std::map<std::string, std::string> settings;
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) settings[key] = value.get<std::string>();
  }
  ASSIGN_OR_RETURN(PythonOptions options, PythonOptionsOf(settings));
  return std::unique_ptr<PythonFunction>(
      new PythonFunction(settings["function"], std::move(options), std::move(arguments),
                         std::move(result), std::move(runtime)));
}

Result<PythonWorker::Reply> PythonFunction::Ask(const std::string& head, std::string_view body) {
  auto reply = worker_->Call(head, body);
  if (reply.ok()) return reply;
  Error error = reply.error();
  error.message = fmt::format("SQL-2021 Python function '{}': {}", name_, error.message);
  return error;
}

Status PythonFunction::Open() {
  if (worker_ != nullptr) return Status::Ok();
  ASSIGN_OR_RETURN(worker_, runtime_->Worker(options_));
  ASSIGN_OR_RETURN(std::string schema,
                   format::ToArrowStream(Batch(), SchemaOf({result_.Nullable()})));
  Json head = {{"op", "open"}, {"id", id_}, {"function", name_}};
  ASSIGN_OR_RETURN(PythonWorker::Reply reply, Ask(head.dump(), schema));
  return HeadOf(name_, reply.head).status();
}

Result<Column> PythonFunction::Call(std::string_view operation, std::span<const Batch> batches,
                                    const DataType& type, int num_rows) {
  RETURN_IF_ERROR(Open());
  std::string body;
  Json sizes = Json::array();
  for (const Batch& batch : batches) {
    ASSIGN_OR_RETURN(std::string stream, format::ToArrowStream(batch, SchemaOf(TypesOf(batch))));
    sizes.push_back(stream.size());
    body += stream;
  }
  Json head = {{"op", operation}, {"id", id_}, {"sizes", sizes}};
  ASSIGN_OR_RETURN(PythonWorker::Reply reply, Ask(head.dump(), body));
  RETURN_IF_ERROR(HeadOf(name_, reply.head).status());
  auto result = format::FromArrowStream(reply.body, {type.Nullable()});
  if (!result.ok() || result->num_rows != num_rows) {
    return InvalidArgument(
        "SQL-2021 Python function '{}' sent no valid answer: {}", name_,
        result.ok() ? fmt::format("{} rows for {}", result->num_rows, num_rows) : result.message());
  }
  return result->columns[0].WithType(type);
}

Result<Column> PythonFunction::Scalar(std::span<const Column> arguments, int num_rows) {
  if (num_rows == 0) return Column::AllNull(result_, 0);
  Batch batch = BatchOf(arguments, num_rows);
  return Call("scalar", {&batch, 1}, result_, num_rows);
}

Result<Column> PythonFunction::Table(std::span<const Column> arguments, int num_rows) {
  if (num_rows == 0) return Column::AllNull(result_, 0);
  Batch batch = BatchOf(arguments, num_rows);
  return Call("table", {&batch, 1}, result_, num_rows);
}

namespace {

template <typename T>
Column Numbers(const DataType& type, const std::vector<T>& values) {
  model::ColumnBuilder builder(type, static_cast<int>(values.size()));
  builder.Resize(static_cast<int>(values.size()));
  std::copy(values.begin(), values.end(), builder.template mutable_values<T>());
  return builder.Finish();
}

}  // namespace

Result<Column> PythonFunction::Update(const Column& states, std::vector<int32_t> groups,
                                      std::vector<int8_t> signs,
                                      std::span<const Column> arguments) {
  Batch rows;
  rows.num_rows = static_cast<int>(groups.size());
  rows.columns = {Numbers(DataType::Int(), groups), Numbers(DataType::Tinyint(), signs)};
  rows.columns.insert(rows.columns.end(), arguments.begin(), arguments.end());
  Batch batches[] = {BatchOf({&states, 1}, states.num_rows()), std::move(rows)};
  return Call("update", batches, DataType::Bytes(), states.num_rows());
}

Result<Column> PythonFunction::Merge(const Column& states, const Column& others) {
  Column both[] = {states, others};
  Batch batch = BatchOf(both, states.num_rows());
  return Call("merge", {&batch, 1}, DataType::Bytes(), states.num_rows());
}

Result<Column> PythonFunction::Emit(const Column& states) {
  Batch batch = BatchOf({&states, 1}, states.num_rows());
  return Call("emit", {&batch, 1}, result_, states.num_rows());
}

namespace {

Result<DataType> DeclaredType(const std::string& name, const std::string& text) {
  auto type = sql::ParseType(text);
  if (type.ok()) return type;
  return InvalidArgument("SQL-2022 Python function '{}' declares a type that is none: '{}'", name,
                         text);
}

/// A table function gives rows, also of one column.
DataType RowTypeOf(const DataType& type) {
  return type.Is(model::TypeRoot::kRow) ? type : DataType::Row({{"f0", type}});
}

Status TakeTypes(const Json& head, sql::CatalogFunction& function) {
  const std::string& name = function.class_name;
  if (!function.returns && head.contains("result") && head["result"].is_string()) {
    ASSIGN_OR_RETURN(function.returns, DeclaredType(name, head["result"].get<std::string>()));
  }
  if (!function.returns) {
    return InvalidArgument(
        "SQL-2022 Python function '{}' declares no result type: write "
        "@udf(result_type=...), or RETURNS in CREATE FUNCTION",
        name);
  }
  if (function.kind == sql::FunctionKind::kTable) function.returns = RowTypeOf(*function.returns);
  if (function.has_parameters || !head.contains("arguments") || !head["arguments"].is_array()) {
    return Status::Ok();
  }
  function.has_parameters = true;
  for (const Json& argument : head["arguments"]) {
    if (!argument.is_string()) return Corruption("a type is no text");
    ASSIGN_OR_RETURN(DataType type, DeclaredType(name, argument.get<std::string>()));
    function.parameters.push_back({fmt::format("arg{}", function.parameters.size()), type});
  }
  return Status::Ok();
}

}  // namespace

Status DescribePythonFunction(const std::map<std::string, std::string>& settings,
                              sql::CatalogFunction& function) {
  const std::string& name = function.class_name;
  ASSIGN_OR_RETURN(PythonOptions options, PythonOptionsOf(settings));
  PythonRuntime runtime;
  ASSIGN_OR_RETURN(PythonWorker * worker, runtime.Worker(options));
  Json request = {{"op", "describe"}, {"function", name}};
  ASSIGN_OR_RETURN(PythonWorker::Reply reply, worker->Call(request.dump(), ""));
  ASSIGN_OR_RETURN(Json head, HeadOf(name, reply.head));
  Json kind = head.value("kind", Json());
  function.kind = kind == "table"       ? sql::FunctionKind::kTable
                  : kind == "aggregate" ? sql::FunctionKind::kAggregate
                                        : sql::FunctionKind::kScalar;
  function.deterministic = head.value("deterministic", Json()) != false;
  return TakeTypes(head, function);
}

}  // namespace forebay::compute
