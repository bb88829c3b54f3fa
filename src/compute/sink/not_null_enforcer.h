#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compute/sink/sink.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Keeps NULLs out of a sink's NOT NULL columns, as 'table.exec.sink.not-null-enforcer' says: ERROR
/// (the default) fails, DROP leaves such rows out. Immutable, thread-safe.
class NotNullEnforcer {
 public:
  NotNullEnforcer(const sql::SinkNode& node, const std::map<std::string, std::string>& settings);

  /// Whether the sink has NOT NULL columns at all.
  bool IsNeeded() const { return !columns_.empty(); }
  /// The batch without the rows that must be dropped; kInvalidArgument names the column.
  Result<model::Batch> Check(model::Batch batch) const;

 private:
  struct NotNullColumn {
    int index;
    std::string name;
  };
  /// A column that is NULL in a row that must not have it so, or null.
  const NotNullColumn* NullIn(const model::Batch& batch, int row) const;

  std::vector<NotNullColumn> columns_;
  bool drop_ = false;
};

}  // namespace forebay::compute
