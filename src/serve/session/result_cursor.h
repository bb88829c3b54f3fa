#pragma once

#include <functional>
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
  /// The next rows, which outlive the cursor; nullopt at the end; kTimeout when none came within
  /// `timeout_ms` (ask again).
  virtual Result<std::optional<model::Batch>> Next(int timeout_ms) = 0;
  /// Calls `ready` once, on any thread, when a Next() that timed out would have an answer. It must
  /// not call back into the cursor.
  virtual void WhenReady(std::function<void()> ready) = 0;
  virtual void Cancel() = 0;
};

/// A cursor over rows that are in memory.
std::unique_ptr<ResultCursor> CursorOf(std::vector<sql::Field> columns, model::Batch rows);

/// A result of text columns, all STRING.
std::unique_ptr<ResultCursor> TextCursor(const std::vector<std::string>& columns,
                                         const std::vector<std::vector<std::string>>& rows);

/// A statement without rows that takes its time: an INSERT in batch mode, a job that is waited for.
/// Dropping it before its end breaks it off. Used by one thread at a time.
class StatementWork {
 public:
  virtual ~StatementWork() = default;
  /// Works or waits for about `timeout_ms`: the statement's message when it is done, kTimeout when
  /// there is more to do (ask again).
  virtual Result<std::string> Continue(int timeout_ms) = 0;
  /// Rows so far.
  virtual int64_t rows() const = 0;
};

/// What a statement did.
struct StatementResult {
  std::unique_ptr<ResultCursor> rows;   ///< null: the statement has no result
  std::unique_ptr<StatementWork> work;  ///< null: it is done
  std::string message;                  ///< one line for people: "table shop.clicks created"
  std::string job_id;                   ///< of an INSERT that runs on

  /// Of a statement that is done and has only that to say.
  static StatementResult Message(std::string text) {
    StatementResult result;
    result.message = std::move(text);
    return result;
  }
};

}  // namespace forebay::serve
