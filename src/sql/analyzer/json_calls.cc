// JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_OBJECT and JSON_ARRAY with their clauses.

#include "sql/analyzer/expression_analyzer.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;
using model::Value;
using Args = std::vector<ExpressionPtr>;

std::string ClauseOf(const ExpressionAst& ast, const std::string& clause) {
  auto found = ast.clauses.find(clause);
  return found == ast.clauses.end() ? std::string() : found->second;
}

ExpressionPtr Text(const std::string& text) {
  return Expression::Literal(DataType::Char(static_cast<int>(text.size())).NotNull(), Value(text));
}

// What JSON_VALUE or JSON_QUERY answers on empty or on error, as text; NULL when the clause says
// ERROR.
Result<ExpressionPtr> JsonFallback(const std::string& name, const std::string& behavior,
                                   const ExpressionPtr& default_value) {
  if (default_value != nullptr) return CastTo(default_value, DataType::String());
  if (behavior == "EMPTY ARRAY") return Text("[]");
  if (behavior == "EMPTY OBJECT") return Text("{}");
  if (behavior.empty() || behavior == "NULL" || behavior == "ERROR") {
    return Expression::Literal(DataType::String(), Value());
  }
  return NotSupported("SQL-1020 {} with {} is not supported", name, behavior);
}

// JSON_EXISTS(text, path, what to answer on error).
Result<ExpressionPtr> JsonExists(const ExpressionAst& ast, Args args) {
  std::string behavior = ClauseOf(ast, "ON ERROR");
  args.push_back(Text(behavior.empty() ? "FALSE" : behavior));
  return Expression::Call(DataType::Boolean(), "JSON_EXISTS", std::move(args));
}

// JSON_VALUE and JSON_QUERY(text, path, on empty, on error, which of EMPTY and ERROR end the query,
// wrapper).
Result<ExpressionPtr> JsonLookup(const std::string& name, const ExpressionAst& ast, Args args) {
  DataType type = ast.type.Is(TypeRoot::kNull) ? DataType::String() : ast.type.Nullable();
  bool scalar = type.IsNumeric() || type.IsCharacter() || type.Is(TypeRoot::kBoolean);
  bool array = type.Is(TypeRoot::kArray) && type.children()[0].IsCharacter();
  if (name == "JSON_QUERY" ? !type.IsCharacter() && !array : !scalar) {
    return NotSupported("SQL-1020 {} RETURNING {} is not supported", name, type.ToString());
  }
  ExpressionPtr defaults[2];
  for (size_t i = 2; i < ast.args.size(); ++i) {
    defaults[ast.args[i]->text == "DEFAULT ON EMPTY" ? 0 : 1] = args[i];
  }
  args.resize(2);
  std::string fails;
  for (int i = 0; i < 2; ++i) {
    std::string behavior = ClauseOf(ast, i == 0 ? "ON EMPTY" : "ON ERROR");
    if (behavior == "ERROR") fails += i == 0 ? "EMPTY " : "ERROR ";
    ASSIGN_OR_RETURN(ExpressionPtr fallback, JsonFallback(name, behavior, defaults[i]));
    args.push_back(std::move(fallback));
  }
  std::string wrapper = ClauseOf(ast, "WRAPPER");
  bool wrap = wrapper.starts_with("WITH") && !wrapper.starts_with("WITHOUT");
  bool conditional = wrap && wrapper.find(" CONDITIONAL") != std::string::npos;
  args.push_back(Text(fails.empty() ? "NONE" : fails));
  args.push_back(Text(conditional ? "CONDITIONAL" : wrap ? "ALWAYS" : "NEVER"));
  if (array) return Expression::Call(type, name, std::move(args));
  ExpressionPtr call = Expression::Call(DataType::String(), name, std::move(args));
  return CastTo(std::move(call), type);
}

}  // namespace

Result<ExpressionPtr> JsonCall(const std::string& name, const ExpressionAst& ast,
                               std::vector<ExpressionPtr> args) {
  if (name == "JSON_EXISTS") return JsonExists(ast, std::move(args));
  if (name == "JSON_VALUE" || name == "JSON_QUERY") return JsonLookup(name, ast, std::move(args));
  // JSON_OBJECT keeps NULLs unless told not to, JSON_ARRAY leaves them out unless told otherwise.
  std::string on_null = ClauseOf(ast, "ON NULL");
  if (on_null.empty()) on_null = name == "JSON_OBJECT" ? "NULL" : "ABSENT";
  std::string nested;
  for (const ExpressionPtr& arg : args) {
    bool json = arg->kind == ExpressionKind::kCall && arg->function.starts_with("JSON_") &&
                (arg->function == "JSON_OBJECT" || arg->function == "JSON_ARRAY");
    json = json || (arg->kind == ExpressionKind::kCall && arg->function == "JSON");
    nested += json ? 'j' : 'v';
  }
  args.insert(args.begin(), Text(on_null + " " + nested));
  return Expression::Call(DataType::String().NotNull(), name, std::move(args));
}

}  // namespace forebay::sql
