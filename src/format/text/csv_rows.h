#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/text/row_error.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  /// Text that stands for NULL when it is not quoted, e.g. "" or "n/a".
  std::optional<std::string> null_literal = {};
  /// Separates the elements of an ARRAY and the fields of a nested ROW.
  char element_delimiter = ';';
  /// Reading: the first record names the columns, in any order; columns it does not name are NULL.
  bool header = false;
  /// Reading with a header: columns the table does not have are left out; else an error.
  bool ignore_unknown_columns = false;
  /// Reading: lines that begin with '#' are left out.
  bool allow_comments = false;
  /// Reading: a field that cannot be read is NULL, a row may have fewer or more fields, and records
  /// that are no CSV are left out.
  bool ignore_parse_errors = false;
  /// The character that takes its meaning from the next one.
  std::optional<char> escape = {};
  bool disable_quote = false;             ///< quotes mean nothing; written fields are never quoted
  bool trim_spaces = false;               ///< reading: around fields that are not quoted
  bool empty_as_null = false;             ///< reading: an empty string is NULL
  bool ignore_trailing = false;           ///< reading: fields beyond the columns are left out
  bool allow_trailing_delimiter = false;  ///< reading: one more field, which is empty
  bool fail_on_missing = false;           ///< reading: a row with fewer fields is an error
  /// Reading as Flink does: an empty field is an empty ARRAY, not NULL, and the null literal means
  /// NULL in quotes, too.
  bool flink_text = false;
  /// Reading: takes a record that cannot be read and the reason; reading goes on behind it unless
  /// this fails. Null: the first one ends the reading.
  std::function<Status(std::string_view record, const RowError& error)> on_bad_record = {};
  int64_t first_row = 1;  ///< reading: the number of the first row in error messages
};

/// Reads CSV (RFC 4180: quoted fields may hold delimiters, doubled quotes and line ends) for given
/// columns, fed in chunks cut anywhere. Types map as in Flink's csv format. Unlike there, an empty
/// field without quotes is NULL for columns that are not character strings. Lines that are empty
/// are skipped unless there is only one column. Thread-compatible.
class CsvRowReader {
 public:
  explicit CsvRowReader(std::vector<model::ColumnSpec> columns, CsvOptions options = {});
  ~CsvRowReader();

  /// Appends the rows that `chunk` completes to `builder`, which has the columns' types.
  /// kInvalidArgument names the row, the column and the reason; the reader and the builder are of
  /// no use then.
  Status Feed(std::string_view chunk, model::BatchBuilder& builder);
  /// Ends the text: takes a last row without a line end.
  Status Finish(model::BatchBuilder& builder);
  /// Bytes of the text up to the end of the last complete row.
  int64_t bytes_consumed() const;
  /// The number of the next row; the header is none.
  int64_t next_row() const;
  /// What the failed call found; row 0 stands for the header.
  const RowError& row_error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace forebay::format
