#include "sql/analyzer/expression_analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/ascii_case.h"
#include "sql/analyzer/decorrelate.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using model::Value;
using Args = std::vector<ExpressionPtr>;

bool AnyNullable(const Args& args) {
  return std::any_of(args.begin(), args.end(),
                     [](const ExpressionPtr& arg) { return arg->type.nullable(); });
}

ExpressionPtr BooleanCall(std::string name, Args args, bool never_null = false) {
  bool nullable = !never_null && AnyNullable(args);
  return Expression::Call(DataType::Boolean().WithNullable(nullable), std::move(name),
                          std::move(args));
}

ExpressionPtr Negated(ExpressionPtr expression, bool negated) {
  return negated ? BooleanCall("NOT", {std::move(expression)}) : expression;
}

std::string_view ArithmeticName(const std::string& text) {
  if (text == "+") return "PLUS";
  if (text == "-") return "MINUS";
  if (text == "*") return "TIMES";
  if (text == "/") return "DIVIDE";
  if (text == "%") return "MOD";
  return {};
}

Result<ExpressionPtr> FieldOf(const ExpressionPtr& row, const std::string& name) {
  const auto& fields = row->type.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return FieldAt(row, i);
  }
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  Error error = NotFound("SQL-1004 unknown field '{}' in a value of type {}", name,
                         row->type.Nullable().ToString());
  if (auto nearest = NearestName(name, names)) error.hint = "did you mean '" + *nearest + "'?";
  return error;
}

// 2^63 fits a BIGINT only with a minus sign before it.
bool IsLeastBigint(const ExpressionAst& ast) {
  return ast.kind == ExpressionAstKind::kInteger && ast.text == "9223372036854775808";
}

Result<ExpressionPtr> Negate(ExpressionPtr arg) {
  if (!arg->type.IsNumeric() && !arg->type.IsInterval()) {
    return InvalidArgument("SQL-1006 cannot apply '-' to an argument of type {}",
                           arg->type.Nullable().ToString());
  }
  if (arg->kind == ExpressionKind::kLiteral) {
    if (const auto* n = std::get_if<int64_t>(&arg->value.data)) {
      return Expression::Literal(arg->type, Value(-*n));
    }
    if (const auto* n = std::get_if<model::Int128>(&arg->value.data)) {
      return Expression::Literal(arg->type, Value(model::Int128(-*n)));
    }
    if (const auto* n = std::get_if<double>(&arg->value.data)) {
      return Expression::Literal(arg->type, Value(-*n));
    }
  }
  DataType type = arg->type;
  return Expression::Call(type, "NEGATE", {std::move(arg)});
}

// || : the lengths add up.
Result<ExpressionPtr> Concat(ExpressionPtr a, ExpressionPtr b) {
  if (a->type.Is(TypeRoot::kNull) || b->type.Is(TypeRoot::kNull)) {
    return InvalidArgument("SQL-1006 illegal use of NULL");
  }
  if (!a->type.IsCharacter() || !b->type.IsCharacter()) {
    return InvalidArgument("SQL-1006 cannot apply '||' to arguments of types {} and {}",
                           a->type.Nullable().ToString(), b->type.Nullable().ToString());
  }
  int64_t length = static_cast<int64_t>(a->type.length()) + b->type.length();
  bool fixed = a->type.Is(TypeRoot::kChar) && b->type.Is(TypeRoot::kChar);
  int capped = static_cast<int>(std::min<int64_t>(length, DataType::kMaxLength));
  DataType type = fixed ? DataType::Char(capped) : DataType::Varchar(capped);
  bool nullable = a->type.nullable() || b->type.nullable();
  return Expression::Call(type.WithNullable(nullable), "CONCAT", {std::move(a), std::move(b)});
}

Result<ExpressionPtr> Logical(const std::string& name, Args args) {
  for (ExpressionPtr& arg : args) {
    if (arg->type.Is(TypeRoot::kNull)) return InvalidArgument("SQL-1006 illegal use of NULL");
    if (!arg->type.Is(TypeRoot::kBoolean)) {
      return InvalidArgument("SQL-1006 cannot apply '{}' to an argument of type {}", name,
                             arg->type.Nullable().ToString());
    }
  }
  if (name != "AND") return BooleanCall(name, std::move(args));
  Args conjuncts;
  for (const ExpressionPtr& arg : args) SplitConjuncts(arg, conjuncts);
  return Conjunction(conjuncts);
}

