// UNNEST in FROM: Flink's lateral join with the elements of a collection.

#include <numeric>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/diagnostic.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::TypeRoot;

/// What one element of a collection gives, under Flink's names.
Result<std::vector<Field>> ElementFields(const DataType& type) {
  if (type.Is(TypeRoot::kMap)) {
    return std::vector<Field>{{"KEY", type.children()[0]}, {"VALUE", type.children()[1]}};
  }
  if (!type.Is(TypeRoot::kArray) && !type.Is(TypeRoot::kMultiset)) {
    return InvalidArgument("SQL-1006 UNNEST takes an ARRAY, MAP or MULTISET, not {}",
                           type.Nullable().ToString());
  }
  const DataType& element = type.children()[0];
  if (!element.Is(TypeRoot::kRow)) return std::vector<Field>{{"EXPR$0", element}};
  std::vector<Field> fields;
  for (const model::RowField& field : element.fields()) {
    DataType of = element.nullable() ? field.type.Nullable() : field.type;
    fields.push_back({field.name, of});
  }
  return fields;
}

Status Rename(const TableAst& ast, const DataType& collection, std::vector<Field>& fields) {
  if (!ast.column_aliases.empty()) {
    if (ast.column_aliases.size() != fields.size()) {
      return InvalidArgument("SQL-1012 '{}' names {} columns, UNNEST gives {}", ast.alias,
                             ast.column_aliases.size(), fields.size());
    }
    for (size_t i = 0; i < fields.size(); ++i) fields[i].name = ast.column_aliases[i];
    return Status::Ok();
  }
  bool scalar = !collection.Is(TypeRoot::kMap) && !collection.children()[0].Is(TypeRoot::kRow);
  // A table of one plain column lends it its own name.
  if (scalar && !ast.with_ordinality && !ast.alias.empty()) fields[0].name = ast.alias;
  return Status::Ok();
}

}  // namespace

Relation OneRow() {
  auto values = std::make_shared<ValuesNode>();
  values->rows.emplace_back();
  Relation relation;
  relation.plan = values;
  return relation;
}

Result<Relation> QueryAnalyzer::Unnest(const Relation& left, const TableAst& ast,
                                       JoinAstKind join) {
  Scope scope = left.scope;
  scope.outer = outer_scope_;
  scope.functions = &functions_;
  ExpressionAnalyzer analyzer(scope);
  auto node = std::make_shared<UnnestNode>();
  if (ast.kind == TableAstKind::kFunction) {
    ASSIGN_OR_RETURN(node->collection, analyzer.AnalyzeTableCall(*ast.function));
  } else {
    ASSIGN_OR_RETURN(node->collection, analyzer.Analyze(*ast.function));
  }
  const DataType& type = node->collection->type;
  auto fields = ElementFields(type);
  if (!fields.ok()) return ErrorAt(fields.status().error(), ast.function->range.position);
  if (ast.with_ordinality) fields->push_back({"ORDINALITY", DataType::Int().NotNull()});
  Status renamed = Rename(ast, type, *fields);
  if (!renamed.ok()) return ErrorAt(renamed.error(), ast.range.position);
  node->left_outer = join == JoinAstKind::kLeft;
  node->with_ordinality = ast.with_ordinality;
  node->output = left.plan->output;
  node->kept.resize(left.plan->output.size());
  std::iota(node->kept.begin(), node->kept.end(), 0);
  Relation both = left;
  for (Field& field : *fields) {
    if (node->left_outer) field.type = field.type.Nullable();
    node->produced.push_back(static_cast<int>(node->produced.size()));
    node->output.push_back(field);
    both.scope.columns.push_back({ast.alias, field});
  }
  node->inputs = {left.plan};
  both.plan = node;
  return both;
}

Result<bool> QueryAnalyzer::IsTableFunction(const ExpressionAst& call) const {
  if (call.kind != ExpressionAstKind::kCall) return false;
  ASSIGN_OR_RETURN(auto function, functions_.FindAny(call.text));
  return function && function->kind == FunctionKind::kTable;
}

Result<Relation> QueryAnalyzer::JoinUnnest(const TableAst& ast, const Relation& left) {
  const TableAst& right = *ast.right;
  bool plain = !ast.natural && ast.using_columns.empty();
  if (!plain || ast.join == JoinAstKind::kRight || ast.join == JoinAstKind::kFull) {
    return ErrorAt(NotSupported("SQL-1020 UNNEST is joined by CROSS JOIN, or INNER or LEFT JOIN "
                                "with ON"),
                   right.range.position);
  }
  auto unnested = Unnest(left, right, ast.join);
  if (!unnested.ok()) return ErrorAt(unnested.error(), right.range.position);
  if (ast.condition == nullptr) return unnested;
  unnested->scope.functions = &functions_;
  ExpressionAnalyzer analyzer(unnested->scope);
  ASSIGN_OR_RETURN(ExpressionPtr condition, analyzer.AnalyzeCondition(*ast.condition));
  const bool* always = std::get_if<bool>(&condition->value.data);
  if (condition->kind == ExpressionKind::kLiteral && always != nullptr && *always) return unnested;
  if (ast.join == JoinAstKind::kLeft) {
    auto node = std::make_shared<UnnestNode>(static_cast<const UnnestNode&>(*unnested->plan));
    node->condition = std::move(condition);
    unnested->plan = std::move(node);
    return unnested;
  }
  unnested->plan = MakeFilter(unnested->plan, condition);
  return unnested;
}

}  // namespace forebay::sql
