#include "sql/analyzer/user_functions.h"

#include <nlohmann/json.hpp>

#include "base/ascii_case.h"
#include "sql/functions/function_table.h"
#include "sql/plan/python_call.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using Args = std::vector<ExpressionPtr>;

std::string TypeList(const Args& args) {
  std::string text;
  for (const ExpressionPtr& arg : args) {
    text += (text.empty() ? "" : ", ") + arg->type.Nullable().ToString();
  }
  return text;
}

/// Arguments as the function declares them, made so by implicit casts alone; without a declaration
/// as they are.
Status CastArguments(const CatalogFunction& function, Args& args) {
  for (const ExpressionPtr& arg : args) {
    if (arg->type.Is(TypeRoot::kNull) && !function.has_parameters) {
      Error error = InvalidArgument("SQL-1006 {}: illegal use of NULL", function.path.table);
      error.hint = "give it a type: CAST(NULL AS STRING)";
      return error;
    }
  }
  if (!function.has_parameters) return Status::Ok();
  bool fits = args.size() == function.parameters.size();
  for (size_t i = 0; fits && i < args.size(); ++i) {
    fits = SupportsImplicitCast(args[i]->type, function.parameters[i].type);
  }
  if (!fits) {
    std::string wanted;
    for (const auto& parameter : function.parameters) {
      wanted += (wanted.empty() ? "" : ", ") + parameter.type.Nullable().ToString();
    }
    return InvalidArgument("SQL-1006 cannot apply {}({}) to arguments of types ({})",
                           function.path.table, wanted, TypeList(args));
  }
  for (size_t i = 0; i < args.size(); ++i) {
    args[i] = CastTo(args[i], function.parameters[i].type);
  }
  return Status::Ok();
}

Status CheckLanguage(const CatalogFunction& function, FunctionKind kind) {
  if (function.language != "PYTHON") {
    return NotSupported("SQL-1020 function '{}' is in {}; functions are in PYTHON or SQL",
                        function.path.table, function.language);
  }
  if (function.kind == kind && function.returns) return Status::Ok();
  std::string what = function.kind == FunctionKind::kTable       ? "a table function"
                     : function.kind == FunctionKind::kAggregate ? "an aggregate function"
                                                                 : "a scalar function";
  Error error =
      InvalidArgument("SQL-1022 '{}' is {}, which is not allowed here", function.path.table, what);
  if (function.kind == FunctionKind::kTable) error.hint = "call it in LATERAL TABLE(...)";
  return error;
}

ExpressionPtr TextLiteral(const std::string& text) {
  return Expression::Literal(DataType::Char(static_cast<int>(text.size())).NotNull(),
                             model::Value(text));
}

}  // namespace

Result<std::optional<CatalogFunction>> UserFunctions::FindSystem(const std::string& name) const {
  return catalog_.FindFunction({"", LowerAscii(name)});
}

Result<std::optional<CatalogFunction>> UserFunctions::Find(const std::string& name) const {
  return catalog_.FindFunction({current_database_, LowerAscii(name)});
}

Result<std::optional<CatalogFunction>> UserFunctions::FindAny(const std::string& name) const {
  ASSIGN_OR_RETURN(std::optional<CatalogFunction> function, FindSystem(name));
  if (function) return function;
  return Find(name);
}

std::string UserFunctions::PythonSpec(const CatalogFunction& function) const {
  nlohmann::json spec = {{"function", function.class_name}};
  for (const auto& [key, value] : settings_) {
    if (key.starts_with("python.")) spec[key] = value;
  }
  return spec.dump();
}

Result<ExpressionPtr> UserFunctions::Call(const CatalogFunction& function,
                                          std::vector<ExpressionPtr> args) const {
  RETURN_IF_ERROR(CheckLanguage(function, FunctionKind::kScalar));
  RETURN_IF_ERROR(CastArguments(function, args));
  args.insert(args.begin(), TextLiteral(PythonSpec(function)));
  std::string name(function.deterministic ? kPythonScalar : kPythonNondeterministic);
  return Expression::Call(function.returns->Nullable(), name, std::move(args));
}

Result<ExpressionPtr> UserFunctions::TableCall(const CatalogFunction& function,
                                               std::vector<ExpressionPtr> args) const {
  RETURN_IF_ERROR(CheckLanguage(function, FunctionKind::kTable));
  RETURN_IF_ERROR(CastArguments(function, args));
  args.insert(args.begin(), TextLiteral(PythonSpec(function)));
  DataType rows = DataType::Array(function.returns->NotNull());
  return Expression::Call(rows, std::string(kPythonTable), std::move(args));
}

Result<std::string> UserFunctions::AggregateName(const CatalogFunction& function,
                                                 std::vector<ExpressionPtr>& args) const {
  RETURN_IF_ERROR(CheckLanguage(function, FunctionKind::kAggregate));
  RETURN_IF_ERROR(CastArguments(function, args));
  return std::string(kPythonAggregate) + PythonSpec(function);
}

}  // namespace forebay::sql
