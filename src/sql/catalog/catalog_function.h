#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/data_type.h"
#include "model/table.h"

namespace forebay::sql {

/// Where a function may be called.
enum class FunctionKind : uint8_t { kScalar, kTable, kAggregate };

/// A function that CREATE FUNCTION made: parameters and a body in SQL, or an object of a module in
/// Python. A temporary system function has no database.
struct CatalogFunction {
  struct Parameter {
    std::string name;
    model::DataType type;
  };
  model::TablePath path;
  std::string language;    ///< upper case: "SQL", "PYTHON", "TEMPORAL", "JAVA"
  std::string class_name;  ///< AS '...'; PYTHON: "module.name"; TEMPORAL: the table
  FunctionKind kind = FunctionKind::kScalar;
  /// SQL: as written. PYTHON: as the object declares them, and without a declaration none, which
  /// takes any arguments.
  std::vector<Parameter> parameters;
  bool has_parameters = false;
  /// Of the result; a table function's is the ROW of its columns.
  std::optional<model::DataType> returns;
  /// SQL: the expression's text. TEMPORAL: the history, as sql/analyzer/temporal_function.h has it.
  std::string body;
  std::string comment;
  bool deterministic = true;
};

}  // namespace forebay::sql
