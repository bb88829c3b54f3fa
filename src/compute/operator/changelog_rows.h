#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/operator/row_operator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Changes as rows and back (ToChangelogFunction, FromChangelogFunction). Has no state: what comes
/// in is taken at its word, also a retraction of a row that never was there.
class ChangelogOperator : public RowOperator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::ChangelogNode& node);
  Result<model::Batch> Compute(model::Batch batch) override;

 private:
  ChangelogOperator() = default;
  model::Batch ToRows(model::Batch batch) const;
  Result<model::Batch> FromRows(model::Batch batch) const;
  Error UnknownCode(std::string_view code) const;

  bool to_rows_ = true;
  int op_column_ = -1;
  std::vector<model::DataType> types_;
  std::array<std::optional<std::string>, 5> code_of_;  ///< by change; nothing: it is dropped
  std::map<std::string, model::ChangeType, std::less<>> change_of_;
};

}  // namespace forebay::compute
