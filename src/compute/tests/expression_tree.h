#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compute/expression/cell_text.h"
#include "compute/expression/civil_time.h"
#include "compute/expression/evaluator.h"
#include "model/value_text.h"

/// Short ways to write expression trees in tests, and to see their values as text.
namespace forebay::compute::tree {

using model::DataType;
using model::Value;
using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

inline ExpressionPtr Literal(DataType type, Value value) {
  auto node = std::make_shared<Expression>();
  node->type = std::move(type);
  node->value = std::move(value);
  return node;
}
inline ExpressionPtr Column(DataType type, int column) {
  auto node = std::make_shared<Expression>();
  node->kind = ExpressionKind::kColumn;
  node->type = std::move(type);
  node->column = column;
  return node;
}
inline ExpressionPtr Call(DataType type, std::string function, std::vector<ExpressionPtr> args) {
  auto node = std::make_shared<Expression>();
  node->kind = ExpressionKind::kCall;
  node->type = std::move(type);
  node->function = std::move(function);
  node->args = std::move(args);
  return node;
}
inline ExpressionPtr Cast(DataType type, ExpressionPtr arg) {
  return Call(std::move(type), "CAST", {std::move(arg)});
}
inline ExpressionPtr Null(DataType type) { return Literal(std::move(type), Value()); }
inline ExpressionPtr Int(int64_t value) { return Literal(DataType::Int(), Value(value)); }
inline ExpressionPtr Long(int64_t value) { return Literal(DataType::Bigint(), Value(value)); }
inline ExpressionPtr Real(double value) { return Literal(DataType::Double(), Value(value)); }
inline ExpressionPtr Bool(bool value) { return Literal(DataType::Boolean(), Value(value)); }
inline ExpressionPtr Text(std::string value) {
  int length = static_cast<int>(CountCharacters(value));
  return Literal(length > 0 ? DataType::Char(length) : DataType::Varchar(1), Value(value));
}
inline ExpressionPtr Dec(int precision, int scale, model::Int128 unscaled) {
  return Literal(DataType::Decimal(precision, scale), Value(unscaled));
}
inline ExpressionPtr Date(const std::string& text) {
  return Literal(DataType::Date(), Value(int64_t{*model::ParseDate(text)}));
}
inline ExpressionPtr Time(const std::string& text, int precision = 0) {
  return Literal(DataType::Time(precision), Value(int64_t{*model::ParseTime(text)}));
}
inline ExpressionPtr Stamp(const std::string& text, int precision) {
  DataType type = DataType::Timestamp(precision);
  return Literal(type, Value(JoinCell(*ParseTimestamp(text), UnitsPerSecond(type))));
}
inline ExpressionPtr Ms(int64_t ms) { return Literal(DataType::IntervalDayTime(), Value(ms)); }
inline ExpressionPtr Months(int64_t months) {
  return Literal(DataType::IntervalYearMonth(), Value(months));
}

/// The same tree with its literals as columns.
inline ExpressionPtr AsColumns(const ExpressionPtr& node, std::vector<ExpressionPtr>& columns) {
  if (node->kind == ExpressionKind::kLiteral) {
    columns.push_back(node);
    return Column(node->type, static_cast<int>(columns.size()) - 1);
  }
  auto copy = std::make_shared<Expression>(*node);
  for (ExpressionPtr& arg : copy->args) arg = AsColumns(arg, columns);
  return copy;
}

inline std::string CellText(const model::Column& column, int row) {
  if (column.IsNull(row)) return "NULL";
  std::string text;
  AppendCell(text, column, row, TimeZone::Find("UTC").value().get());
  return text;
}

inline model::Batch Rows(const std::vector<ExpressionPtr>& literals, int num_rows) {
  model::Batch batch(num_rows, {});
  for (const ExpressionPtr& literal : literals) {
    model::ColumnBuilder builder(literal->type);
    for (int row = 0; row < num_rows; ++row) AppendValue(builder, literal->value);
    batch.columns.push_back(builder.Finish());
  }
  return batch;
}

inline std::string Run(const ExpressionPtr& tree, const model::Batch& batch,
                       const EvaluationContext& context) {
  auto evaluator = Evaluator::Make({tree}, context);
  if (!evaluator.ok()) return "ERROR " + evaluator.message();
  auto columns = (*evaluator)->Evaluate(batch);
  if (!columns.ok()) return "ERROR " + columns.message();
  return CellText((*columns)[0], batch.num_rows - 1);
}

/// The value as CAST to STRING shows it, "NULL" or "ERROR ...". Evaluated as a constant and with
/// the literals as columns of 70 rows, which must agree where the function takes columns.
inline std::string Eval(const ExpressionPtr& tree, const EvaluationContext& context = {}) {
  std::string constant = Run(tree, model::Batch(1, {}), context);
  std::vector<ExpressionPtr> literals;
  ExpressionPtr columns = AsColumns(tree, literals);
  if (!literals.empty()) {
    std::string spread = Run(columns, Rows(literals, 70), context);
    bool literal_only = spread.find("cannot be executed") != std::string::npos ||
                        spread.find("must be a literal") != std::string::npos;
    if (!literal_only) {
      EXPECT_EQ(constant, spread) << "as a constant and as columns";
    }
  }
  return constant;
}

}  // namespace forebay::compute::tree
