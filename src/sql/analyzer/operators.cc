// Typing of operators and of calls with forms of their own.

#include <algorithm>

#include <fmt/format.h>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using model::Value;
using Args = std::vector<ExpressionPtr>;

bool AnyNullable(const Args& args) {
  for (const ExpressionPtr& arg : args) {
    if (arg->type.nullable()) return true;
  }
  return false;
}

ExpressionPtr CallOf(DataType type, std::string name, Args args) {
  bool nullable = AnyNullable(args);
  return Expression::Call(type.WithNullable(nullable), std::move(name), std::move(args));
}

std::string OperatorText(const std::string& function) {
  if (function == "PLUS") return "+";
  if (function == "MINUS") return "-";
  if (function == "TIMES") return "*";
  return function == "DIVIDE" ? "/" : "%";
}

Error CannotApply(const std::string& what, const ExpressionPtr& a, const ExpressionPtr& b) {
  return InvalidArgument("SQL-1006 cannot apply '{}' to arguments of types {} and {}", what,
                         a->type.Nullable().ToString(), b->type.Nullable().ToString());
}

// What a form that needs a typed operand says of a bare NULL.
Error IllegalNull() {
  Error error = InvalidArgument("SQL-1006 illegal use of NULL");
  error.hint = "give it a type: CAST(NULL AS INT)";
  return error;
}

Result<ExpressionPtr> DecimalArithmetic(const std::string& function, ExpressionPtr a,
                                        ExpressionPtr b) {
  DataType x = DecimalOf(a->type);
  DataType y = DecimalOf(b->type);
  DataType type = DecimalPlus(x, y);
  if (function == "TIMES") type = DecimalTimes(x, y);
  if (function == "DIVIDE") type = DecimalDivide(x, y);
  if (function == "MOD") type = DecimalMod(x, y);
  return CallOf(type, function, {CastTo(std::move(a), x), CastTo(std::move(b), y)});
}

Result<ExpressionPtr> NumericArithmetic(const std::string& function, ExpressionPtr a,
                                        ExpressionPtr b) {
  bool approximate = !a->type.IsExactNumeric() || !b->type.IsExactNumeric();
  bool decimal = a->type.Is(TypeRoot::kDecimal) || b->type.Is(TypeRoot::kDecimal);
  if (decimal && !approximate) return DecimalArithmetic(function, std::move(a), std::move(b));
  if (function == "MOD" && approximate) return CannotApply("%", a, b);
  DataType common = *CommonType({a->type, b->type});
  DataType result = common;
  // Calcite keeps the first of two approximate types.
  if (a->type.Is(TypeRoot::kFloat) && b->type.Is(TypeRoot::kDouble)) common = result = a->type;
  // Calcite types MOD as its second operand.
  if (function == "MOD") result = b->type;
  ExpressionPtr call =
      CallOf(common, function, {CastTo(std::move(a), common), CastTo(std::move(b), common)});
  return CastTo(std::move(call), result);
}

Result<ExpressionPtr> IntervalArithmetic(const std::string& function, ExpressionPtr a,
                                         ExpressionPtr b) {
  bool additive = function == "PLUS" || function == "MINUS";
  if (a->type.IsInterval() && b->type.IsTemporal() && function == "PLUS") std::swap(a, b);
  if (additive && a->type.IsTemporal() && b->type.IsInterval()) {
    return CallOf(a->type, function, {a, b});
  }
  if (additive && a->type.IsInterval() && a->type.root() == b->type.root()) {
    return CallOf(a->type, function, {a, b});
  }
  if (function == "TIMES" && b->type.IsInterval()) std::swap(a, b);
  if (!additive && function != "MOD" && a->type.IsInterval() && b->type.IsNumeric()) {
    return CallOf(a->type, function, {a, b});
  }
  return CannotApply(OperatorText(function), a, b);
}

// Milliseconds or months of one unit.
struct UnitLength {
  std::string_view name;
  int64_t length;
  bool months;
};
constexpr UnitLength kUnits[] = {
    {"MILLISECOND", 1, false}, {"SECOND", 1000, false},  {"MINUTE", 60000, false},
    {"HOUR", 3600000, false},  {"DAY", 86400000, false}, {"WEEK", 604800000, false},
    {"MONTH", 1, true},        {"QUARTER", 3, true},     {"YEAR", 12, true}};