// A literal number counts the units of the interval, a column's those that intervals are kept in.
ExpressionPtr CastToInterval(ExpressionPtr arg, const DataType& type) {
  bool months = type.Is(TypeRoot::kIntervalYearMonth);
  DataType interval = months ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
  const auto* number = std::get_if<int64_t>(&arg->value.data);
  if (arg->kind != ExpressionKind::kLiteral || !arg->type.IsInteger() || number == nullptr) {
    return CastTo(std::move(arg), interval);
  }
  std::string text = type.Nullable().ToString();
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"YEAR", 12}, {"MONTH", 1}, {"DAY", 86'400'000}, {"HOUR", 3'600'000}, {"MINUTE", 60'000}};
  int64_t length = months ? 1 : 1000;
  for (const auto& [unit, units] : kUnits) {
    if (text.starts_with("INTERVAL " + std::string(unit))) length = units;
  }
  return Expression::Literal(interval.NotNull(), Value(*number * length));
}

}  // namespace

Result<ExpressionPtr> ExpressionAnalyzer::Analyze(const ExpressionAst& ast) {
  auto result = Dispatch(ast);
  if (!result.ok()) return ErrorAt(result.error(), ast.range.position);
  return result;
}

Result<ExpressionPtr> ExpressionAnalyzer::AnalyzeCondition(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(ExpressionPtr condition, Analyze(ast));
  if (condition->type.Is(TypeRoot::kNull)) condition = CastTo(condition, DataType::Boolean());
  if (!condition->type.Is(TypeRoot::kBoolean)) {
    return ErrorAt(InvalidArgument("SQL-1006 a condition must be BOOLEAN, not {}",
                                   condition->type.Nullable().ToString()),
                   ast.range.position);
  }
  return condition;
}

Result<std::vector<ExpressionPtr>> ExpressionAnalyzer::AnalyzeAll(
    const std::vector<ExpressionAstPtr>& args) {
  std::vector<ExpressionPtr> analyzed;
  for (const ExpressionAstPtr& arg : args) {
    ASSIGN_OR_RETURN(ExpressionPtr expression, Analyze(*arg));
    analyzed.push_back(std::move(expression));
  }
  return analyzed;
}

Result<ExpressionPtr> ExpressionAnalyzer::Dispatch(const ExpressionAst& ast) {
  switch (ast.kind) {
    case ExpressionAstKind::kName: return Name(ast);
    case ExpressionAstKind::kCall: return Call(ast);
    case ExpressionAstKind::kCast: return Cast(ast);
    case ExpressionAstKind::kCase: return Case(ast);
    case ExpressionAstKind::kBetween: return Between(ast);
    case ExpressionAstKind::kIn: return In(ast);
    case ExpressionAstKind::kLike: return Like(ast);
    case ExpressionAstKind::kIs: return Is(ast);
    case ExpressionAstKind::kItem: return Item(ast);
    case ExpressionAstKind::kRow:
    case ExpressionAstKind::kArray:
    case ExpressionAstKind::kMap: return Construct(ast);
    case ExpressionAstKind::kField: {
      ASSIGN_OR_RETURN(ExpressionPtr row, Analyze(*ast.args[0]));
      return FieldOf(std::move(row), ast.text);
    }
    case ExpressionAstKind::kExists:
    case ExpressionAstKind::kSubquery: return Subquery(ast);
    case ExpressionAstKind::kStar:
    case ExpressionAstKind::kTableArgument:
    case ExpressionAstKind::kDescriptor:
    case ExpressionAstKind::kNamedArgument:
      // JSON_VALUE's DEFAULT is an argument to the analyzer too.
      if (ast.text.starts_with("DEFAULT ON ")) return Analyze(*ast.args[0]);
      return InvalidArgument("SQL-1006 not allowed here: only a scalar expression is");
    default: return AnalyzeLiteral(ast);
  }
}

