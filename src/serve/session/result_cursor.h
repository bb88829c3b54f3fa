#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::serve {

/// The rows of a statement, as they come. Used by one thread at a time; Cancel by any.
class ResultCursor {
 public:
  virtual ~ResultCursor() = default;
  virtual const std::vector<sql::Field>& columns() const = 0;
  /// Whether rows have change types that a reader must show: a streaming query's result.
  virtual bool is_changelog() const = 0;
  /// The next rows; nullopt at the end; kTimeout when none came within `timeout_ms` (ask again).
  virtual Result<std::optional<model::Batch>> Next(int timeout_ms) = 0;
  virtual void Cancel() = 0;
};

/// A cursor over rows that are in memory.
std::unique_ptr<ResultCursor> CursorOf(std::vector<sql::Field> columns, model::Batch rows);

/// A result of text columns, all STRING.
std::unique_ptr<ResultCursor> TextCursor(const std::vector<std::string>& columns,
                                         const std::vector<std::vector<std::string>>& rows);

/// What a statement did.
struct StatementResult {
  std::unique_ptr<ResultCursor> rows;  ///< null: the statement has no result
  std::string message;                 ///< one line for people: "table shop.clicks created"
  std::string job_id;                  ///< of an INSERT that runs on
};

}  // namespace forebay::serve
