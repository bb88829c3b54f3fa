// TO_CHANGELOG and FROM_CHANGELOG in FROM.

#include <algorithm>
#include <array>
#include <set>

#include "base/ascii_case.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/diagnostic.h"

namespace forebay::sql {
namespace {

using model::ChangeType;
using model::DataType;

constexpr const char* kDefaultOp = "op";

struct ChangeName {
  std::string_view text;
  ChangeType change;
};
constexpr std::array<ChangeName, 4> kChangeNames = {{{"INSERT", ChangeType::kInsert},
                                                     {"UPDATE_BEFORE", ChangeType::kUpdateBefore},
                                                     {"UPDATE_AFTER", ChangeType::kUpdateAfter},
                                                     {"DELETE", ChangeType::kDelete}}};

std::string Trimmed(const std::string& text) {
  size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(Trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

/// What both functions take, by Flink's names.
struct Arguments {
  const ExpressionAst* input = nullptr;
  const ExpressionAst* op = nullptr;
  const ExpressionAst* mapping = nullptr;
};

bool IsLeftOut(const ExpressionAst& ast) {
  return ast.kind == ExpressionAstKind::kNull && ast.text == "DEFAULT";
}

Result<Arguments> ArgumentsOf(const ExpressionAst& call) {
  static constexpr std::array<std::string_view, 4> kNames = {"INPUT", "OP", "OP_MAPPING", "UID"};
  std::array<const ExpressionAst*, 4> values = {};
  for (size_t i = 0; i < call.args.size(); ++i) {
    const ExpressionAst* value = call.args[i].get();
    size_t place = i;
    if (value->kind == ExpressionAstKind::kNamedArgument) {
      auto name = std::find(kNames.begin(), kNames.end(), UpperAscii(value->text));
      place = static_cast<size_t>(name - kNames.begin());
      value = value->args[0].get();
    }
    if (place >= kNames.size() || values[place] != nullptr) {
      return ErrorAt(
          InvalidArgument("SQL-1007 {} takes input => TABLE name, op => DESCRIPTOR(name) "
                          "and op_mapping => MAP[...], each once",
                          UpperAscii(call.text)),
          call.args[i]->range.position);
    }
    values[place] = value;
  }
  Arguments arguments{values[0], values[1], values[2]};
  if (arguments.op != nullptr && IsLeftOut(*arguments.op)) arguments.op = nullptr;
  if (arguments.mapping != nullptr && IsLeftOut(*arguments.mapping)) arguments.mapping = nullptr;
  bool has_table =
      arguments.input != nullptr && (arguments.input->kind == ExpressionAstKind::kTableArgument ||
                                     arguments.input->kind == ExpressionAstKind::kSubquery);
  if (has_table) return arguments;
  return ErrorAt(InvalidArgument("SQL-1007 the first argument of {} must be a table: TABLE name",
                                 UpperAscii(call.text)),
                 call.range.position);
}

/// The name of the column of operations.
Result<std::string> OpName(const ExpressionAst* op) {
  if (op == nullptr) return std::string(kDefaultOp);
  bool is_name = op->kind == ExpressionAstKind::kDescriptor && op->args.size() == 1 &&
                 op->args[0]->kind == ExpressionAstKind::kName && op->args[0]->names.size() == 1;
  if (is_name) return op->args[0]->names[0];
  return ErrorAt(InvalidArgument("SQL-1007 the argument op is a DESCRIPTOR of one column"),
                 op->range.position);
}

Result<ChangeType> ChangeOf(const std::string& name, std::set<ChangeType>& seen) {
  auto found = std::find_if(kChangeNames.begin(), kChangeNames.end(),
                            [&](const ChangeName& each) { return each.text == name; });
  if (found == kChangeNames.end()) {
    return InvalidArgument(
        "SQL-1009 op_mapping: there is no change '{}'; there are INSERT, UPDATE_BEFORE, "
        "UPDATE_AFTER and DELETE",
        name);
  }
  if (!seen.insert(found->change).second) {
    Error error = InvalidArgument("SQL-1009 op_mapping names the change '{}' twice", name);
    error.hint = "one entry takes several, separated by commas: MAP['a, b', 'c']";
    return error;
  }
  return found->change;
}

using Codes = std::vector<std::pair<std::string, ChangeType>>;

/// The codes of a MAP literal: to rows its keys are changes, from rows its values.
Result<Codes> CodesOf(const ExpressionAst* mapping, bool to_rows) {
  Codes codes;
  if (mapping == nullptr) {
    for (const ChangeName& each : kChangeNames) codes.emplace_back(each.text, each.change);
    return codes;
  }
  bool is_literal = mapping->kind == ExpressionAstKind::kMap &&
                    std::all_of(mapping->args.begin(), mapping->args.end(), [](const auto& arg) {
                      return arg->kind == ExpressionAstKind::kString;
                    });
  if (!is_literal) {
    return ErrorAt(InvalidArgument("SQL-1007 the argument op_mapping must be a MAP of literals"),
                   mapping->range.position);
  }
  std::set<ChangeType> seen;
  for (size_t i = 0; i + 1 < mapping->args.size(); i += 2) {
    const std::string& value = mapping->args[i + 1]->text;
    Result<ChangeType> change = ChangeType::kInsert;
    if (!to_rows) change = ChangeOf(Trimmed(value), seen);
    for (const std::string& key : SplitAtCommas(mapping->args[i]->text)) {
      if (to_rows) change = ChangeOf(key, seen);
      if (!change.ok()) return ErrorAt(change.error(), mapping->range.position);
      codes.emplace_back(to_rows ? value : key, *change);
    }
  }
  bool retracts = seen.contains(ChangeType::kUpdateBefore);
  if (!to_rows && seen.contains(ChangeType::kUpdateAfter) && !retracts) {
    return ErrorAt(NotSupported("SQL-1020 FROM_CHANGELOG of updates without UPDATE_BEFORE"),
                   mapping->range.position);
  }
  return codes;
}

Status FindOp(ChangelogNode& node, const std::string& op, const ExpressionAst& call) {
  const std::vector<Field>& fields = node.inputs[0]->output;
  auto field = std::find_if(fields.begin(), fields.end(),
                            [&](const Field& each) { return each.name == op; });
  if (field == fields.end()) {
    return ErrorAt(InvalidArgument("SQL-1004 FROM_CHANGELOG: the input has no column '{}'", op),
                   call.range.position);
  }
  if (!field->type.IsCharacter()) {
    return ErrorAt(InvalidArgument("SQL-1006 FROM_CHANGELOG: the column '{}' must be a STRING, it "
                                   "is a {}",
                                   op, field->type.ToString()),
                   call.range.position);
  }
  node.op_column = static_cast<int>(field - fields.begin());
  return Status::Ok();
}

}  // namespace

Result<Relation> QueryAnalyzer::ChangelogFunction(const TableAst& ast) {
  const ExpressionAst& call = *ast.function;
  ASSIGN_OR_RETURN(Arguments arguments, ArgumentsOf(call));
  const ExpressionAst& data = *arguments.input;
  if (data.over != nullptr && !data.over->partition_by.empty()) {
    return ErrorAt(InvalidArgument("SQL-1007 {} takes each row by itself: no PARTITION BY",
                                   UpperAscii(call.text)),
                   data.range.position);
  }
  auto node = std::make_shared<ChangelogNode>();
  node->to_rows = UpperAscii(call.text) == "TO_CHANGELOG";
  ASSIGN_OR_RETURN(std::string op, OpName(arguments.op));
  ASSIGN_OR_RETURN(node->codes, CodesOf(arguments.mapping, node->to_rows));
  TableAst table;
  table.name.parts = data.names;
  table.name.range = data.range;
  table.range = data.range;
  table.query = data.query;
  if (table.query != nullptr) table.kind = TableAstKind::kSubquery;
  ASSIGN_OR_RETURN(Relation input, From(table));
  node->inputs = {input.plan};
  if (node->to_rows) {
    node->output.push_back({op, DataType::String()});
    for (const Field& field : input.plan->output) {
      if (field.name != op) continue;
      return ErrorAt(InvalidArgument("SQL-1014 TO_CHANGELOG: the input has a column '{}', too", op),
                     call.range.position);
    }
  } else {
    RETURN_IF_ERROR(FindOp(*node, op, call));
  }
  for (size_t i = 0; i < input.plan->output.size(); ++i) {
    if (static_cast<int>(i) == node->op_column) continue;
    const Field& field = input.plan->output[i];
    node->output.push_back({field.name, field.type});
  }
  if (!options_.streaming) {
    return ErrorAt(NotSupported("SQL-1020 {} in batch mode", UpperAscii(call.text)),
                   call.range.position);
  }
  return Renamed(MakeRelation(node, ast.alias), ast);
}

bool IsChangelogFunction(const ExpressionAst& call) {
  if (call.kind != ExpressionAstKind::kCall) return false;
  std::string name = UpperAscii(call.text);
  return name == "TO_CHANGELOG" || name == "FROM_CHANGELOG";
}

}  // namespace forebay::sql
