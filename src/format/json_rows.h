#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/row_error.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

struct JsonReadOptions {
  /// Fields that are no column: left out, or an error.
  bool ignore_unknown_fields = false;
  int64_t first_row = 1;  ///< the number of the first row in error messages
};

/// Reads JSON rows for given columns: one object, an array of objects, or objects one after the
/// other (NDJSON). Types map as in Flink's json format; strings are taken for numbers, as there,
/// and numbers keep all their digits. Fields missing or null are NULL; timestamps may be in SQL's
/// or ISO's form, byte strings are base64. Unlike there, a fraction is an error for an integer
/// column, and a field may occur only once. Thread-compatible.
class JsonRowReader {
 public:
  explicit JsonRowReader(std::vector<model::ColumnSpec> columns, JsonReadOptions options = {});
  ~JsonRowReader();
  /// All rows of `text`, which ends at a row's border. kInvalidArgument names the row, the column
  /// and the reason; later rows are numbered on from here. The batch may have more than
  /// Batch::kMaxRows rows.
  Result<model::Batch> Read(std::string_view text);
  /// What the last failed Read found.
  const RowError& row_error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace forebay::format
