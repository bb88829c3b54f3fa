#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/parser/parser.h"

namespace forebay::app {

/// A statement of a script as Flink is to run it.
struct FlinkStatement {
  std::string text;
  SourcePosition position;  ///< in the script
  std::string note;         ///< why it is not the script's own text; empty: it is
};

/// Rewrites the statements of a Forebay script for a Flink whose current catalog is Forebay, or
/// another Fluss cluster. Such a catalog keeps Fluss's tables only: tables of other connectors and
/// views, which Forebay's own catalog keeps, become temporary ones of the session, under the same
/// names. Everything else stays as it is. Thread-compatible.
class FlinkScript {
 public:
  /// Statements come in the script's order.
  FlinkStatement Adapt(const sql::StatementText& statement);

 private:
  std::set<std::string> temporary_;  ///< names as the script spells them, parts joined by '.'
};

}  // namespace forebay::app
