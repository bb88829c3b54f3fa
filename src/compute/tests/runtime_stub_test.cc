#include "compute/expression/evaluator.h"
namespace forebay::compute {
__attribute__((weak)) Result<model::Value> EvaluateConstant(const sql::ExpressionPtr& e,
                                                            const EvaluationContext&) {
  return e->value;
}
}  // namespace forebay::compute