Result<ExpressionPtr> TimestampAdd(Args args) {
  const auto& unit = std::get<std::string>(args[0]->value.data);
  for (const UnitLength& known : kUnits) {
    if (known.name != unit) continue;
    bool of_day = unit == "HOUR" || unit == "MINUTE" || unit == "SECOND";
    if (of_day && args[2]->type.Is(TypeRoot::kDate)) {
      args[2] = CastTo(args[2], DataType::Timestamp(6));
    }
    DataType type = known.months ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
    const auto* count = std::get_if<int64_t>(&args[1]->value.data);
    if (count != nullptr) {
      return MakeArithmetic("PLUS", args[2],
                            Expression::Literal(type.NotNull(), Value(*count * known.length)));
    }
    ExpressionPtr one = Expression::Literal(type.NotNull(), Value(known.length));
    ASSIGN_OR_RETURN(ExpressionPtr interval, MakeArithmetic("TIMES", one, args[1]));
    return MakeArithmetic("PLUS", args[2], interval);
  }
  return InvalidArgument("SQL-1006 unknown time unit {}", unit);
}

Result<ExpressionPtr> TimestampDiff(Args args) {
  auto common = CommonType({args[1]->type, args[2]->type});
  bool local = args[1]->type.Is(TypeRoot::kTimestampLtz);
  bool mixed = local != args[2]->type.Is(TypeRoot::kTimestampLtz);
  if (!common || !common->IsTemporal() || mixed)
    return CannotApply("TIMESTAMPDIFF", args[1], args[2]);
  return CallOf(DataType::Int(), "TIMESTAMPDIFF",
                {args[0], CastTo(args[1], *common), CastTo(args[2], *common)});
}

// (a - b) UNIT
Result<ExpressionPtr> TimeMinus(Args args) {
  if (!args[0]->type.IsTemporal() || !args[1]->type.IsTemporal()) {
    return CannotApply("-", args[0], args[1]);
  }
  const auto& unit = std::get<std::string>(args[2]->value.data);
  bool months =
      unit.starts_with("YEAR") || unit.starts_with("MONTH") || unit.starts_with("QUARTER");
  DataType type = months ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
  return CallOf(type, "MINUS", {args[0], args[1]});
}

ExpressionPtr Unit(std::string_view unit) {
  return Expression::Literal(DataType::Char(static_cast<int>(unit.size())).NotNull(),
                             Value(std::string(unit)));
}

// OVERLAPS: (start, end) or (start, length) of two periods; ends may be the wrong way round.
Result<ExpressionPtr> Overlaps(const Args& args) {
  ExpressionPtr begins[2];
  ExpressionPtr ends[2];
  for (size_t i = 0; i < 2; ++i) {
    const Expression& row = *args[i];
    bool pair = row.kind == ExpressionKind::kCall && row.function == "ROW" && row.args.size() == 2;
    if (!pair || !row.args[0]->type.IsTemporal()) return CannotApply("OVERLAPS", args[0], args[1]);
    ExpressionPtr start = row.args[0];
    ExpressionPtr end = row.args[1];
    if (end->type.IsInterval()) {
      ASSIGN_OR_RETURN(end, MakeArithmetic("PLUS", start, end));
    }
    ASSIGN_OR_RETURN(ExpressionPtr ordered, MakeComparison("LESS_THAN_OR_EQUAL", start, end));
    DataType type = start->type.WithNullable(start->type.nullable() || end->type.nullable());
    if (!start->type.EqualsIgnoringNullability(end->type)) end = CastTo(end, start->type);
    begins[i] = Expression::Call(type, "CASE", {ordered, start, end});
    ends[i] = Expression::Call(type, "CASE", {ordered, end, start});
  }
  ASSIGN_OR_RETURN(ExpressionPtr first,
                   MakeComparison("GREATER_THAN_OR_EQUAL", ends[0], begins[1]));
  ASSIGN_OR_RETURN(ExpressionPtr second,
                   MakeComparison("GREATER_THAN_OR_EQUAL", ends[1], begins[0]));
  return Conjunction({first, second});
}

