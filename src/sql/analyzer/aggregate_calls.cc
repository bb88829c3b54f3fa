#include "sql/analyzer/aggregate_calls.h"

#include "model/bitmap.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using Args = std::vector<ExpressionPtr>;

/// A member's value as JSON text; what JSON_OBJECT and JSON_ARRAY make is JSON already.
ExpressionPtr AsJson(ExpressionPtr value) {
  bool json = value->kind == ExpressionKind::kCall &&
              (value->function == "JSON_OBJECT" || value->function == "JSON_ARRAY");
  if (json) return value;
  DataType type = DataType::String().WithNullable(value->type.nullable());
  return Expression::Call(type, "JSON_STRING", {std::move(value)});
}

Result<std::string> JsonAggregate(const std::string& name, const ExpressionAst& call, Args& args) {
  bool object = name == "JSON_OBJECTAGG";
  if (args.size() != (object ? 2 : 1)) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: {}", name, args.size());
  }
  if (object && !args[0]->type.IsCharacter()) {
    return InvalidArgument("SQL-1006 the KEY of JSON_OBJECTAGG must be a character string, not {}",
                           args[0]->type.Nullable().ToString());
  }
  args.back() = AsJson(std::move(args.back()));
  auto clause = call.clauses.find("ON NULL");
  std::string on_null = object ? "NULL" : "ABSENT";
  if (clause != call.clauses.end()) on_null = clause->second;
  return name + "_" + on_null + "_ON_NULL";
}

bool IsShare(const Expression& e) { return e.type.IsNumeric() && !e.type.nullable(); }

/// Whether a literal share is outside of 0 to 1, which the planner already sees.
bool IsOutOfRange(const Expression& e) {
  if (e.kind != ExpressionKind::kLiteral) return false;
  double value = 0;
  if (const auto* integer = std::get_if<int64_t>(&e.value.data)) {
    value = static_cast<double>(*integer);
  } else if (const auto* decimal = std::get_if<model::Int128>(&e.value.data)) {
    value = static_cast<double>(*decimal);
  } else if (const auto* floating = std::get_if<double>(&e.value.data)) {
    value = *floating;
  }
  if (e.type.Is(TypeRoot::kDecimal)) {
    for (int i = 0; i < e.type.scale(); ++i) value /= 10;
  }
  return value < 0 || value > 1;
}

Status CheckPercentile(const Args& args) {
  if (args.size() != 2 && args.size() != 3) {
    return InvalidArgument("SQL-1007 wrong number of arguments for PERCENTILE: {}", args.size());
  }
  const Expression& share = *args[1];
  bool many = share.type.Is(TypeRoot::kArray);
  bool fits = args[0]->type.IsNumeric();
  if (many) {
    const DataType& element = share.type.children()[0];
    fits = fits && element.IsNumeric() && !element.nullable() && !share.type.nullable();
    for (const ExpressionPtr& item : share.args) fits = fits && !IsOutOfRange(*item);
  } else {
    fits = fits && IsShare(share) && !IsOutOfRange(share);
  }
  if (args.size() == 3) fits = fits && args[2]->type.IsInteger();
  if (fits) return Status::Ok();
  return InvalidArgument(
      "SQL-1006 PERCENTILE takes a number, a percentage between 0 and 1 (or an ARRAY of them) that "
      "is NOT NULL, and an integer");
}

Result<std::string> Percentile(Args& args) {
  RETURN_IF_ERROR(CheckPercentile(args));
  DataType share = DataType::Double().NotNull();
  if (args[1]->type.Is(TypeRoot::kArray)) share = DataType::Array(share).NotNull();
  args[1] = CastTo(args[1], share);
  return std::string("PERCENTILE");
}

Status PrepareBitmap(const std::string& name, Args& args) {
  if (args.size() != 1) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: {}", name, args.size());
  }
  const DataType& type = args[0]->type;
  bool builds = name.starts_with("BITMAP_BUILD");
  bool is_integer = type.IsInteger() && !type.Is(TypeRoot::kBigint);
  if (builds ? !is_integer : !model::IsBitmap(type)) {
    return InvalidArgument("SQL-1006 {} takes {}, not {}", name, builds ? "an INT" : "a BITMAP",
                           type.Nullable().ToString());
  }
  if (builds) args[0] = CastTo(args[0], DataType::Int());
  return Status::Ok();
}

}  // namespace

Result<std::string> PrepareAggregate(const std::string& name, const ExpressionAst& call,
                                     std::vector<ExpressionPtr>& args) {
  if (name == "JSON_OBJECTAGG" || name == "JSON_ARRAYAGG") return JsonAggregate(name, call, args);
  if (name == "PERCENTILE") return Percentile(args);
  if (name.starts_with("BITMAP_")) RETURN_IF_ERROR(PrepareBitmap(name, args));
  if (name == "$SUM0") return std::string("SUM0");
  return name;
}

bool CountsDistinct(const ExpressionAst& call, const std::string& name) {
  return call.distinct && name != "MIN" && name != "MAX";
}

}  // namespace forebay::sql
