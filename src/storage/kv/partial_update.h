#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// Writes to some columns of a row, as Fluss's clients do with target columns: the others stay.
/// Thread-safe.
class PartialUpdate {
 public:
  /// `targets` name the columns that are written. kOutOfRange unless they exist, the primary key is
  /// among them, and all other columns may be NULL.
  static Result<PartialUpdate> Make(const model::Schema& schema, const std::vector<int>& targets);

  /// Appends the row that has the target columns of `written` and the others of `before`, or NULL.
  /// All are compacted rows.
  Status Update(std::optional<std::string_view> before, std::string_view written,
                std::string& out) const;
  /// Appends `before` with NULL in the target columns that are no key; false, and nothing, when all
  /// its other columns are NULL.
  Result<bool> Delete(std::string_view before, std::string& out) const;

 private:
  std::vector<model::DataType> types_;
  std::vector<bool> is_target_;
  std::vector<bool> is_key_;
};

}  // namespace forebay::storage
