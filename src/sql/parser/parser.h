#pragma once

#include <string_view>
#include <vector>

#include "sql/parser/ast.h"

namespace forebay::sql {

/// A statement's text in a script, without the semicolon.
struct StatementText {
  std::string_view text;
  SourcePosition position;  ///< of its first character in the script
};

/// Cuts a script at the semicolons that end statements: not those in strings, quoted names and
/// comments, nor those inside a statement set (BEGIN STATEMENT SET; ... END;). Empty statements are
/// left out. Never fails: what is left unfinished (an open string) is the last piece.
std::vector<StatementText> SplitStatements(std::string_view script);

/// Whether `script` ends in the middle of a statement, so that an interactive shell must read on.
bool IsIncomplete(std::string_view script);

/// A function whose body is an expression over its parameters.
struct SqlFunction {
  std::vector<FunctionAst::Parameter> parameters;
  model::DataType returns;
  std::string body;  ///< SQL text
};

/// Where the parser finds such functions: a call of one is replaced by its body. Thread-compatible.
class FunctionSource {
 public:
  virtual ~FunctionSource() = default;
  /// By the name as written: f, db.f or catalog.db.f. nullopt: it is none, but perhaps one of
  /// Flink's own.
  virtual Result<std::optional<SqlFunction>> Find(const std::vector<std::string>& names) = 0;
};

/// Parses one statement of Flink's SQL dialect. `origin` is where `text` starts in its script, so
/// that errors point into the script. Errors are kInvalidArgument with a position.
Result<StatementAst> ParseStatement(std::string_view text, SourcePosition origin = {1, 1},
                                    FunctionSource* functions = nullptr);

/// Parses a scalar expression alone (computed columns, watermarks).
Result<ExpressionAstPtr> ParseExpression(std::string_view text,
                                         FunctionSource* functions = nullptr);

/// Parses a type alone, e.g. "DECIMAL(10, 2) NOT NULL".
Result<model::DataType> ParseType(std::string_view text);

/// Whether `word` is reserved in Flink SQL and so must be quoted to be a name. Case-insensitive.
bool IsReservedWord(std::string_view word);

/// All reserved words, upper-case, sorted: for completion.
const std::vector<std::string_view>& ReservedWords();

}  // namespace forebay::sql