Result<ExpressionPtr> Extract(ExpressionPtr unit, ExpressionPtr time) {
  if (!time->type.IsTemporal() && !time->type.IsInterval()) {
    return InvalidArgument("SQL-1006 cannot apply EXTRACT to an argument of type {}",
                           time->type.Nullable().ToString());
  }
  return CallOf(DataType::Bigint(), "EXTRACT", {std::move(unit), std::move(time)});
}

Result<ExpressionPtr> Trim(const std::string& mode, ExpressionPtr chars, ExpressionPtr text) {
  if (!text->type.IsCharacter()) {
    return InvalidArgument("SQL-1006 cannot apply TRIM to an argument of type {}",
                           text->type.Nullable().ToString());
  }
  if (chars == nullptr || chars->type.Is(TypeRoot::kNull)) {
    chars = Expression::Literal(DataType::Char(1).NotNull(), Value(std::string(" ")));
  }
  DataType type = DataType::Varchar(text->type.length());
  return CallOf(type, "TRIM", {Unit(mode), std::move(chars), std::move(text)});
}

Result<ExpressionPtr> Conditional(const std::string& name, Args args) {
  bool any_null = std::any_of(args.begin(), args.end(), [](const ExpressionPtr& arg) {
    return arg->type.Is(TypeRoot::kNull);
  });
  bool takes_null = name == "NULLIF" ? !args[0]->type.Is(TypeRoot::kNull)
                                     : name == "COALESCE" || name == "IFNULL";
  if (any_null && !takes_null) return IllegalNull();
  if (name == "IF") {
    if (!args[0]->type.Is(TypeRoot::kBoolean)) {
      return InvalidArgument("SQL-1006 cannot apply IF to a condition of type {}",
                             args[0]->type.Nullable().ToString());
    }
    ASSIGN_OR_RETURN(Args values, ToCommonType({args[1], args[2]}, "IF"));
    bool nullable = AnyNullable(values) || args[0]->type.nullable();
    DataType type = values[0]->type.WithNullable(nullable);
    return Expression::Call(type, "CASE", {args[0], values[0], values[1]});
  }
  if (name == "NULLIF") {
    ASSIGN_OR_RETURN(ExpressionPtr equal, MakeComparison("EQUALS", args[0], args[1]));
    DataType type = args[0]->type.Nullable();
    return Expression::Call(type, "CASE", {equal, Expression::Literal(type, Value()), args[0]});
  }
  bool coalesce = name == "COALESCE" || name == "IFNULL";
  ASSIGN_OR_RETURN(Args values, ToCommonType(std::move(args), name));
  bool nullable = AnyNullable(values);
  if (coalesce) {
    nullable = true;
    for (const ExpressionPtr& value : values) nullable = nullable && value->type.nullable();
  }
  DataType type = values[0]->type.WithNullable(nullable);
  return Expression::Call(type, coalesce ? "COALESCE" : name, std::move(values));
}

std::string_view ExtractUnitOf(const std::string& name) {
  if (name == "DAYOFMONTH") return "DAY";
  if (name == "DAYOFWEEK") return "DOW";
  if (name == "DAYOFYEAR") return "DOY";
  for (std::string_view unit : {"YEAR", "QUARTER", "MONTH", "WEEK", "HOUR", "MINUTE", "SECOND"}) {
    if (name == unit) return unit;
  }
  return {};
}

// ARRAY_APPEND, ARRAY_PREPEND, ARRAY_POSITION, ARRAY_REMOVE(array, element) and ARRAY_CONCAT(array,
// ...).
Result<ExpressionPtr> ArrayCall(const std::string& name, Args args) {
  for (size_t i = 0; i < args.size(); ++i) {
    if ((i == 0 || name == "ARRAY_CONCAT") && !args[i]->type.Is(TypeRoot::kArray)) {
      return InvalidArgument("SQL-1006 cannot apply {} to an argument of type {}", name,
                             args[i]->type.Nullable().ToString());
    }
  }
  if (name == "ARRAY_CONCAT") {
    ASSIGN_OR_RETURN(args, ToCommonType(std::move(args), name));
    DataType common = args[0]->type;
    return CallOf(common, name, std::move(args));
  }
  DataType type = args[0]->type;
  DataType element = type.children()[0];
  bool adds_null = args[1]->type.nullable();
  args[1] = CastTo(args[1], element);
  if (name == "ARRAY_POSITION") return CallOf(DataType::Int(), name, std::move(args));
  if (name == "ARRAY_CONTAINS") {
    return Expression::Call(DataType::Boolean(), name, std::move(args));
  }
  if (adds_null && name != "ARRAY_REMOVE") {
    type = DataType::Array(element.Nullable()).WithNullable(type.nullable());
  }
  return Expression::Call(type, name, std::move(args));
}

