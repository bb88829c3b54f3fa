#pragma once

#include <memory>

#include "compute/expression/evaluator.h"
#include "compute/operator/operator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Gives every row once for each element of a collection in it (StreamExecCorrelate with
/// UnnestRowsFunction): a row's change type is that of all its results. Has no state. Columns are
/// gathered whole: the kept ones by the row of each result, the elements by their place.
class UnnestOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::UnnestNode& node,
                                                const EvaluationContext& context);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;

 private:
  UnnestOperator() = default;
  void PlaceElements(const model::Column& collection);
  /// Drops the elements that the condition is not true for; a row that is left with none is padded.
  Status DropElements(const model::Batch& batch, const model::Column& collection);
  void PadRow(uint32_t row);
  model::Batch BuildPart(const model::Batch& batch, const model::Column& collection, size_t begin,
                         size_t end) const;
  model::Column Produced(const model::Column& collection, int index, const model::DataType& type,
                         size_t begin, size_t end) const;

  std::unique_ptr<Evaluator> collection_;
  std::unique_ptr<Evaluator> condition_;  ///< null: none
  std::vector<int> kept_;
  std::vector<int> produced_;
  std::vector<model::DataType> types_;
  int element_columns_ = 1;  ///< what comes before the ordinality
  bool left_outer_ = false;

  // Of a batch: for each result its row, its element's place and ordinality (from 1, 0: it has no
  // element and is padded).
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> elements_;
  std::vector<int32_t> ordinals_;
  bool padded_ = false;
};

}  // namespace forebay::compute
