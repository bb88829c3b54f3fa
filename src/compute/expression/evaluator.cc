#include "compute/expression/evaluator.h"

#include <limits>

#include "base/clock.h"
#include "compute/expression/program.h"

namespace forebay::compute {

namespace {

using model::Column;

/// A column of `num_rows` rows from an operand of one cell.
Column Expand(const Operand& operand, const model::DataType& type, int num_rows) {
  if (!operand.constant) return operand.column;
  if (operand.column.IsNull(0)) return Column::AllNull(type, num_rows);
  std::vector<uint32_t> zeros(static_cast<size_t>(num_rows), 0);
  return operand.column.Gather(zeros);
}

class KernelEvaluator : public Evaluator {
 public:
  explicit KernelEvaluator(Program program) : interpreter_(std::move(program)) {}

  void SetWatermark(int64_t watermark_ms) override { watermark_ms_ = watermark_ms; }

  Result<std::vector<Column>> Evaluate(const model::Batch& batch) override {
    Scope scope = MakeScope(batch);
    std::vector<Column> columns;
    for (int root : interpreter_.program().roots) {
      ASSIGN_OR_RETURN(const Operand* operand, interpreter_.Get(scope, root));
      const model::DataType& type = interpreter_.program().nodes[root].type;
      Column column = Expand(*operand, type, batch.num_rows);
      columns.push_back(column.type() == type ? std::move(column) : column.WithType(type));
    }
    return columns;
  }

  Status Select(int index, const model::Batch& batch, std::vector<uint32_t>& rows) override {
    Scope scope = MakeScope(batch);
    bool all = true;
    rows.clear();
    return interpreter_.Narrow(scope, interpreter_.program().roots[index], rows, all);
  }

 private:
  Scope MakeScope(const model::Batch& batch) {
    const Program& program = interpreter_.program();
    int64_t now = program.context.fixed_now_ms;
    BatchState state{batch.num_rows, now != 0 ? now : Clock::System().NowMs(), watermark_ms_};
    return Scope(batch, program.nodes.size(), state);
  }

  Interpreter interpreter_;
  int64_t watermark_ms_ = std::numeric_limits<int64_t>::min();
};

/// Goes over a batch row by row when something in it fails.
class TolerantEvaluator : public Evaluator {
 public:
  TolerantEvaluator(std::unique_ptr<Evaluator> evaluator, std::vector<model::DataType> types,
                    FailedRows& failed)
      : evaluator_(std::move(evaluator)), types_(std::move(types)), failed_(failed) {}

  void SetWatermark(int64_t watermark_ms) override { evaluator_->SetWatermark(watermark_ms); }

  Result<std::vector<Column>> Evaluate(const model::Batch& batch) override {
    Result<std::vector<Column>> all = evaluator_->Evaluate(batch);
    if (all.ok()) return all;
    model::BatchBuilder builder(types_, batch.num_rows);
    for (int row = 0; row < batch.num_rows; ++row) {
      Result<std::vector<Column>> one = evaluator_->Evaluate(batch.Slice(row, 1));
      if (!one.ok()) RETURN_IF_ERROR(failed_.TakeFailed(batch, row, one.status()));
      for (size_t i = 0; i < types_.size(); ++i) {
        model::ColumnBuilder& column = builder.column(static_cast<int>(i));
        one.ok() ? column.AppendFrom((*one)[i], 0) : column.AppendNull();
      }
      builder.FinishRow();
    }
    return builder.Finish().columns;
  }

  Status Select(int index, const model::Batch& batch, std::vector<uint32_t>& rows) override {
    if (evaluator_->Select(index, batch, rows).ok()) return {};
    rows.clear();
    std::vector<uint32_t> one;
    for (int row = 0; row < batch.num_rows; ++row) {
      Status selected = evaluator_->Select(index, batch.Slice(row, 1), one);
      if (!selected.ok()) {
        RETURN_IF_ERROR(failed_.TakeFailed(batch, row, selected));
      } else if (!one.empty()) {
        rows.push_back(static_cast<uint32_t>(row));
      }
    }
    return {};
  }

 private:
  const std::unique_ptr<Evaluator> evaluator_;
  const std::vector<model::DataType> types_;
  FailedRows& failed_;
};

}  // namespace

Result<std::unique_ptr<Evaluator>> Evaluator::Make(std::vector<sql::ExpressionPtr> expressions,
                                                   const EvaluationContext& context) {
  ASSIGN_OR_RETURN(Program program, Compile(expressions, context));
  auto evaluator = std::make_unique<KernelEvaluator>(std::move(program));
  if (context.failed_rows == nullptr) return evaluator;
  std::vector<model::DataType> types;
  for (const sql::ExpressionPtr& expression : expressions) types.push_back(expression->type);
  return std::make_unique<TolerantEvaluator>(std::move(evaluator), std::move(types),
                                             *context.failed_rows);
}

Result<model::Value> EvaluateConstant(const sql::ExpressionPtr& expression,
                                      const EvaluationContext& context) {
  ASSIGN_OR_RETURN(auto evaluator, Evaluator::Make({expression}, context));
  ASSIGN_OR_RETURN(auto columns, evaluator->Evaluate(model::Batch(1, {})));
  return model::ValueAt(columns[0], 0);
}

}  // namespace forebay::compute
