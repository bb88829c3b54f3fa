#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/text/row_error.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

/// What is taken for a cell beyond its plain form.
enum class JsonRules {
  kStrict,  ///< for people's input: nothing that loses something
  /// Flink's: the fraction of a number is cut off for INT and BIGINT, any text but "true" is false,
  /// a DECIMAL that does not fit is NULL, timestamps have the one form of `iso_timestamps`.
  kFlink,
};

struct JsonReadOptions {
  /// Fields that are no column: left out, or an error.
  bool ignore_unknown_fields = false;
  int64_t first_row = 1;  ///< the number of the first row in error messages
  JsonRules rules = JsonRules::kStrict;
  bool iso_timestamps = false;         ///< kFlink: ISO's form rather than SQL's
  bool fail_on_missing_field = false;  ///< else a missing field is NULL
  /// A cell that cannot be read is NULL; text that is no JSON object is an error still.
  bool ignore_parse_errors = false;
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
  /// The number of the next row in error messages.
  void SetNextRow(int64_t row);
  /// What the last failed Read found.
  const RowError& row_error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace forebay::format
