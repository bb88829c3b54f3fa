#pragma once

#include <string>
#include <vector>

#include "compute/runtime/environment.h"
#include "compute/source/bad_record.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::compute {

/// What becomes of rows that cannot be read or computed: 'table.exec.bad-row.policy'.
enum class BadRowPolicy {
  kFail,        ///< the statement fails
  kSkip,        ///< they are left out
  kDeadLetter,  ///< they go to the table 'table.exec.bad-row.table'
};

Result<BadRowPolicy> BadRowPolicyOf(const JobContext& context);

inline constexpr const char* kDecodeError = "decode-error";
inline constexpr const char* kExpressionError = "expression-error";

/// The table that takes dead letters, made when it does not exist. kInvalidArgument when it is
/// there and cannot take letters.
Result<model::TableInfo> OpenLetterTable(const JobContext& context);

/// The types of its columns.
std::vector<model::DataType> LetterTypes();

/// Appends a row of it. `origin`: the operator.
void AppendLetter(model::BatchBuilder& builder, int64_t now_ms, const std::string& code,
                  const std::string& origin, BadRecord record);

/// A row that could not be computed, as an object of its columns; results' form of JSON.
BadRecord FailedRow(const model::Batch& batch, int row, const std::vector<std::string>& names,
                    const Status& failure);

}  // namespace forebay::compute