// MAP_UNION(map, map, ...)
Result<ExpressionPtr> MapUnion(Args args) {
  for (const ExpressionPtr& arg : args) {
    if (arg->type.Is(TypeRoot::kMap)) continue;
    return InvalidArgument("SQL-1006 cannot apply MAP_UNION to an argument of type {}",
                           arg->type.Nullable().ToString());
  }
  ASSIGN_OR_RETURN(args, ToCommonType(std::move(args), "MAP_UNION"));
  DataType common = args[0]->type;
  return CallOf(common, "MAP_UNION", std::move(args));
}

size_t SpecialArity(const std::string& name, size_t count) {
  if (name == "MINUS_DATE" || name == "IF" || name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF" ||
      name == "TRIM")
    return 3;
  if (name == "NULLIF" || name == "IFNULL" || name == "EXTRACT" || name == "MOD" ||
      name == "ARRAY_APPEND" || name == "ARRAY_PREPEND" || name == "ARRAY_POSITION" ||
      name == "ARRAY_REMOVE" || name == "ARRAY_CONTAINS" || name == "INSTR" || name == "OVERLAPS") {
    return 2;
  }
  if (name == "JSON_OBJECT" || name == "JSON_ARRAY") return count;
  if (name == "JSON_VALUE" || name == "JSON_QUERY" || name == "JSON_EXISTS") {
    return std::max<size_t>(count, 2);
  }
  return !ExtractUnitOf(name).empty() ? 1 : std::max<size_t>(count, 1);
}

}  // namespace

namespace {

bool HasDate(const std::vector<DataType>& types) {
  return std::any_of(types.begin(), types.end(),
                     [](const DataType& type) { return type.Is(TypeRoot::kDate); });
}

}  // namespace

Result<std::vector<ExpressionPtr>> ToCommonType(std::vector<ExpressionPtr> values,
                                                const std::string& what) {
  std::vector<DataType> types;
  for (const ExpressionPtr& value : values) types.push_back(value->type);
  auto common = CommonType(types);
  if (!common) {
    std::string text;
    for (const DataType& type : types)
      text += (text.empty() ? "" : ", ") + type.Nullable().ToString();
    return InvalidArgument("SQL-1011 {}: no common type of ({})", what, text);
  }
  if (common->Is(TypeRoot::kNull)) {
    return InvalidArgument("SQL-1011 {}: illegal use of NULL", what);
  }
  if (common->IsTimestamp() && HasDate(types)) {
    // As in Flink, these make the whole a DATE, and the others do not take the two together.
    if (what != "COALESCE" && what != "IFNULL") {
      return InvalidArgument("SQL-1011 {}: DATE and {} are not mixed", what,
                             common->Nullable().ToString());
    }
    common = DataType::Date().WithNullable(common->nullable());
  }
  for (ExpressionPtr& value : values) value = CastTo(std::move(value), *common);
  return values;
}

namespace {

// A literal, or a CAST of one.
const Value* LiteralValue(const Expression& expression) {
  if (expression.kind == ExpressionKind::kLiteral) return &expression.value;
  bool cast = expression.kind == ExpressionKind::kCall && expression.function == "CAST";
  return cast ? LiteralValue(*expression.args[0]) : nullptr;
}

bool IsZero(const Value& value) {
  const auto* integer = std::get_if<int64_t>(&value.data);
  const auto* decimal = std::get_if<model::Int128>(&value.data);
  const auto* floating = std::get_if<double>(&value.data);
  return (integer != nullptr && *integer == 0) || (decimal != nullptr && *decimal == 0) ||
         (floating != nullptr && *floating == 0);
}

// The planner folds a quotient of literals, and cannot when it is floating and the divisor zero.
bool DividesLiteralsByZero(const Expression& a, const Expression& b) {
  bool approximate = (a.type.IsNumeric() && !a.type.IsExactNumeric()) ||
                     (b.type.IsNumeric() && !b.type.IsExactNumeric());
  const Value* divisor = LiteralValue(b);
  return approximate && LiteralValue(a) != nullptr && divisor != nullptr && IsZero(*divisor);
}

}  // namespace

