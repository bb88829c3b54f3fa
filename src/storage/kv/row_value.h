#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "format/row/compacted_row.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::storage {

// A row as the row store has it: an int16 schema id, then the compacted row.

inline constexpr size_t kRowValuePrefixBytes = 2;

/// The compacted row.
inline std::string_view RowOf(std::string_view value) { return value.substr(kRowValuePrefixBytes); }

inline model::SchemaId SchemaIdOf(std::string_view value) {
  return model::SchemaId(LoadLe<int16_t>(value.data()));
}

/// Both parts of such a value.
struct StoredRow {
  model::SchemaId schema_id;
  std::string_view row;

  static StoredRow Of(std::string_view value) { return {SchemaIdOf(value), RowOf(value)}; }
};

inline Result<std::string> MakeRowValue(model::SchemaId schema_id, const model::Batch& batch,
                                        int row) {
  std::string value(kRowValuePrefixBytes, '\0');
  StoreLe(value.data(), static_cast<int16_t>(schema_id.value()));
  RETURN_IF_ERROR(format::AppendCompactedRow(batch, row, value));
  return value;
}

/// Whether a change leaves a row, its new state.
inline bool Upserts(model::ChangeType change) {
  return change == model::ChangeType::kInsert || change == model::ChangeType::kAppendOnly ||
         change == model::ChangeType::kUpdateAfter;
}

}  // namespace forebay::storage