Result<ExpressionPtr> ExpressionAnalyzer::Name(const ExpressionAst& ast) {
  auto resolved = ResolveName(scope_, ast.names);
  // CURRENT_TIMESTAMP and its kin are called without parentheses.
  if (!resolved.ok()) {
    const FunctionSpec* spec = ast.names.size() == 1 ? FindFunction(ast.names[0]) : nullptr;
    if (spec != nullptr && (spec->sql_name.starts_with("CURRENT_") ||
                            spec->sql_name.starts_with("LOCALTIME") || spec->sql_name == "PI")) {
      return MakeFunctionCall(*spec, {});
    }
    ASSIGN_OR_RETURN(ExpressionPtr outer, OuterName(ast));
    if (outer != nullptr) return outer;
    return resolved.status();
  }
  int index = resolved->column;
  ExpressionPtr value = Expression::Column(scope_.columns[index].field.type, index);
  for (size_t i = resolved->parts; i < ast.names.size(); ++i) {
    ASSIGN_OR_RETURN(value, FieldOf(std::move(value), ast.names[i]));
  }
  return value;
}

// A column of a query around this one; null when none has it.
Result<ExpressionPtr> ExpressionAnalyzer::OuterName(const ExpressionAst& ast) {
  int level = 1;
  for (const Scope* scope = scope_.outer; scope != nullptr; scope = scope->outer, ++level) {
    auto resolved = ResolveName(*scope, ast.names);
    if (!resolved.ok()) continue;
    ExpressionPtr value =
        OuterReference(scope->columns[resolved->column].field.type, level, resolved->column);
    for (size_t i = resolved->parts; i < ast.names.size(); ++i) {
      ASSIGN_OR_RETURN(value, FieldOf(std::move(value), ast.names[i]));
    }
    return value;
  }
  return ExpressionPtr();
}

Result<ExpressionPtr> ExpressionAnalyzer::Subquery(const ExpressionAst& ast) {
  if (hook_) {
    ASSIGN_OR_RETURN(ExpressionPtr handled, hook_(ast));
    if (handled != nullptr) return handled;
  }
  return NotSupported("SQL-1020 a subquery is not supported here");
}

Result<ExpressionPtr> ExpressionAnalyzer::Call(const ExpressionAst& ast) {
  if (hook_) {
    ASSIGN_OR_RETURN(ExpressionPtr handled, hook_(ast));
    if (handled != nullptr) return handled;
  }
  std::string name = UpperAscii(ast.text);
  if (scope_.functions != nullptr) {
    ASSIGN_OR_RETURN(auto function, scope_.functions->FindSystem(ast.text));
    if (function) return UserCall(ast, *function);
  }
  if (ast.over != nullptr) return NotSupported("SQL-1020 {} OVER is not supported here", name);
  if (IsAggregateFunction(name)) {
    return InvalidArgument("SQL-1022 aggregate function {} is not allowed here", name);
  }
  if (name == "NEGATE" && IsLeastBigint(*ast.args[0])) {
    return Expression::Literal(DataType::Bigint().NotNull(),
                               Value(std::numeric_limits<int64_t>::min()));
  }
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  if (std::string_view op = ComparisonName(name); !op.empty()) {
    return MakeComparison(std::string(op), args[0], args[1]);
  }
  if (std::string_view op = ArithmeticName(name); !op.empty()) {
    if (args.size() == 1) return args[0];
    return MakeArithmetic(std::string(op), args[0], args[1]);
  }
  if (name == "NEGATE") return Negate(args[0]);
  if (name == "||") return Concat(args[0], args[1]);
  if (name == "AND" || name == "OR" || name == "NOT") return Logical(name, std::move(args));
  if ((name == "FLOOR" || name == "CEIL" || name == "CEILING") && args.size() == 2) {
    if (!args[0]->type.IsTemporal()) {
      return InvalidArgument("SQL-1006 cannot apply {} TO a unit to an argument of type {}", name,
                             args[0]->type.Nullable().ToString());
    }
    DataType type = args[0]->type;
    return Expression::Call(type, name == "FLOOR" ? "FLOOR" : "CEIL", std::move(args));
  }
  ASSIGN_OR_RETURN(ExpressionPtr special, MakeSpecialCall(name, ast, args));
  if (special != nullptr) return special;
  return Function(ast, name);
}

Result<ExpressionPtr> ExpressionAnalyzer::Function(const ExpressionAst& ast,
                                                   const std::string& name) {
  const FunctionSpec* spec = FindFunction(name);
  if (spec == nullptr && scope_.functions != nullptr) {
    ASSIGN_OR_RETURN(std::optional<CatalogFunction> function, scope_.functions->Find(ast.text));
    if (function) return UserCall(ast, *function);
  }
  if (spec == nullptr) {
    Error error = NotFound("SQL-1003 unknown function '{}'", ast.text);
    if (auto nearest = NearestName(name, FunctionNames())) {
      error.hint = "did you mean '" + *nearest + "'?";
    }
    return error;
  }
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  if (name == "CURRENT_WATERMARK" && args.size() == 1) {
    bool column = args[0]->kind == ExpressionKind::kColumn;
    if (!column ||
        scope_.columns[args[0]->column].field.time_attribute != TimeAttribute::kRowtime) {
      return InvalidArgument(
          "SQL-1006 the argument of CURRENT_WATERMARK must be a rowtime attribute");
    }
  }
  return MakeFunctionCall(*spec, std::move(args));
}

