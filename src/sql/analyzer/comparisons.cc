// Comparisons: what may be compared with what, rows, and what the planner knows beforehand.

#include <algorithm>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using model::Value;
using Args = std::vector<ExpressionPtr>;

ExpressionPtr BooleanCall(std::string name, Args args) {
  bool nullable = std::any_of(args.begin(), args.end(),
                              [](const ExpressionPtr& arg) { return arg->type.nullable(); });
  return Expression::Call(DataType::Boolean().WithNullable(nullable), std::move(name),
                          std::move(args));
}

bool IsEquality(const std::string& function) {
  return function == "EQUALS" || function == "NOT_EQUALS";
}

bool IsDistinctTest(const std::string& function) {
  return function == "IS_DISTINCT_FROM" || function == "IS_NOT_DISTINCT_FROM";
}

Error NotComparable(const ExpressionPtr& a, const ExpressionPtr& b) {
  Error error =
      InvalidArgument("SQL-1010 implicit type conversion between {} and {} is not supported",
                      a->type.Nullable().ToString(), b->type.Nullable().ToString());
  error.hint = "CAST one side to the other's type";
  return error;
}

// Calcite compares no DATE with a TIMESTAMP, though it converts them elsewhere.
bool IsDateWithTimestamp(const DataType& a, const DataType& b) {
  return (a.Is(TypeRoot::kDate) && b.IsTimestamp()) || (b.Is(TypeRoot::kDate) && a.IsTimestamp());
}

bool IsDeterministicTree(const Expression& expression) {
  bool self = expression.kind != ExpressionKind::kCall || IsDeterministic(expression.function);
  return self && std::all_of(expression.args.begin(), expression.args.end(),
                             [](const ExpressionPtr& arg) { return IsDeterministicTree(*arg); });
}

// Whether the planner knows the answer for every value but NULL: x = x, x < x. It matters for
// floating point, where it makes NaN equal to itself; other types get there by comparing.
bool ComparesWithItself(const Expression& a, const Expression& b) {
  bool approximate = a.type.Is(TypeRoot::kDouble) || a.type.Is(TypeRoot::kFloat);
  return approximate && Equal(a, b) && IsDeterministicTree(a);
}

ExpressionPtr ComparisonWithItself(const std::string& function, ExpressionPtr x) {
  bool holds = function == "EQUALS" || function.ends_with("_OR_EQUAL");
  if (!x->type.nullable()) return BooleanLiteral(holds);
  ExpressionPtr known = Expression::Call(DataType::Boolean().NotNull(), "IS_NOT_NULL", {x});
  ExpressionPtr unknown = Expression::Literal(DataType::Boolean(), Value());
  return Expression::Call(DataType::Boolean(), "CASE", {known, BooleanLiteral(holds), unknown});
}

// Rows are equal when all fields are; a field that is NULL leaves it open unless another differs.
Result<ExpressionPtr> CompareRows(const std::string& function, const ExpressionPtr& a,
                                  const ExpressionPtr& b) {
  size_t count = a->type.fields().size();
  if (count == 0 || count != b->type.fields().size()) return NotComparable(a, b);
  bool equality = function == "EQUALS";
  Args fields;
  bool nullable = false;
  for (size_t i = 0; i < count; ++i) {
    ExpressionPtr x = FieldAt(a, i);
    ExpressionPtr y = FieldAt(b, i);
    nullable = nullable || x->type.nullable() || y->type.nullable();
    ASSIGN_OR_RETURN(ExpressionPtr field,
                     MakeComparison(equality ? "EQUALS" : "IS_DISTINCT_FROM", x, y));
    fields.push_back(std::move(field));
  }
  if (equality) return Conjunction(fields);
  // Flink's <> takes NULL for a value, though its = does not.
  DataType type = DataType::Boolean().WithNullable(nullable);
  if (fields.size() == 1) fields.push_back(BooleanLiteral(false));
  return Expression::Call(type, "OR", std::move(fields));
}

}  // namespace

ExpressionPtr FieldAt(const ExpressionPtr& row, size_t index) {
  if (row->kind == ExpressionKind::kCall && row->function == "ROW") return row->args[index];
  DataType type = row->type.fields()[index].type;
  if (row->type.nullable()) type = type.Nullable();
  ExpressionPtr place =
      Expression::Literal(DataType::Int().NotNull(), Value(static_cast<int64_t>(index)));
  return Expression::Call(type, "FIELD", {row, place});
}

ExpressionPtr BooleanLiteral(bool value) {
  return Expression::Literal(DataType::Boolean().NotNull(), Value(value));
}

std::string_view ComparisonName(const std::string& text) {
  if (text == "=") return "EQUALS";
  if (text == "<>" || text == "!=") return "NOT_EQUALS";
  if (text == "<") return "LESS_THAN";
  if (text == "<=") return "LESS_THAN_OR_EQUAL";
  if (text == ">") return "GREATER_THAN";
  if (text == ">=") return "GREATER_THAN_OR_EQUAL";
  return {};
}

Result<ExpressionPtr> MakeComparison(const std::string& function, ExpressionPtr a,
                                     ExpressionPtr b) {
  if (IsEquality(function) && a->type.Is(TypeRoot::kRow) && b->type.Is(TypeRoot::kRow)) {
    return CompareRows(function, a, b);
  }
  if (IsDateWithTimestamp(a->type, b->type)) return NotComparable(a, b);
  if (a->type.Is(TypeRoot::kRaw) || b->type.Is(TypeRoot::kRaw)) return NotComparable(a, b);
  if (ComparesWithItself(*a, *b)) {
    if (IsDistinctTest(function)) return BooleanLiteral(function == "IS_NOT_DISTINCT_FROM");
    return ComparisonWithItself(function, a);
  }
  bool both_text =
      (a->type.IsCharacter() && b->type.IsCharacter()) || (a->type.IsBytes() && b->type.IsBytes());
  if (!both_text) {
    std::optional<DataType> common = CommonType({a->type, b->type});
    if (!common && a->type.IsCharacter() && b->type.IsTemporal()) common = b->type;
    if (!common && b->type.IsCharacter() && a->type.IsTemporal()) common = a->type;
    if (!common) return NotComparable(a, b);
    a = CastTo(std::move(a), *common);
    b = CastTo(std::move(b), *common);
  }
  bool nullable = !IsDistinctTest(function) && (a->type.nullable() || b->type.nullable());
  return Expression::Call(DataType::Boolean().WithNullable(nullable), function,
                          {std::move(a), std::move(b)});
}

ExpressionPtr Conjunction(const std::vector<ExpressionPtr>& conjuncts) {
  if (conjuncts.empty()) return nullptr;
  if (conjuncts.size() == 1) return conjuncts[0];
  return BooleanCall("AND", conjuncts);
}

void SplitConjuncts(const ExpressionPtr& expression, std::vector<ExpressionPtr>& conjuncts) {
  if (expression->kind == ExpressionKind::kCall && expression->function == "AND") {
    for (const ExpressionPtr& arg : expression->args) SplitConjuncts(arg, conjuncts);
  } else {
    conjuncts.push_back(expression);
  }
}

}  // namespace forebay::sql
