#pragma once

#include <cstdint>
#include <string_view>

namespace forebay::model {

/// What a row of a changelog means (org.apache.fluss.record.ChangeType); the numbers are those of
/// the log format.
enum class ChangeType : uint8_t {
  kAppendOnly = 0,    ///< +A: a row of a log table
  kInsert = 1,        ///< +I
  kUpdateBefore = 2,  ///< -U
  kUpdateAfter = 3,   ///< +U
  kDelete = 4,        ///< -D
};

/// Flink's short form: "+I", "-U", "+U", "-D"; +A is shown as "+I".
constexpr std::string_view ChangeTypeText(ChangeType type) {
  switch (type) {
    case ChangeType::kUpdateBefore: return "-U";
    case ChangeType::kUpdateAfter: return "+U";
    case ChangeType::kDelete: return "-D";
    default: return "+I";
  }
}

/// Whether the row takes something away: -U or -D.
constexpr bool IsRetraction(ChangeType type) {
  return type == ChangeType::kUpdateBefore || type == ChangeType::kDelete;
}

}  // namespace forebay::model
