#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// 'table.exec.sink.type-length-enforcer' (org.apache.flink.table.runtime.operators.sink.
/// constraint.LengthEnforcer): what becomes of texts and byte strings that are not as long as their
/// column's type says. Formats do not look at lengths, so rows of a table may have others.
/// Immutable.
class LengthEnforcer {
 public:
  LengthEnforcer(const sql::SinkNode& node, const std::map<std::string, std::string>& settings);
  bool IsNeeded() const { return !columns_.empty(); }
  /// The rows with lengths as declared; under ERROR kInvalidArgument for the first that has not.
  Result<model::Batch> Check(model::Batch batch) const;

 private:
  struct LengthColumn {
    size_t index;
    std::string name;
    model::DataType type;
  };

  std::vector<LengthColumn> columns_;  ///< empty when lengths do not matter
  bool fails_ = false;
};

}  // namespace forebay::compute
