#include "compute/batch/carried_error.h"
#include "compute/batch/duckdb_functions.h"
#include "compute/batch/duckdb_handle.h"
#include "compute/batch/vector_bridge.h"

namespace forebay::compute {

namespace {

/// What a registered expression needs at run time; owned by DuckDB's catalog entry.
struct ExpressionInfo {
  sql::ExpressionPtr expression;  ///< over the function's arguments
  std::vector<model::DataType> types;
  EvaluationContext context;
  MakeFailedRows failed_rows;
};

/// A thread's own evaluator, since evaluators are not shared.
struct ExpressionState {
  std::unique_ptr<FailedRows> failed_rows;
  std::unique_ptr<Evaluator> evaluator;
};

void InitState(duckdb_init_info info) {
  auto* expression = static_cast<ExpressionInfo*>(duckdb_scalar_function_init_get_extra_info(info));
  auto state = std::make_unique<ExpressionState>();
  EvaluationContext context = expression->context;
  if (expression->failed_rows) {
    state->failed_rows = expression->failed_rows();
    context.failed_rows = state->failed_rows.get();
  }
  auto evaluator = Evaluator::Make({expression->expression}, context);
  if (!evaluator.ok()) {
    return duckdb_scalar_function_init_set_error(info, CarriedText(evaluator.error()).c_str());
  }
  state->evaluator = std::move(evaluator).value();
  duckdb_scalar_function_init_set_state(
      info, state.release(), [](void* pointer) { delete static_cast<ExpressionState*>(pointer); });
}

void Evaluate(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  auto* expression = static_cast<ExpressionInfo*>(duckdb_scalar_function_get_extra_info(info));
  auto* state = static_cast<ExpressionState*>(duckdb_scalar_function_get_state(info));
  model::Batch batch = BatchOfChunk(input, expression->types);
  auto columns = state->evaluator->Evaluate(batch);
  if (!columns.ok()) {
    return duckdb_scalar_function_set_error(info, CarriedText(columns.error()).c_str());
  }
  WriteVector((*columns)[0], output, StringCopy::kCopy);
}

}  // namespace

Status RegisterExpression(duckdb_connection connection, const std::string& name,
                          const sql::ExpressionPtr& expression, const std::vector<int>& columns,
                          const std::vector<model::DataType>& input_types,
                          const EvaluationContext& context, MakeFailedRows failed_rows) {
  std::vector<int> mapping(input_types.size(), -1);
  auto info = std::make_unique<ExpressionInfo>();
  for (size_t i = 0; i < columns.size(); ++i) {
    mapping[columns[i]] = static_cast<int>(i);
    info->types.push_back(input_types[columns[i]]);
  }
  info->expression = sql::RemapColumns(expression, mapping);
  info->context = context;
  info->failed_rows = std::move(failed_rows);
  // An expression that cannot be evaluated is refused here, with our own error.
  auto probe = Evaluator::Make({info->expression}, context);
  if (!probe.ok()) return probe.status();

  DuckDbScalarFunction function(duckdb_create_scalar_function());
  duckdb_scalar_function_set_name(function.get(), name.c_str());
  for (const model::DataType& type : info->types) {
    duckdb_scalar_function_add_parameter(function.get(), DuckDbTypeOf(type).get());
  }
  duckdb_scalar_function_set_return_type(function.get(), DuckDbTypeOf(expression->type).get());
  duckdb_scalar_function_set_special_handling(function.get());  // NULLs are ours to handle
  duckdb_scalar_function_set_volatile(function.get());          // never folded or reordered
  duckdb_scalar_function_set_extra_info(function.get(), info.release(), [](void* pointer) {
    delete static_cast<ExpressionInfo*>(pointer);
  });
  duckdb_scalar_function_set_init(function.get(), InitState);
  duckdb_scalar_function_set_function(function.get(), Evaluate);
  if (duckdb_register_scalar_function(connection, function.get()) != DuckDBSuccess) {
    return Internal("DuckDB refused the function {} for {}", name, expression->ToString());
  }
  return Status::Ok();
}

}  // namespace forebay::compute
