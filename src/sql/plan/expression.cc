#include "sql/plan/expression.h"

#include <fmt/format.h>

#include "base/check.h"

namespace forebay::sql {
namespace {

std::string DecimalText(model::Int128 unscaled, int scale) {
  bool negative = unscaled < 0;
  auto digits = negative ? -static_cast<unsigned __int128>(unscaled)
                         : static_cast<unsigned __int128>(unscaled);
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(digits % 10)));
    digits /= 10;
  } while (digits != 0);
  if (scale > 0) {
    if (static_cast<int>(text.size()) <= scale) text.insert(0, scale + 1 - text.size(), '0');
    text.insert(text.size() - scale, ".");
  }
  return negative ? "-" + text : text;
}

std::string ValueText(const model::DataType& type, const model::Value& value) {
  struct Visitor {
    const model::DataType& type;
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(int64_t n) const {
      if (type.Is(model::TypeRoot::kIntervalDayTime)) return fmt::format("{}:INTERVAL SECOND", n);
      if (type.Is(model::TypeRoot::kIntervalYearMonth)) return fmt::format("{}:INTERVAL MONTH", n);
      return std::to_string(n);
    }
    std::string operator()(model::Int128 n) const { return DecimalText(n, type.scale()); }
    std::string operator()(double d) const { return fmt::format("{}", d); }
    std::string operator()(const std::string& s) const { return "'" + s + "'"; }
    std::string operator()(const model::Value::List&) const { return "[...]"; }
  };
  return std::visit(Visitor{type}, value.data);
}

}  // namespace

ExpressionPtr Expression::Literal(model::DataType type, model::Value value) {
  auto e = std::make_shared<Expression>();
  e->kind = ExpressionKind::kLiteral;
  e->type = std::move(type);
  e->value = std::move(value);
  return e;
}

ExpressionPtr Expression::Column(model::DataType type, int column) {
  auto e = std::make_shared<Expression>();
  e->kind = ExpressionKind::kColumn;
  e->type = std::move(type);
  e->column = column;
  return e;
}

ExpressionPtr Expression::Call(model::DataType type, std::string function,
                               std::vector<ExpressionPtr> args) {
  auto e = std::make_shared<Expression>();
  e->kind = ExpressionKind::kCall;
  e->type = std::move(type);
  e->function = std::move(function);
  e->args = std::move(args);
  return e;
}

std::string Expression::ToString() const {
  if (kind == ExpressionKind::kLiteral) return ValueText(type, value);
  if (kind == ExpressionKind::kColumn) return fmt::format("${}", column);
  std::string text = function + "(";
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) text += ", ";
    text += args[i]->ToString();
  }
  if (function == "CAST" || function == "TRY_CAST") text += " AS " + type.Nullable().ToString();
  return text + ")";
}

bool Equal(const Expression& a, const Expression& b) {
  if (a.kind != b.kind || a.type != b.type || a.column != b.column || a.value != b.value ||
      a.function != b.function || a.args.size() != b.args.size()) {
    return false;
  }
  for (size_t i = 0; i < a.args.size(); ++i) {
    if (!Equal(*a.args[i], *b.args[i])) return false;
  }
  return true;
}

ExpressionPtr RemapColumns(const ExpressionPtr& expression, const std::vector<int>& mapping) {
  if (expression->kind == ExpressionKind::kLiteral) return expression;
  if (expression->kind == ExpressionKind::kColumn) {
    int target = mapping.at(expression->column);
    CHECK(target >= 0);
    return Expression::Column(expression->type, target);
  }
  std::vector<ExpressionPtr> args;
  args.reserve(expression->args.size());
  for (const ExpressionPtr& arg : expression->args) args.push_back(RemapColumns(arg, mapping));
  return Expression::Call(expression->type, expression->function, std::move(args));
}

void CollectColumns(const Expression& expression, std::vector<bool>& used) {
  if (expression.kind == ExpressionKind::kColumn) used.at(expression.column) = true;
  for (const ExpressionPtr& arg : expression.args) CollectColumns(*arg, used);
}

}  // namespace forebay::sql
