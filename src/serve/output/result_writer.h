#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "model/batch.h"

namespace forebay::serve {

/// A column as results show it: its name and its type in Flink's spelling.
struct ColumnHeader {
  std::string name;
  std::string type;
  bool is_number = false;  ///< shown flush right
};

enum class OutputFormat { kTable, kCsv, kJson };

/// Shows one statement's result. Calls: Begin, Rows any number of times, End. Thread-compatible.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  virtual void Begin(int statement, std::vector<ColumnHeader> columns, bool is_changelog) = 0;
  virtual void Rows(const model::Batch& rows) = 0;
  virtual void End() = 0;
};

/// A writer to `out`:
/// - table: a frame for people; the first rows set the column widths, a changelog has its change
/// type in front;
/// - csv: a header and RFC 4180 rows, a changelog's change type in a first column "op";
/// - json: one line a result, {"statement":N,"columns":[{"name","type"}],"rows":[..],"kinds":[..]}.
std::unique_ptr<ResultWriter> MakeResultWriter(OutputFormat format, std::FILE* out);

/// {"columns":[..]}-style pieces, for the HTTP API too: `"columns":[{"name":"a","type":"INT"}]`.
std::string ColumnsJson(const std::vector<ColumnHeader>& columns);
/// `[[1,"a"],[2,null]]`: the rows of a batch as JSON arrays, in the value forms of the command
/// line's JSON output.
void AppendRowsJson(std::string& out, const model::Batch& rows, bool& first);
/// As AppendRowsJson, but every cell is a string, as the table and CSV outputs show it, or null.
void AppendRowsText(std::string& out, const model::Batch& rows, bool& first);
/// Appends `"+I","-U"` for every row.
void AppendKindsJson(std::string& out, const model::Batch& rows, bool& first);
/// A JSON string literal.
std::string JsonString(std::string_view text);

}  // namespace forebay::serve