Result<ExpressionPtr> ExpressionAnalyzer::UserCall(const ExpressionAst& ast,
                                                   const CatalogFunction& function) {
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  return scope_.functions->Call(function, std::move(args));
}

Result<ExpressionPtr> ExpressionAnalyzer::AnalyzeTableCall(const ExpressionAst& ast) {
  bool call = ast.kind == ExpressionAstKind::kCall && scope_.functions != nullptr;
  if (!call) return ExpressionPtr();
  ASSIGN_OR_RETURN(std::optional<CatalogFunction> function, scope_.functions->FindAny(ast.text));
  if (!function) return ExpressionPtr();
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  auto rows = scope_.functions->TableCall(*function, std::move(args));
  if (!rows.ok()) return ErrorAt(rows.error(), ast.range.position);
  return rows;
}

Result<ExpressionPtr> ExpressionAnalyzer::Case(const ExpressionAst& ast) {
  size_t count = ast.args.size();
  ExpressionPtr operand;
  if (ast.args[0] != nullptr) {
    ASSIGN_OR_RETURN(operand, Analyze(*ast.args[0]));
  }
  Args conditions;
  Args values;
  for (size_t i = 1; i + 2 < count; i += 2) {
    ExpressionPtr condition;
    if (operand != nullptr) {
      ASSIGN_OR_RETURN(ExpressionPtr match, Analyze(*ast.args[i]));
      ASSIGN_OR_RETURN(condition, MakeComparison("EQUALS", operand, match));
    } else {
      ASSIGN_OR_RETURN(condition, Analyze(*ast.args[i]));
      if (!condition->type.Is(TypeRoot::kBoolean)) {
        return InvalidArgument("SQL-1006 a condition of CASE must be BOOLEAN, not {}",
                               condition->type.Nullable().ToString());
      }
    }
    ASSIGN_OR_RETURN(ExpressionPtr value, Analyze(*ast.args[i + 1]));
    conditions.push_back(std::move(condition));
    values.push_back(std::move(value));
  }
  ExpressionPtr otherwise = Expression::Literal(DataType::Null(), Value());
  if (ast.args[count - 1] != nullptr) {
    ASSIGN_OR_RETURN(otherwise, Analyze(*ast.args[count - 1]));
  }
  values.push_back(std::move(otherwise));
  ASSIGN_OR_RETURN(values, ToCommonType(std::move(values), "CASE"));
  DataType type = values[0]->type.WithNullable(AnyNullable(values));
  Args args;
  for (size_t i = 0; i < conditions.size(); ++i) {
    args.push_back(conditions[i]);
    args.push_back(values[i]);
  }
  args.push_back(values.back());
  return Expression::Call(type, "CASE", std::move(args));
}

Result<ExpressionPtr> ExpressionAnalyzer::Cast(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(ExpressionPtr arg, Analyze(*ast.args[0]));
  if (ast.text == "ARGUMENT" || ast.text == "RESULT") return FunctionCast(ast, std::move(arg));
  if (!SupportsExplicitCast(arg->type, ast.type)) {
    return InvalidArgument("SQL-1021 cannot CAST from {} to {}", arg->type.Nullable().ToString(),
                           ast.type.Nullable().ToString());
  }
  if (ast.type.IsInterval()) return CastToInterval(std::move(arg), ast.type);
  bool try_cast = ast.text == "TRY_CAST";
  if (!try_cast) return CastTo(std::move(arg), ast.type);
  return Expression::Call(ast.type.Nullable(), "TRY_CAST", {std::move(arg)});
}

