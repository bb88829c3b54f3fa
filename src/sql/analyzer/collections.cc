// ExpressionAnalyzer's ROW, ARRAY and MAP: how they are made, and x[i].

#include <fmt/format.h>

#include <algorithm>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using Args = std::vector<ExpressionPtr>;

bool AnyNullable(const Args& args) {
  return std::any_of(args.begin(), args.end(),
                     [](const ExpressionPtr& arg) { return arg->type.nullable(); });
}

// Whether a map with keys of type `key` can be asked for one of type `type`.
bool IsKeyOf(const DataType& type, const DataType& key) {
  if (type.Is(TypeRoot::kNull) || type.root() == key.root()) return true;
  return (type.IsNumeric() && key.IsNumeric()) || (type.IsCharacter() && key.IsCharacter()) ||
         (type.IsBytes() && key.IsBytes()) || (type.IsTimestamp() && key.IsTimestamp());
}

}  // namespace

Result<ExpressionPtr> ExpressionAnalyzer::Item(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  const DataType& type = args[0]->type;
  if (type.Is(TypeRoot::kArray)) {
    if (!args[1]->type.IsInteger()) {
      return InvalidArgument("SQL-1006 an array index must be an integer, not {}",
                             args[1]->type.Nullable().ToString());
    }
    const auto* index = std::get_if<int64_t>(&args[1]->value.data);
    if (args[1]->kind == ExpressionKind::kLiteral && index != nullptr && *index < 1) {
      return InvalidArgument("SQL-1006 the elements of an array are numbered from 1: [{}]", *index);
    }
    args[1] = CastTo(args[1], DataType::Int());
    return Expression::Call(type.children()[0].Nullable(), "ITEM", std::move(args));
  }
  if (type.Is(TypeRoot::kMap)) {
    DataType key = type.children()[0];
    if (!IsKeyOf(args[1]->type, key)) {
      return InvalidArgument("SQL-1006 a key of {} cannot be {}", type.Nullable().ToString(),
                             args[1]->type.Nullable().ToString());
    }
    if (!key.IsCharacter() || !args[1]->type.IsCharacter()) args[1] = CastTo(args[1], key);
    return Expression::Call(type.children()[1].Nullable(), "ITEM", std::move(args));
  }
  if (type.Is(TypeRoot::kVariant)) {
    if (args[1]->type.IsInteger()) args[1] = CastTo(args[1], DataType::Int());
    if (args[1]->type.IsInteger() || args[1]->type.IsCharacter()) {
      return Expression::Call(DataType::Variant(), "ITEM", std::move(args));
    }
  }
  return InvalidArgument("SQL-1006 cannot apply [] to a value of type {}",
                         type.Nullable().ToString());
}

Result<ExpressionPtr> ExpressionAnalyzer::Construct(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  if (ast.kind == ExpressionAstKind::kRow) {
    std::vector<model::RowField> fields;
    for (size_t i = 0; i < args.size(); ++i) {
      fields.push_back({fmt::format("EXPR${}", i), args[i]->type});
    }
    return Expression::Call(DataType::Row(std::move(fields)).NotNull(), "ROW", std::move(args));
  }
  if (args.empty()) return InvalidArgument("SQL-1007 {} needs at least one element", ast.text);
  auto with_nullability = [](const Args& values) {
    return values[0]->type.WithNullable(AnyNullable(values));
  };
  if (ast.kind == ExpressionAstKind::kArray) {
    ASSIGN_OR_RETURN(args, ToCommonType(std::move(args), "ARRAY"));
    DataType type = DataType::Array(with_nullability(args)).NotNull();
    return Expression::Call(type, "ARRAY", std::move(args));
  }
  Args keys;
  Args values;
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    keys.push_back(args[i]);
    values.push_back(args[i + 1]);
  }
  ASSIGN_OR_RETURN(keys, ToCommonType(std::move(keys), "MAP"));
  ASSIGN_OR_RETURN(values, ToCommonType(std::move(values), "MAP"));
  DataType type = DataType::Map(with_nullability(keys), with_nullability(values)).NotNull();
  for (size_t i = 0; i < keys.size(); ++i) {
    args[2 * i] = keys[i];
    args[2 * i + 1] = values[i];
  }
  return Expression::Call(type, "MAP", std::move(args));
}

}  // namespace forebay::sql