Result<ExpressionPtr> MakeArithmetic(const std::string& function, ExpressionPtr a,
                                     ExpressionPtr b) {
  if (a->type.Is(TypeRoot::kNull) || b->type.Is(TypeRoot::kNull)) return IllegalNull();
  if (function == "DIVIDE" && DividesLiteralsByZero(*a, *b)) {
    return InvalidArgument("SQL-1006 division by zero");
  }
  if (a->type.IsNumeric() && b->type.IsNumeric()) {
    return NumericArithmetic(function, std::move(a), std::move(b));
  }
  return IntervalArithmetic(function, std::move(a), std::move(b));
}

Result<ExpressionPtr> MakeSpecialCall(const std::string& name, const ExpressionAst& ast,
                                      std::vector<ExpressionPtr> args) {
  static const std::vector<std::string> kNames = {"IF",
                                                  "NULLIF",
                                                  "COALESCE",
                                                  "IFNULL",
                                                  "GREATEST",
                                                  "LEAST",
                                                  "TIMESTAMPADD",
                                                  "TIMESTAMPDIFF",
                                                  "TRIM",
                                                  "LTRIM",
                                                  "RTRIM",
                                                  "BTRIM",
                                                  "EXTRACT",
                                                  "MOD",
                                                  "INSTR",
                                                  "LOCATE",
                                                  "JSON_VALUE",
                                                  "JSON_QUERY",
                                                  "JSON_EXISTS",
                                                  "JSON_OBJECT",
                                                  "JSON_ARRAY",
                                                  "ARRAY_CONCAT",
                                                  "ARRAY_APPEND",
                                                  "ARRAY_PREPEND",
                                                  "ARRAY_POSITION",
                                                  "ARRAY_REMOVE",
                                                  "MINUS_DATE",
                                                  "OVERLAPS",
                                                  "ARRAY_CONTAINS",
                                                  "MAP_UNION"};
  bool known = std::find(kNames.begin(), kNames.end(), name) != kNames.end();
  if (!known && ExtractUnitOf(name).empty()) return ExpressionPtr();
  if (args.size() != SpecialArity(name, args.size())) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: {}", name, args.size());
  }
  if (name == "MOD") return MakeArithmetic("MOD", args[0], args[1]);
  if (name == "OVERLAPS") return Overlaps(args);
  if (name == "TIMESTAMPADD") return TimestampAdd(std::move(args));
  if (name == "TIMESTAMPDIFF") return TimestampDiff(std::move(args));
  if (name == "EXTRACT") return Extract(args[0], args[1]);
  if (name == "MINUS_DATE") return TimeMinus(std::move(args));
  if (name == "TRIM") {
    return Trim(std::get<std::string>(args[0]->value.data), args[1], args[2]);
  }
  if (name == "LTRIM" || name == "RTRIM" || name == "BTRIM") {
    std::string mode = name == "LTRIM" ? "LEADING" : name == "RTRIM" ? "TRAILING" : "BOTH";
    ASSIGN_OR_RETURN(ExpressionPtr trimmed,
                     Trim(mode, args.size() > 1 ? args[1] : nullptr, args[0]));
    return name == "BTRIM" ? CastTo(trimmed, DataType::String()) : trimmed;
  }
  if (name == "INSTR") std::swap(args[0], args[1]);
  if (name == "INSTR" || name == "LOCATE") {
    return MakeFunctionCall(*FindFunction("POSITION"), std::move(args));
  }
  if (name.starts_with("JSON_")) return JsonCall(name, ast, std::move(args));
  if (name == "MAP_UNION") return MapUnion(std::move(args));
  if (name.starts_with("ARRAY_")) return ArrayCall(name, std::move(args));
  if (std::string_view unit = ExtractUnitOf(name); !unit.empty()) {
    return Extract(Unit(unit), args[0]);
  }
  return Conditional(name, std::move(args));
}

}  // namespace forebay::sql
