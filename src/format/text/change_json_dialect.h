#pragma once

// Private to the sources of change_json.h.

#include <string_view>

#include "format/text/change_json.h"

namespace forebay::format {

/// Where the formats differ.
struct Dialect {
  std::string_view name;
  std::string_view kind_field;
  std::string_view before, after;  ///< canal and maxwell: the old values of what changed, the row
  std::string_view insert, update, remove;
};

inline constexpr Dialect kDialects[] = {
    {"debezium-json", "op", "before", "after", "c", "u", "d"},
    {"canal-json", "type", "old", "data", "INSERT", "UPDATE", "DELETE"},
    {"maxwell-json", "type", "old", "data", "insert", "update", "delete"},
    {"ogg-json", "op_type", "before", "after", "I", "U", "D"},
};

inline const Dialect& DialectOf(ChangeJson kind) { return kDialects[static_cast<int>(kind)]; }

/// Old values are only of what changed.
inline bool HasPartialOldRows(ChangeJson kind) {
  return kind == ChangeJson::kCanal || kind == ChangeJson::kMaxwell;
}

}  // namespace forebay::format