/// An argument or the value of a function that is written in SQL: cast where Flink casts by itself.
/// The value may be NULL whatever the body gives.
Result<ExpressionPtr> ExpressionAnalyzer::FunctionCast(const ExpressionAst& ast,
                                                       ExpressionPtr arg) {
  if (!SupportsImplicitCast(arg->type, ast.type)) {
    return InvalidArgument("SQL-1006 the function {} {}, not {}",
                           ast.text == "ARGUMENT" ? "takes" : "gives",
                           ast.type.Nullable().ToString(), arg->type.Nullable().ToString());
  }
  ExpressionPtr cast = CastTo(std::move(arg), ast.type);
  if (ast.text == "ARGUMENT" || cast->type.nullable()) return cast;
  auto nullable = std::make_shared<Expression>(*cast);
  nullable->type = cast->type.Nullable();
  return ExpressionPtr(std::move(nullable));
}

Result<ExpressionPtr> ExpressionAnalyzer::Between(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  ASSIGN_OR_RETURN(ExpressionPtr low, MakeComparison("GREATER_THAN_OR_EQUAL", args[0], args[1]));
  ASSIGN_OR_RETURN(ExpressionPtr high, MakeComparison("LESS_THAN_OR_EQUAL", args[0], args[2]));
  ExpressionPtr within = Conjunction({low, high});
  if (ast.text == "SYMMETRIC") {
    ASSIGN_OR_RETURN(low, MakeComparison("GREATER_THAN_OR_EQUAL", args[0], args[2]));
    ASSIGN_OR_RETURN(high, MakeComparison("LESS_THAN_OR_EQUAL", args[0], args[1]));
    within = BooleanCall("OR", {within, Conjunction({low, high})});
  }
  return Negated(within, ast.negated);
}

Result<ExpressionPtr> ExpressionAnalyzer::In(const ExpressionAst& ast) {
  if (ast.query != nullptr) return Subquery(ast);
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  if (args[0]->type.Is(TypeRoot::kRow)) {
    Args equal;
    for (size_t i = 1; i < args.size(); ++i) {
      ASSIGN_OR_RETURN(ExpressionPtr same, MakeComparison("EQUALS", args[0], args[i]));
      equal.push_back(std::move(same));
    }
    return Negated(equal.size() == 1 ? equal[0] : BooleanCall("OR", std::move(equal)), ast.negated);
  }
  bool all_null = std::all_of(args.begin() + 1, args.end(), [](const ExpressionPtr& arg) {
    return arg->type.Is(TypeRoot::kNull);
  });
  if (all_null) return InvalidArgument("SQL-1006 illegal use of NULL");
  bool all_text = std::all_of(args.begin(), args.end(),
                              [](const ExpressionPtr& arg) { return arg->type.IsCharacter(); });
  if (!all_text) {
    ASSIGN_OR_RETURN(args, ToCommonType(std::move(args), "IN"));
  }
  return Negated(BooleanCall("IN", std::move(args)), ast.negated);
}

Result<ExpressionPtr> ExpressionAnalyzer::Like(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  for (const ExpressionPtr& arg : args) {
    if (!arg->type.IsCharacter()) {
      return InvalidArgument("SQL-1006 cannot apply '{}' to an argument of type {}", ast.text,
                             arg->type.Nullable().ToString());
    }
  }
  return Negated(BooleanCall(ast.text, std::move(args)), ast.negated);
}

Result<ExpressionPtr> ExpressionAnalyzer::Is(const ExpressionAst& ast) {
  ASSIGN_OR_RETURN(Args args, AnalyzeAll(ast.args));
  std::string prefix = ast.negated ? "IS_NOT_" : "IS_";
  if (ast.text == "DISTINCT FROM") {
    return MakeComparison(prefix + "DISTINCT_FROM", args[0], args[1]);
  }
  if (ast.text.starts_with("JSON")) {
    std::string kind = ast.text == "JSON" ? "VALUE" : ast.text.substr(5);
    args.push_back(
        Expression::Literal(DataType::Char(static_cast<int>(kind.size())).NotNull(), Value(kind)));
    return Negated(BooleanCall("IS_JSON", std::move(args), true), ast.negated);
  }
  bool null_test = ast.text == "NULL" || ast.text == "UNKNOWN";
  if (ast.text != "NULL") {
    if (!args[0]->type.Is(TypeRoot::kBoolean)) {
      return InvalidArgument("SQL-1006 IS {} needs a BOOLEAN, not {}", ast.text,
                             args[0]->type.Nullable().ToString());
    }
  }
  return BooleanCall(prefix + (null_test ? "NULL" : ast.text), std::move(args), true);
}

}  // namespace forebay::sql
