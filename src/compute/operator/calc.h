#pragma once

#include <memory>

#include "compute/expression/evaluator.h"
#include "compute/operator/row_operator.h"
#include "compute/operator/watermark_generator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Filters, then projects (StreamExecCalc). Columns that are only passed on are not evaluated; rows
/// are gathered once, and only those columns that something reads.
class CalcOperator : public RowOperator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::CalcNode& node,
                                                const EvaluationContext& context);
  Result<model::Batch> Compute(model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;

 private:
  /// A field of a ROW column, read as if it were an input column of its own: filters then gather
  /// this field rather than the whole ROW.
  struct FieldColumn {
    int column;
    int field;
    model::DataType type;
  };

  CalcOperator() = default;
  sql::ExpressionPtr TakeFields(const sql::ExpressionPtr& expression, int num_columns);
  Result<model::Batch> Filter(model::Batch batch);

  std::unique_ptr<Evaluator> condition_;    ///< null: every row passes
  std::unique_ptr<Evaluator> projections_;  ///< null: nothing but column references
  std::vector<FieldColumn> fields_;         ///< behind the input's columns
  std::vector<bool> used_;                  ///< columns that a projection reads
  std::vector<int>
      sources_;  ///< per output column: >= 0 an input column, -1 the next evaluated one
  std::vector<model::DataType> types_;
  std::vector<uint32_t> rows_;
};

/// Derives the watermark from every batch: the largest value of the node's expression
/// (StreamExecWatermarkAssigner). A NULL rowtime is an error; a NULL watermark value does not
/// count.
class WatermarkOperator : public Operator, public WatermarkGenerator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::WatermarkNode& node,
                                                const EvaluationContext& context);
  Status Process(int input, model::Batch batch) override;
  Watermark CurrentWatermark() const override { return watermark_; }
  Result<std::vector<int>> RisesIn(const model::Batch& batch) override;
  Status BeginSnapshot(StateWriter& writer) override;
  Status Restore(StateReader& reader) override;

 private:
  WatermarkOperator() = default;

  std::unique_ptr<Evaluator> expression_;
  int rowtime_ = 0;
  std::string rowtime_name_;
  int64_t units_per_ms_ = 1;
  Watermark watermark_ = kMinWatermark;
};

/// Passes all inputs on (StreamExecUnion).
class UnionOperator : public Operator {
 public:
  Status Process(int input, model::Batch batch) override;
};

}  // namespace forebay::compute
