#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/connection.h"
#include "compute/expression/evaluator.h"
#include "compute/runtime/letter_table.h"

namespace forebay::compute {

/// What becomes of rows that a batch query cannot read or compute: they are left out, or written
/// to the table of dead letters, some at a time; who runs the query calls Flush at its end. A query
/// that fails has written those of before. Thread-safe.
class BatchLetters {
 public:
  /// Null when such rows end the query.
  static Result<std::unique_ptr<BatchLetters>> Open(const JobContext& context);

  Status Take(const char* code, const std::string& origin, BadRecord record);
  Status Flush();

 private:
  explicit BatchLetters(std::unique_ptr<client::TableWriter> writer);
  Status Write();

  std::mutex mutex_;
  const std::unique_ptr<client::TableWriter> writer_;  ///< null: they are left out
  model::BatchBuilder rows_;                           ///< guarded by mutex_
};

/// Makes what takes the failed rows of a thread; null: they end the query.
using MakeFailedRows = std::function<std::unique_ptr<FailedRows>()>;

/// The letters of one operator. Belongs to one thread at a time.
class LettersOf : public BadRecords, public FailedRows {
 public:
  /// `names`: of the columns of rows that fail.
  LettersOf(BatchLetters& letters, const char* code, std::string origin,
            std::vector<std::string> names = {})
      : letters_(letters), code_(code), origin_(std::move(origin)), names_(std::move(names)) {}

  Status Take(BadRecord record) override {
    return letters_.Take(code_, origin_, std::move(record));
  }
  Status TakeFailed(const model::Batch& batch, int row, const Status& failure) override {
    return Take(FailedRow(batch, row, names_, failure));
  }

 private:
  BatchLetters& letters_;
  const char* const code_;
  const std::string origin_;
  const std::vector<std::string> names_;
};

}  // namespace forebay::compute
