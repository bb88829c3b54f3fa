#include "compute/batch/row_guard.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "compute/aggregate/aggregate_check.h"
#include "compute/batch/carried_error.h"
#include "compute/batch/duckdb_functions.h"
#include "compute/batch/duckdb_handle.h"
#include "compute/batch/vector_bridge.h"
#include "sql/plan/plan_json.h"

namespace forebay::compute {

using model::Batch;

namespace {

LettersOf LettersFor(const sql::PlanNode& node, BatchLetters& letters) {
  std::vector<std::string> names;
  for (const sql::Field& field : node.inputs[0]->output) names.push_back(field.name);
  return LettersOf(letters, kExpressionError, sql::KindName(node.kind), std::move(names));
}

/// Evaluates the condition, and the projections of the rows that pass it.
class CalcGuard : public RowGuard, private FailedRows {
 public:
  static Result<std::unique_ptr<RowGuard>> Make(const sql::CalcNode& node,
                                                EvaluationContext context, BatchLetters& letters) {
    std::unique_ptr<CalcGuard> guard(new CalcGuard(LettersFor(node, letters)));
    context.failed_rows = guard.get();
    if (node.condition != nullptr) {
      ASSIGN_OR_RETURN(guard->condition_, Evaluator::Make({node.condition}, context));
    }
    ASSIGN_OR_RETURN(guard->projections_, Evaluator::Make(node.projections, context));
    return std::unique_ptr<RowGuard>(std::move(guard));
  }

  Result<std::vector<uint32_t>> Pass(const Batch& batch) override {
    std::vector<uint32_t> rows(static_cast<size_t>(batch.num_rows));
    std::iota(rows.begin(), rows.end(), 0U);
    if (condition_ != nullptr) RETURN_IF_ERROR(condition_->Select(0, batch, rows));
    failed_.clear();
    RETURN_IF_ERROR(projections_->Evaluate(batch.Gather(rows)).status());
    if (failed_.empty()) return rows;
    std::vector<uint32_t> good;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!failed_.contains(static_cast<int>(i))) good.push_back(rows[i]);
    }
    return good;
  }

 private:
  explicit CalcGuard(LettersOf letters) : letters_(std::move(letters)) {}
  Status TakeFailed(const Batch& batch, int row, const Status& failure) override {
    failed_.insert(row);
    return letters_.TakeFailed(batch, row, failure);
  }

  LettersOf letters_;
  std::unique_ptr<Evaluator> condition_;
  std::unique_ptr<Evaluator> projections_;
  std::set<int> failed_;  ///< of the rows of the last evaluation
};

class AggregateGuard : public RowGuard {
 public:
  AggregateGuard(std::unique_ptr<AggregateCheck> check, LettersOf letters)
      : check_(std::move(check)), letters_(std::move(letters)) {}
  Result<std::vector<uint32_t>> Pass(const Batch& batch) override {
    return check_->GoodRows(batch, letters_);
  }

 private:
  const std::unique_ptr<AggregateCheck> check_;
  LettersOf letters_;
};

bool IsCall(const sql::ExpressionPtr& expression) {
  return expression != nullptr && expression->kind == sql::ExpressionKind::kCall;
}

}  // namespace

bool NeedsGuard(const sql::PlanNode& node, const BatchLetters* letters) {
  if (letters == nullptr) return false;
  if (node.kind == sql::PlanKind::kCalc) {
    const auto& calc = static_cast<const sql::CalcNode&>(node);
    return IsCall(calc.condition) ||
           std::any_of(calc.projections.begin(), calc.projections.end(), IsCall);
  }
  Result<std::unique_ptr<AggregateCheck>> check = AggregateCheck::Make(node);
  return check.ok() && *check != nullptr;
}

MakeRowGuard GuardOf(const sql::PlanNode& node, const EvaluationContext& context,
                     BatchLetters& letters) {
  return [&node, context, &letters]() -> Result<std::unique_ptr<RowGuard>> {
    if (node.kind == sql::PlanKind::kCalc) {
      return CalcGuard::Make(static_cast<const sql::CalcNode&>(node), context, letters);
    }
    ASSIGN_OR_RETURN(auto check, AggregateCheck::Make(node));
    return std::unique_ptr<RowGuard>(
        std::make_unique<AggregateGuard>(std::move(check), LettersFor(node, letters)));
  };
}

namespace {

/// What a registered guard needs at run time; owned by DuckDB's catalog entry.
struct GuardInfo {
  MakeRowGuard make;
  std::vector<model::DataType> types;
};

void InitGuard(duckdb_init_info info) {
  auto* made = static_cast<GuardInfo*>(duckdb_scalar_function_init_get_extra_info(info));
  Result<std::unique_ptr<RowGuard>> guard = made->make();
  if (!guard.ok()) {
    return duckdb_scalar_function_init_set_error(info, CarriedText(guard.error()).c_str());
  }
  duckdb_scalar_function_init_set_state(
      info, guard->release(), [](void* pointer) { delete static_cast<RowGuard*>(pointer); });
}

void PassRows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  auto* made = static_cast<GuardInfo*>(duckdb_scalar_function_get_extra_info(info));
  auto* guard = static_cast<RowGuard*>(duckdb_scalar_function_get_state(info));
  Batch batch = BatchOfChunk(input, made->types);
  Result<std::vector<uint32_t>> rows = guard->Pass(batch);
  if (!rows.ok()) {
    return duckdb_scalar_function_set_error(info, CarriedText(rows.error()).c_str());
  }
  auto* passes = static_cast<bool*>(duckdb_vector_get_data(output));
  std::fill_n(passes, batch.num_rows, false);
  for (uint32_t row : *rows) passes[row] = true;
}

}  // namespace

Status RegisterGuard(duckdb_connection connection, const std::string& name, MakeRowGuard make,
                     std::vector<model::DataType> types) {
  DuckDbScalarFunction function(duckdb_create_scalar_function());
  duckdb_scalar_function_set_name(function.get(), name.c_str());
  // Without columns there is the one that stands for the rows.
  if (types.empty()) types.push_back(model::DataType::Boolean());
  for (const model::DataType& type : types) {
    duckdb_scalar_function_add_parameter(function.get(), DuckDbTypeOf(type).get());
  }
  auto passes = DuckDbTypeOf(model::DataType::Boolean());
  duckdb_scalar_function_set_return_type(function.get(), passes.get());
  duckdb_scalar_function_set_special_handling(function.get());
  duckdb_scalar_function_set_volatile(function.get());  // never asked twice, nor elsewhere
  auto info = std::make_unique<GuardInfo>(GuardInfo{std::move(make), std::move(types)});
  duckdb_scalar_function_set_extra_info(function.get(), info.release(), [](void* pointer) {
    delete static_cast<GuardInfo*>(pointer);
  });
  duckdb_scalar_function_set_init(function.get(), InitGuard);
  duckdb_scalar_function_set_function(function.get(), PassRows);
  if (duckdb_register_scalar_function(connection, function.get()) != DuckDBSuccess) {
    return Internal("DuckDB refused the function {}", name);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
